"""`sesauditd test`: the closed loop, from a domain's own login to the row about its mail."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.doctor import ServerOption, server_at
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.owners import text_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Failed, Refused

if TYPE_CHECKING:
    from sesauditd.bootstrap.trial import Tried, Wanted
    from sesauditd.onboard.loop import Trace
    from sesauditd.onboard.submission import Login

USER, PASSWORD = "SMTP_USER", "SMTP_PASSWORD"
NO_DAEMON = 4
WAIT_SECONDS = 60.0

UserOption = Annotated[
    str | None, typer.Option(help=f"The site's SMTP user; else ${USER}, else it is asked for.")
]
PasswordOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help=f"Holds its SMTP password; else ${PASSWORD}, else it is asked for."
    ),
]
VirusOption = Annotated[
    bool, typer.Option("--virus", help="Send EICAR's harmless file, too; SES bills it.")
]
WaitOption = Annotated[
    float, typer.Option(min=1, metavar="SECONDS", help="How long to wait for the events.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "test",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples(
            "sesauditd test shop.example",
            "sesauditd test shop.example --user AKIA... --password-file ./password --virus",
        ),
    )(try_out)


def try_out(
    context: typer.Context,
    domain: Annotated[str, typer.Argument(help="A domain that is registered.")],
    *,
    user: UserOption = None,
    password_file: PasswordOption = None,
    server: ServerOption = None,
    virus: VirusOption = False,
    wait: WaitOption = WAIT_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Send mail to AWS's simulator as the domain's site does, and follow it to its rows.

    Nobody else gets mail, and nothing of it counts. Red, it names the link that is broken.
    """
    from sesauditd.bootstrap.trial import Wanted, check_daemon
    from sesauditd.model.addresses import registrable
    from sesauditd.onboard.loop import PROBES, VIRUS

    settings, name, place = settings_of(context), registrable(domain), server_at(server)
    if not finished(check_daemon(settings, name)):
        _no_daemon()
    wanted = Wanted(
        domain=name,
        login=_login(name, user, password_file),
        probes=(*PROBES, VIRUS) if virus else PROBES,
        server=place,
        wait_seconds=wait,
    )
    found = finished(_tried(context, wanted))
    if not found.daemon_lives:
        _no_daemon()
    if as_json:
        output.emit_json(document(name, found))
    else:
        _show(name, found)
    if found.broken is not None:
        raise typer.Exit(Failed.exit_code)


def document(domain: str, found: Tried) -> dict[str, object]:
    """Return what became of the probes as scripts read it; times in seconds."""
    return {
        "domain": domain,
        "closed": found.broken is None,
        "broken": found.broken,
        "probes": [
            {
                "name": one.probe.name,
                "recipient": one.recipient,
                "message_id": one.message_id,
                "expects": one.probe.expects,
                "recorded": sorted(one.kinds),
                "accepted_seconds": one.answer and one.answer.seconds,
                "recorded_seconds": one.recorded_seconds,
                "problem": one.problem or None,
            }
            for one in found.traces
        ],
    }


async def _tried(context: typer.Context, wanted: Wanted) -> Tried:
    from sesauditd import bootstrap
    from sesauditd.bootstrap.trial import trial

    settings = settings_of(context)
    with output.progress(2 * len(wanted.probes), "Sent and recorded") as advance:
        return await trial(settings, wanted, clock=bootstrap.now, on_step=lambda: advance(1))


def _login(domain: str, user: str | None, file: Path | None) -> Login:
    """Return the login from options, environment or a person; a password is never an argument."""
    from sesauditd.onboard.submission import Login

    name = user or os.environ.get(USER) or _asked(f"SMTP user of {domain}", "--user", hidden=False)
    password = text_of(file).strip() if file is not None else os.environ.get(PASSWORD)
    return Login(
        user=name.strip(),
        password=password or _asked(f"SMTP password of {name}", "--password-file", hidden=True),
    )


def _asked(what: str, option: str, *, hidden: bool) -> str:
    if not sys.stdin.isatty():
        raise Refused(f"{what}: give {option}, or ${PASSWORD if hidden else USER}")
    return str(typer.prompt(what, hide_input=hidden, err=True))


def _no_daemon() -> None:
    output.note("No daemon runs, so nothing would be recorded: start `sesauditd run` first.")
    raise typer.Exit(NO_DAEMON)


def _show(domain: str, found: Tried) -> None:
    output.table(
        ("Probe", "SES took it in", "Has to come back", "Recorded after", ""),
        [_row(one) for one in found.traces],
        title=f"Mail of {domain} to AWS's simulator",
    )
    output.say("")
    if found.broken is None:
        output.say("The loop is closed: everything that happens to its mail is recorded.")
    else:
        output.say(f"BROKEN: {found.broken}")


def _row(one: Trace) -> tuple[str, str | None, str, str | None, str]:
    taken = None if one.answer is None or not one.is_taken else f"{one.answer.seconds:.2f} s"
    recorded = None if one.recorded_seconds is None else f"{one.recorded_seconds:.2f} s"
    state = "ok" if one.is_recorded else one.problem or "not recorded"
    return one.probe.name, taken, one.probe.expects, recorded, state
