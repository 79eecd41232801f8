"""What could not be read: `sesauditd quarantine list`, `show` and `retry`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.looking import looked
from sesauditd.cli.options import JsonOption, SinceOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sesauditd.bootstrap.looking import Look
    from sesauditd.bootstrap.retrying import Retried
    from sesauditd.report.figures import Quarantined
    from sesauditd.store.quarantined import Kept

NAME_SHOWN = 12
TEXT_SHOWN = 160
BODY_SHOWN = 4000
MOST_LISTED = 10_000


def register(app: typer.Typer) -> None:
    """Add the group `quarantine`."""
    group = typer.Typer(
        help="Look at what could not be read, and read it again.",
        epilog=examples("sesauditd quarantine list", "sesauditd quarantine retry"),
    )
    group.command(
        "list",
        epilog=examples("sesauditd quarantine list", "sesauditd quarantine list --since 7d --json"),
    )(list_)
    group.command("show", epilog=examples("sesauditd quarantine show 3f2a90c41b77"))(show)
    group.command(
        "retry",
        epilog=examples(
            "sesauditd quarantine retry", "sesauditd quarantine retry 3f2a90c41b77 --vouch"
        ),
    )(retry)
    app.add_typer(group, name="quarantine", rich_help_panel=Heading.RECORDING)


def list_(
    context: typer.Context,
    *,
    since: SinceOption = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_LISTED, help="At most so many, the newest first.")
    ] = 50,
    as_json: JsonOption = False,
) -> None:
    """List what could not be read or was not believed, and why."""
    found = looked(context, lambda look: _listed(look, limit, since))
    if as_json:
        rows = [
            {
                "sha256": one.sha256,
                "received_at": one.received_at,
                "reason": one.reason,
                "archive_object": one.source,
                "line": one.line,
            }
            for one in found
        ]
        output.emit_json({"quarantine": rows})
        return
    from sesauditd.report.plain import minute, shortened

    output.table(
        ("Message", "Received (UTC)", "Why"),
        [
            (
                one.sha256.hex()[:NAME_SHOWN],
                minute(one.received_at),
                shortened(one.reason, TEXT_SHOWN),
            )
            for one in found
        ],
        empty="Quarantine is empty.",
    )
    if found:
        output.note("Look at one: sesauditd quarantine show MESSAGE")


def show(
    context: typer.Context,
    message: Annotated[str, typer.Argument(help="Its sha256, or the beginning of it.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Show one message: why it is here, where its archived line is, and what it says."""
    found = looked(context, lambda look: _named(look, message))
    body = found.body.decode("utf-8", errors="replace")
    if as_json:
        output.emit_json(
            {
                "sha256": found.sha256,
                "received_at": found.received_at,
                "reason": found.reason,
                "archive_object": found.source,
                "line": found.line,
                "body": body,
            }
        )
        return
    from sesauditd.report.plain import minute

    output.say(f"Message   {found.sha256.hex()}")
    output.say(f"Received  {minute(found.received_at)} UTC")
    output.say(f"Why       {found.reason}")
    output.say(f"Archived  line {found.line} of {found.source}")
    output.say("Says")
    # Behind a bar, so that no line of a stranger can pass for one of ours.
    for line in body[:BODY_SHOWN].splitlines() or [""]:
        output.say(f"  | {line}")
    if len(body) > BODY_SHOWN:
        output.note(f"{len(body) - BODY_SHOWN} more characters: see --json")


def retry(
    context: typer.Context,
    message: Annotated[
        str | None, typer.Argument(help="One message; else everything that is not unverified.")
    ] = None,
    *,
    vouch: Annotated[
        bool, typer.Option("--vouch", help="Believe unverified messages: you know who sent them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read again what could not be read, with what this version can read.

    What follows is only proposed. What is recorded leaves quarantine.
    """
    found = finished(_retried(context, message, vouch=vouch))
    if as_json:
        output.emit_json(found)
        return
    output.say(
        f"{found.read} read again: {found.recorded} recorded, {found.ignored} meant nothing, "
        f"{found.left} still in quarantine."
    )


async def _listed(look: Look, limit: int, since: datetime | None) -> Sequence[Quarantined]:
    from sesauditd.store.reports import observed

    return await observed.quarantined_page(look.connection, limit=limit, since=since)


async def _named(look: Look, message: str) -> Kept:
    from sesauditd.store import quarantined

    return await quarantined.named(look.connection, message)


async def _retried(context: typer.Context, message: str | None, *, vouch: bool) -> Retried:
    from sesauditd import bootstrap
    from sesauditd.bootstrap import retrying

    async with bootstrap.application(settings_of(context)) as application:
        with output.progress(None, "Reading again") as advance:
            return await retrying.retry(application, message, vouch=vouch, told=advance)
