"""`sesauditd status`: the one screen of the morning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from sesauditd.cli import output
from sesauditd.cli.listings import ACTION_COLUMNS, action_cells, state_of
from sesauditd.cli.looking import looked
from sesauditd.cli.options import JsonOption
from sesauditd.cli.sections import Heading, examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.bootstrap.looking import Look
    from sesauditd.report.figures import StoredAction
    from sesauditd.report.pages import Status
    from sesauditd.store.rebuilt import Rebuilt

TASKS_SHOWN = 6
ACTIONS_SHOWN = 5
VERDICTS_SHOWN = 5
DOMAINS_SHOWN = 5
CUSTOMERS_SHOWN = 6
"""In a table; with these all fits 24 lines where little is to be done."""
NAME_SHOWN = 20
TEXT_SHOWN = 160
MODES = {
    "enforce": "enforce: verdicts are carried out",
    "shadow": "shadow: nothing is done to anybody until sesauditd arm",
    "off": "off: nothing is judged",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "status",
        rich_help_panel=Heading.LOOKING,
        epilog=examples("sesauditd status", "sesauditd status --json"),
    )(status)


def status(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show what is wrong or waits for you, and how all behave: the one screen of the morning.

    What is most urgent stands first, each with the command that deals with it.
    """
    shown = None if as_json else CUSTOMERS_SHOWN
    found, remade = looked(context, lambda look: _status(look, shown))
    if as_json:
        from sesauditd.report.status_document import status_document

        output.emit_json({**status_document(found), "rebuilt": remade})
        return
    _tasks(found)
    for line in _overview(found):
        output.say(line)
    if remade is not None:
        output.say(f"Rebuilt       {_remade(remade)}")
    _actions(found)
    _shadow(found)
    _domains(found)
    _customers(found)


async def _status(look: Look, shown: int | None) -> tuple[Status, Rebuilt | None]:
    from sesauditd.store import rebuilt
    from sesauditd.store.reports import pages

    found = await pages.status(
        look.connection,
        look.policies,
        lambda customer: str(look.settings.policy.mode_of(customer)),
        look.now,
        shown=shown,
    )
    return found, await rebuilt.standing(look.connection)


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
    judged = overview.last_judged_week or "no week yet: sesauditd enforce"
    yield f"Judged up to  {judged}; journal: {number(overview.journal_length)} entries"
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


def _tasks(found: Status) -> None:
    from sesauditd.report.morning import Urgency, headline, tasks
    from sesauditd.report.tables import filled

    todo = tasks(found.morning)
    tones = {Urgency.WRONG: "bold red", Urgency.WAITS: "bold yellow"}
    worst = min((one.urgency for one in todo), default=Urgency.TIDY)
    output.headline(headline(todo), tones.get(worst, "bold green"))
    for place, one in enumerate(todo[:TASKS_SHOWN], 1):
        output.say(f"{place:>3}. {filled(one.line, indent=len('  1. ')).lstrip()}")
    more = len(todo) - TASKS_SHOWN
    if more > 0:
        output.say(f"     ... and {more} more: add --json to see all.")
    output.say("")


def _actions(found: Status) -> None:
    from sesauditd.report.morning import BLOCK, approvable

    weighty = [one for one in found.pending if one.kind != BLOCK]
    blocks = len(found.pending) - len(weighty)
    if not found.pending:
        return
    counted = ", ".join(f"{count} {state}" for state, count in found.overview.pending.items())
    _title(f"Actions that are not done: {counted}")
    if weighty:
        output.table(ACTION_COLUMNS, [_cells(one) for one in weighty[:ACTIONS_SHOWN]])
    more = len(weighty) - ACTIONS_SHOWN
    if more > 0:
        output.say(f"... and {more} more: sesauditd actions")
    if blocks:
        output.say(f"{blocks} of them are blocks of one recipient.")
    first = approvable(found.pending)
    if first is not None:
        output.say(f"Approve with: sesauditd actions approve {first.id}")


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
        [(one.name, one.customer, state_of(one)) for one in found.domains[:DOMAINS_SHOWN]],
    )
    more = len(found.domains) - DOMAINS_SHOWN
    if more > 0:
        output.say(f"... and {more} more: sesauditd domains")


def _customers(found: Status) -> None:
    from sesauditd.report.account_text import shared
    from sesauditd.report.plain import shortened, sparkline

    if not found.customers:
        return
    _title("Customers, by the last 90 days, with their share of the account's")
    # Who is treated otherwise than all is told apart; else the column says nothing.
    parts = found.parts
    differ = any(one.mode != found.mode for one in found.customers)
    output.table(
        ("Customer", "Grade", "Weeks", "Mailed", "Bounces", "Complaints", *["Mode"][: int(differ)]),
        [
            (
                shortened(one.customer, NAME_SHOWN),
                f"{one.score.grade} {one.score.value:g}" if one.score else None,
                sparkline(one.weeks),
                one.mailed,
                shared(parts[one.customer].bounces),
                shared(parts[one.customer].complaints),
                *[one.mode][: int(differ)],
            )
            for one in found.customers
        ],
    )
    more = found.present - CUSTOMERS_SHOWN
    if more > 0:
        output.say(f"... and {more} more, who cost the account less: sesauditd report")


def _title(text: str) -> None:
    output.say("")
    output.say(text)
