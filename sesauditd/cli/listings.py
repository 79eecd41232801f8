"""Lists of what is stored: customers, domains, blocks, actions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output, proving
from sesauditd.cli.deciding import decide
from sesauditd.cli.looking import looked
from sesauditd.cli.options import JsonOption
from sesauditd.cli.sections import Heading, examples
from sesauditd.model.calendar import WEEK, week_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.bootstrap.looking import Look
    from sesauditd.report.figures import Block, Counted, Customer, Domain, StoredAction

WEEKS_DRAWN = 8
ROWS_SHOWN = 200
"""Rows of a table; the JSON document has all."""
TEXT_SHOWN = 300
"""Characters of one text in a table."""
NO_CUSTOMERS = (
    "No customers yet: sesauditd adopt example.com --customer NAME --contact owner@example.com"
)
ACTION_COLUMNS = ("ID", "Action", "State", "Who and why")
AllOption = Annotated[bool, typer.Option("--all", help="Those that were lifted or are over, too.")]

ClosedOption = Annotated[bool, typer.Option("--all", help="Those that were offboarded, too.")]

VerifyOption = Annotated[
    bool, typer.Option("--verify", help="Find rows that another hand changed; ends with 1.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (customers, domains, blocks):
        name = command.__name__
        app.command(
            name,
            rich_help_panel=Heading.LOOKING,
            epilog=examples(f"sesauditd {name}", f"sesauditd {name} --json"),
        )(command)
    group = typer.Typer(
        invoke_without_command=True,
        epilog=examples(
            "sesauditd actions",
            "sesauditd actions --verify",
            "sesauditd actions approve 0123456789ab",
        ),
    )
    group.callback()(actions)
    group.command("approve", epilog=examples("sesauditd actions approve 0123456789ab"))(approve)
    app.add_typer(group, name="actions", rich_help_panel=Heading.LOOKING)


def customers(
    context: typer.Context, *, everything: ClosedOption = False, as_json: JsonOption = False
) -> None:
    """List the customers and their domains, and how much each mailed in the last eight weeks."""
    all_of_them, weeks = looked(context, _customers)
    found = [one for one in all_of_them if everything or not one.is_closed]
    from sesauditd.report.plain import sparkline
    from sesauditd.report.rows import customer_row

    if as_json:
        rows = [{**customer_row(one), "mailed_by_week": list(weeks[one.name])} for one in found]
        output.emit_json({"customers": rows})
        return
    shown = [
        (one.name, _day(one.since), sparkline(weeks[one.name]), ", ".join(one.domains))
        for one in found
    ]
    _show(("Customer", "Since", "Weeks", "Domains"), shown, empty=NO_CUSTOMERS)


def domains(
    context: typer.Context, *, everything: ClosedOption = False, as_json: JsonOption = False
) -> None:
    """List the domains, and whether each may send."""
    all_of_them = looked(context, _domains)
    found = [one for one in all_of_them if everything or one.closed_at is None]
    from sesauditd.report.rows import domain_row

    if as_json:
        output.emit_json({"domains": [domain_row(one) for one in found]})
        return
    columns = ["Domain", "Customer", "State", "Contact"]
    rows = [[one.name, one.customer, state_of(one), one.contact] for one in found]
    # A user is named after its domain as a rule, and a line has 80 columns.
    if any(one.iam_users not in {(), (one.name,)} for one in found):
        columns.append("IAM users")
        for row, one in zip(rows, found, strict=True):
            row.append(", ".join(one.iam_users))
    _show(columns, rows, empty=NO_CUSTOMERS)


def blocks(
    context: typer.Context, *, everything: AllOption = False, as_json: JsonOption = False
) -> None:
    """List the recipients that are blocked, for whom, and until when."""
    found = looked(context, lambda look: _blocks(look, everything=everything))
    from sesauditd.report.rows import block_row

    if as_json:
        output.emit_json({"blocks": [block_row(one) for one in found]})
        return
    rows = [(one.recipient, one.customer, one.rule, _until(one), one.state) for one in found]
    columns = ("Recipient", "Customer", "Rule", "Until", "State")
    _show(columns, rows, empty="Nobody is blocked.")


def actions(
    context: typer.Context, *, verify: VerifyOption = False, as_json: JsonOption = False
) -> None:
    """List what was asked for, and approve what waits for you.

    With --verify, see whether the journal is whole and every decision stands as it was written.
    """
    if context.invoked_subcommand is not None:
        return
    if verify:
        proving.prove(context, as_json=as_json)
        return
    found = looked(context, _actions)
    from sesauditd.report.rows import action_row

    if as_json:
        output.emit_json({"actions": [action_row(one) for one in found]})
        return
    rows = [action_cells(one) for one in found]
    _show(ACTION_COLUMNS, rows, empty="No actions: nothing was asked for yet.")


def approve(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="As `sesauditd actions` shows it.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Let an action go ahead that waits for an operator or was only proposed."""
    decide(context, lambda taken: taken.approve(name.strip()), as_json=as_json)


