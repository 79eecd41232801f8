"""A small AWS on this machine: `sesauditd sandbox`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sesauditd.cli import options, output
from sesauditd.cli.options import JsonOption
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from sesauditd.sandbox.furnish import Furnished
    from sesauditd.sandbox.mail.world import World
    from sesauditd.sandbox.running import Sandbox

HIGHEST_PORT = 65_535
UPSTREAM_SERVICES = ("sqs", "sns", "s3")
AwsPort = Annotated[int, typer.Option(min=0, max=HIGHEST_PORT, help="Of AWS; 0 takes a free one.")]
SmtpPort = Annotated[
    int, typer.Option(min=0, max=HIGHEST_PORT, help="Of SMTP; 0 takes a free one.")
]
DnsPort = Annotated[int, typer.Option(min=0, max=HIGHEST_PORT, help="Of DNS; 0 takes a free one.")]
UpstreamOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Another emulator that answers SQS, SNS and S3."),
]
WorldOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="How recipients answer mail (TOML).")
]
FurnishOption = Annotated[
    list[str] | None,
    typer.Option(metavar="DOMAIN", help="Set an account up, and let this domain send."),
]
RoleOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="A policy such as docs/iam/consume.json; may be repeated. Nothing else is allowed.",
    ),
]
RateOption = Annotated[
    float | None,
    typer.Option(min=0.1, help="Control calls of SES a second, as AWS bears 1; else any number."),
]
EXTRA = ("moto", "flask", "flask_cors", "aiosmtpd")
"""What the extra brings; the rest comes with these or with the program."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "sandbox",
        rich_help_panel=Heading.LOOKING,
        epilog=examples(
            "sesauditd sandbox --furnish shop.example",
            "sesauditd sandbox --port 4570 --smtp-port 2587 --world world.toml",
        ),
    )(sandbox)


def sandbox(
    *,
    context: typer.Context,
    port: AwsPort = 4570,
    smtp_port: SmtpPort = 2587,
    dns_port: DnsPort = 0,
    bind: Annotated[str, typer.Option(metavar="ADDRESS", help="Where it listens.")] = "127.0.0.1",
    world: WorldOption = None,
    furnish: FurnishOption = None,
    upstream: UpstreamOption = None,
    role: RoleOption = None,
    ses_rate: RateOption = None,
    json: JsonOption = False,
) -> None:
    """Run a small AWS on this machine, to point the daemon or a site at, until Ctrl-C.

    SES, SMTP, SNS, SQS, S3, IAM and Route 53 answer on two local ports, and DNS, which says
    what is in Route 53, on a third. Everything is forgotten at the end; nothing of it reaches
    AWS.
    """
    debug = options.invocation_of(context).debug
    _prepare("debug" if debug else "warning")
    from sesauditd.bootstrap import now
    from sesauditd.sandbox import process
    from sesauditd.sandbox.running import Options

    wanted = Options(
        clock=now,
        host=bind,
        port=port,
        smtp_port=smtp_port,
        dns_port=dns_port,
        world=_world_in(world) if world else None,
        elsewhere=_elsewhere(upstream),
        role=[_policy_in(one) for one in role or ()],
        ses_calls_per_second=ses_rate,
    )
    finished(process.run(wanted, _domains(furnish or ()), _json if json else _show))


def _prepare(level: Literal["debug", "warning"]) -> None:
    from sesauditd import logs

    logs.configure(level=level, form="console")
    _check_installed()


def _domains(given: Sequence[str]) -> list[str]:
    from sesauditd.model.addresses import registrable

    return [registrable(one) for one in given]


def _check_installed() -> None:
    """Raise Refused, saying what to install, if the extra is not there."""
    from importlib.util import find_spec

    missing = next((name for name in EXTRA if find_spec(name) is None), None)
    if missing is not None:
        raise Refused(
            f"the sandbox needs {missing}, which is not installed: "
            "install the extra with `pip install 'sesauditd[sandbox]'`"
        )


def _elsewhere(upstream: str | None) -> dict[str, str]:
    if upstream is None:
        return {}
    if not upstream.startswith(("http://", "https://")):
        raise Refused(f"{upstream} is no URL: give --upstream such as http://127.0.0.1:4566")
    return dict.fromkeys(UPSTREAM_SERVICES, upstream.rstrip("/"))


def _world_in(path: Path) -> World:
    from sesauditd.sandbox.mail.world import from_toml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise Refused(f"cannot read the world {path}: {error}") from None
    return from_toml(text, str(path))


def _policy_in(path: Path) -> str:
    from json import loads

    try:
        text = path.read_text(encoding="utf-8")
        loads(text)
    except (OSError, ValueError) as error:
        raise Refused(f"{path} cannot be read as a policy: {error}") from None
    return text


def _json(running: Sandbox, furnished: Furnished | None) -> None:
    from sesauditd.sandbox import instructions

    output.emit_json(instructions.summary(running, furnished))
    sys.stdout.flush()


def _show(running: Sandbox, furnished: Furnished | None) -> None:
    from sesauditd.sandbox import instructions

    output.table(
        ("what", "where"),
        [
            ("AWS (SES, SNS, SQS, S3, IAM, Route 53, CloudWatch, STS)", running.url),
            ("SMTP", f"{running.host}:{running.smtp_port}"),
            ("DNS (UDP and TCP)", f"{running.host}:{running.dns_port}"),
            ("Region, account", f"{running.region}, {running.account_id}"),
            ("Delivered mail", f"{running.url}/_sandbox/inbox"),
            ("Calls, faults, clock, mailboxes", f"{running.url}/_sandbox/calls and so on"),
        ],
        title="The sandbox runs until Ctrl-C and forgets everything then.",
    )
    _block(
        "For a shell, so that AWS clients find it:",
        [f"export {name}={value}" for name, value in instructions.environment(running).items()],
    )
    if furnished is None:
        output.say("")
        output.say(
            "It is empty. Start it with `--furnish shop.example` to have an account set up and "
            "a domain that may send."
        )
        return
    _block(
        "For a configuration, so that `sesauditd run` watches it:",
        [instructions.configuration(furnished, running)],
    )
    for login in furnished.logins.values():
        given = instructions.login(login, running)
        _block(
            f"For the WordPress of {login.domain}, into its SMTP plugin:",
            [f"{name}: {value}" for name, value in given.items() if name != "domain"],
        )
    _next(next(iter(furnished.logins)))


def _next(domain: str) -> None:
    _block(
        "What to do next:",
        [
            "1. Write the configuration into a file, and add to it where the database is.",
            (
                f"2. sesauditd adopt {domain} --customer shop --contact owner@elsewhere.example "
                f"--iam-user {domain}"
            ),
            "3. sesauditd run",
            (
                "4. Send mail by SMTP. Everybody takes it, until a world says who bounces and who "
                "complains: start with `--world FILE`, or PUT it to /_sandbox/mailboxes."
            ),
        ],
    )


def _block(heading: str, lines: Sequence[str]) -> None:
    output.say("")
    output.say(heading)
    for line in lines:
        for part in line.splitlines():
            output.say(f"  {part}")
