"""`sesauditd doctor`: looks at everything, says what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Failed, Refused

if TYPE_CHECKING:
    from sesauditd.onboard.credentials import Server
    from sesauditd.onboard.findings import Finding

HIGHEST_PORT = 65_535

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="HOST:PORT",
        help="Where sites log in; else [smtp] of the configuration, else SES's own.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "doctor",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples(
            "sesauditd doctor", "sesauditd doctor shop.example", "sesauditd doctor --json"
        ),
    )(doctor)


def doctor(
    context: typer.Context,
    domains: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DOMAIN...]", help="Else all that are registered."),
    ] = None,
    *,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at AWS, the database and this machine: what is wrong, and what to do.

    Nothing is changed. It ends with 1 if anything is wrong.
    """
    from sesauditd.onboard.findings import is_sound

    found = finished(_examined(context, domains or (), server_at(server)))
    if as_json:
        output.emit_json({"sound": is_sound(found), "findings": [document(one) for one in found]})
    else:
        output.table(("State", "What", "How it is"), [_row(one) for one in found])
    if not is_sound(found):
        raise typer.Exit(Failed.exit_code)


def server_at(text: str | None) -> Server | None:
    """Return the server that an option names, None without one; raises Refused."""
    from sesauditd.onboard.credentials import Server

    if text is None:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= HIGHEST_PORT:
        raise Refused(f"{text!r} is no server: give --server such as 127.0.0.1:2587")
    return Server(host=host, port=int(port))


def document(one: Finding) -> dict[str, object]:
    """Return a finding as scripts read it."""
    return {
        "check": one.check,
        "what": one.what,
        "domain": one.domain,
        "state": one.level,
        "says": one.says,
        "advice": one.advice or None,
        "details": list(one.details),
    }


async def _examined(
    context: typer.Context, given: Sequence[str], server: Server | None
) -> Sequence[Finding]:
    from sesauditd import bootstrap
    from sesauditd.bootstrap.checkup import examine
    from sesauditd.model.addresses import registrable

    settings = settings_of(context)
    named = [registrable(one) for one in given]
    with output.progress(len(named) or None, "Looking at domains") as advance:
        return await examine(
            settings,
            clock=bootstrap.now,
            domains=named,
            server=server,
            on_domain=lambda _name: advance(1),
        )


def _row(one: Finding) -> tuple[str, str, str]:
    from sesauditd.onboard.findings import Level

    state = str(one.level)
    shown = state.upper() if one.level is not Level.OK else state
    return shown, one.what, f"{one.says}. {one.advice}" if one.advice else one.says