def state_of(domain: Domain) -> str:
    """Return whether a domain may send, and what its onboarding waits for."""
    return f"{domain.state}, waits for {domain.waits_for}" if domain.waits_for else domain.state


def action_cells(action: StoredAction) -> tuple[str, str, str, str]:
    """Return the cells of an action in a table, under `ACTION_COLUMNS`."""
    of = "" if action.subject == action.customer else f" ({action.customer})"
    told = action.outcome and action.state != "shadow"
    because = f" ({action.outcome})" if told else ""
    why = f"{action.subject}{of}: {action.reason}{because}"
    return action.id, action.kind.partition("_")[0], action.state, why


def _show(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    from sesauditd.report.plain import shortened

    shown = [
        [shortened(cell, TEXT_SHOWN) if isinstance(cell, str) else cell for cell in row]
        for row in rows[:ROWS_SHOWN]
    ]
    output.table(columns, shown, empty=empty)
    if len(rows) > len(shown):
        output.say(f"... and {len(rows) - len(shown)} more: add --json to see all.")


def _day(moment: datetime | None) -> str | None:
    from sesauditd.report.plain import day

    return None if moment is None else day(moment)


def _until(block: Block) -> str | None:
    if block.lifted_at is not None:
        return f"lifted {_day(block.lifted_at)}"
    return "for good" if block.until is None else _day(block.until)


async def _customers(
    look: Look,
) -> tuple[Sequence[Customer], Mapping[str, Sequence[int]]]:
    from sesauditd.report.counts import by_week
    from sesauditd.report.figures import Span
    from sesauditd.store.reports import counts, people

    now = look.now
    span = Span.between(now - WEEKS_DRAWN * WEEK, now)
    found = await people.all_customers(look.connection)
    owners = {domain: one.name for one in found for domain in one.domains}
    monday = week_of(span.start).start
    counted: dict[str, list[Counted]] = {one.name: [] for one in found}
    for each in await counts.by_week(look.connection, monday, span, domains=sorted(owners)):
        if span.holds_day(each.day):
            counted[owners[each.domain]].append(each)
    return found, {
        name: [week.mailed for week in by_week(own, span)][-WEEKS_DRAWN:]
        for name, own in counted.items()
    }


async def _domains(look: Look) -> Sequence[Domain]:
    from sesauditd.store.reports import people

    return await people.shown_domains(look.connection)


async def _blocks(look: Look, *, everything: bool) -> Sequence[Block]:
    from sesauditd.store.reports import decided

    active_at = None if everything else look.now
    return await decided.all_blocks(look.connection, active_at=active_at)


async def _actions(look: Look) -> Sequence[StoredAction]:
    from sesauditd.store.reports import decided

    return await decided.all_actions(look.connection)
