"""`sesauditd status`: the one screen of the morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sesauditd.cli import output
from sesauditd.cli.listings import ACTION_COLUMNS, NO_CUSTOMERS, action_cells, state_of
from sesauditd.cli.options import JsonOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.report.figures import StoredAction
    from sesauditd.report.pages import Status
    from sesauditd.store.rebuilt import Rebuilt

ACTIONS_SHOWN = 20
VERDICTS_SHOWN = 10
TEXT_SHOWN = 160
MODES = {
    "enforce": "enforce: verdicts are carried out",
    "shadow": "shadow: nothing is done to anybody until sesauditd arm",
    "off": "off: nothing is judged",
}
APPROVABLE = frozenset({"waiting", "proposed"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "status",
        rich_help_panel=Heading.LOOKING,
        epilog=examples("sesauditd status", "sesauditd status --json"),
    )(status)


def status(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show what waits for you, who is stopped, and how all behave."""
    found, remade = finished(_status(context))
    from sesauditd.report.status_document import status_document

    if as_json:
        output.emit_json({**status_document(found), "rebuilt": remade})
        return
    for line in _overview(found):
        output.say(line)
    if remade is not None:
        output.say(f"Rebuilt       {_remade(remade)}")
    _troubles(found)
    _actions(found)
    _shadow(found)
    _domains(found)
    _customers(found)


async def _status(context: typer.Context) -> tuple[Status, Rebuilt | None]:
    from sesauditd import bootstrap
    from sesauditd.store import rebuilt
    from sesauditd.store.reports import pages

    settings = settings_of(context)
    async with (
        bootstrap.application(settings) as application,
        application.database.read() as connection,
    ):
        found = await pages.status(
            connection,
            application.policies,
            lambda customer: str(settings.policy.mode_of(customer)),
            application.clock(),
        )
        return found, await rebuilt.standing(connection)


def _remade(found: Rebuilt) -> str:
    from sesauditd.report.plain import minute, number

    said = f"{minute(found.at)} UTC; "
    if found.reconciled_at is None:
        return f"{said}nothing is enforced before the daemon has compared all with AWS"
    compared = f"{number(found.compared)} compared with AWS at {minute(found.reconciled_at)} UTC"
    return f"{said}{compared}, {number(found.mended)} looked at again"


def _overview(found: Status) -> Iterator[str]:
    from sesauditd.report.plain import minute, number

    overview = found.overview
    newest = overview.newest_event_at
    last = f"{minute(newest)} UTC" if newest else "none yet: sesauditd replay FILE"
    yield f"Mode          {MODES.get(found.mode, found.mode)}"
    yield f"Daemon        {_daemon(found)}"
    yield from _watched(found)
    yield f"Newest event  {last}"
    yield f"Judged up to  {overview.last_judged_week or 'no week yet: sesauditd enforce'}"
    yield f"Journal       {number(overview.journal_length)} entries"
    kept = f"{number(overview.quarantined)} could not be read: sesauditd events --quarantined"
    yield f"Quarantine    {kept if overview.quarantined else 'empty'}"
    nobodys = f"{number(overview.unattributed)} of no registered domain: "
    shown = f"{nobodys}sesauditd events --unattributed"
    yield f"Unattributed  {shown if overview.unattributed else 'none'}"


def _watched(found: Status) -> Iterator[str]:
    """Yield how messages come in, and AWS's own rates beside ours."""
    from sesauditd.report.plain import shortened
    from sesauditd.report.reputation import status_lines

    daemon = found.daemon
    intake, canary = daemon.intake or {}, daemon.canary or {}
    if daemon.alive and intake.get("paused"):
        why = shortened(str(intake["paused"]), TEXT_SHOWN)
        yield f"Intake        PAUSED since {intake.get('since')}: {why}"
    if canary:
        yield f"Canary        {canary.get('said')}"
    for name, text in status_lines(daemon.reputation):
        yield f"{name:<12}  {text}"


def _daemon(found: Status) -> str:
    from sesauditd.report.plain import minute, number

    daemon = found.daemon
    if daemon.alive:
        heard = daemon.last_message_at
        said = f"running, heard from the queue at {minute(heard)} UTC" if heard else "running"
    else:
        said = "not running: sesauditd run"
    notices = "1 notice" if daemon.unsent == 1 else f"{number(daemon.unsent)} notices"
    return f"{said}; {notices} did not surely arrive" if daemon.unsent else said


def _troubles(found: Status) -> None:
    if not found.daemon.troubles:
        return
    _title("Trouble")
    output.table(
        ("What", "Since", "What to do"),
        [(one.name, one.since, one.summary) for one in found.daemon.troubles],
    )


def _actions(found: Status) -> None:
    weighty = [one for one in found.pending if one.kind != "block_recipient"]
    blocks = len(found.pending) - len(weighty)
    if not found.pending:
        return
    counted = ", ".join(f"{count} {state}" for state, count in found.overview.pending.items())
    _title(f"Actions that are not done: {counted}")
    if weighty:
        output.table(ACTION_COLUMNS, [_cells(one) for one in weighty[:ACTIONS_SHOWN]])
    more = len(weighty) - ACTIONS_SHOWN
    if more > 0:
        output.say(f"... and {more} more.")
    if blocks:
        output.say(f"{blocks} of them are blocks of one recipient.")
    approvable = next((one for one in weighty if one.state in APPROVABLE), None)
    approvable = approvable or next((one for one in found.pending if one.state in APPROVABLE), None)
    if approvable is not None:
        output.say(f"Approve with: sesauditd actions approve {approvable.id}")


def _cells(action: StoredAction) -> list[str]:
    from sesauditd.report.plain import shortened

    return [shortened(cell, TEXT_SHOWN) for cell in action_cells(action)]


def _shadow(found: Status) -> None:
    if not found.shown_only:
        return
    from sesauditd.report.plain import shortened

    weighty = [one for one in found.shown_only if one.does != "block_recipient"]
    blocks = len(found.shown_only) - len(weighty)
    also = f", and {len(weighty)} harder" if weighty else ""
    _title(f"Would have been done in the last 30 days: {blocks} blocks{also}")
    if weighty:
        output.table(
            ("Rule", "Domain", "Why"),
            [
                (one.rule, shortened(one.domain, TEXT_SHOWN), shortened(one.reason, TEXT_SHOWN))
                for one in weighty[:VERDICTS_SHOWN]
            ],
        )


def _domains(found: Status) -> None:
    if not found.domains:
        return
    _title("Domains to look at")
    output.table(
        ("Domain", "Customer", "State"),
        [(one.name, one.customer, state_of(one)) for one in found.domains],
    )


def _customers(found: Status) -> None:
    from sesauditd.report.account_text import shared

    _title("Customers, by the last 90 days, with their share of the account's")
    output.table(
        ("Customer", "Grade", "Score", "Mode", "Domains", "Mailed", "Hard bounces", "Complaints"),
        [
            (
                one.customer,
                one.score.grade if one.score else None,
                one.score.value if one.score else None,
                one.mode,
                one.domains,
                one.mailed,
                shared(found.parts[one.customer].bounces),
                shared(found.parts[one.customer].complaints),
            )
            for one in found.customers
        ],
        empty=NO_CUSTOMERS,
    )


def _title(text: str) -> None:
    output.say("")
    output.say(text)
