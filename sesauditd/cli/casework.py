"""Cases: the list, one of them with its evidence, and what its customer says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup
from typing_extensions import override

from sesauditd.cli import output
from sesauditd.cli.deciding import decide, said
from sesauditd.cli.looking import looked
from sesauditd.cli.options import JsonOption
from sesauditd.cli.sections import Heading, examples
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typer._click.core import Command, Context

    from sesauditd.bootstrap.looking import Look
    from sesauditd.report.cases import CaseFile
    from sesauditd.report.figures import Case

COLUMNS = ("Case", "Who and why", "Since", "Said")
ROWS_SHOWN = 200
"""Rows of the table; the JSON document has all."""
TEXT_SHOWN = 300
BYTES_READ = 64_000
"""Of a file with an explanation, whose text is bounded anyway."""
STDIN = "-"

CaseArgument = Annotated[str, typer.Argument(metavar="ID", help="As `sesauditd cases` shows it.")]


class Shows(TyperGroup):
    """A group whose commands may be left out: the name of a case alone shows the case."""

    @override
    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """Return the command that is meant, `show` for what is none."""
        if args and self.get_command(ctx, args[0]) is None:
            return super().resolve_command(ctx, ["show", *args])
        return super().resolve_command(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        cls=Shows,
        invoke_without_command=True,
        epilog=examples(
            "sesauditd cases --open",
            "sesauditd cases case-0123456789ab",
            "sesauditd cases show case-0123456789ab --for-customer",
            "sesauditd cases explain case-0123456789ab --text 'the form was abused'",
        ),
    )
    group.callback()(cases)
    group.command("show", epilog=examples("sesauditd cases show case-0123456789ab"))(show)
    group.command(
        "explain", epilog=examples("sesauditd cases explain case-0123456789ab --file mail.txt")
    )(explain)
    app.add_typer(group, name="cases", rich_help_panel=Heading.LOOKING)


def cases(
    context: typer.Context,
    *,
    customer: Annotated[str | None, typer.Option(help="Those of one customer.")] = None,
    only_open: Annotated[
        bool, typer.Option("--open/--all", help="Those that are not closed; else all.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List what customers were asked to explain, open cases first; or show one."""
    if context.invoked_subcommand is not None:
        return
    found, domains = looked(context, lambda look: _cases(look, customer))
    from sesauditd.report.cases import listed_row, offences

    again = offences(found)
    shown = [one for one in found if one.closed_at is None or not only_open]
    if as_json:
        rows = [listed_row(one, domains.get(one.id, ()), again.get(one.id)) for one in shown]
        output.emit_json({"cases": rows})
        return
    cells = [_cells(one, domains.get(one.id, ()), again.get(one.id)) for one in shown]
    output.table(
        COLUMNS, cells[:ROWS_SHOWN], empty="No cases: nobody was asked to explain anything."
    )
    if len(cells) > ROWS_SHOWN:
        output.say(f"... and {len(cells) - ROWS_SHOWN} more: add --json to see all.")


def show(
    context: typer.Context,
    name: CaseArgument,
    *,
    for_customer: Annotated[
        bool, typer.Option("--for-customer", help="In plain words, to hand on.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one case: what happened in which order, and the evidence."""
    file = looked(context, lambda look: _file(look, name))
    from sesauditd.report import cases as documents
    from sesauditd.report import cases_text

    if as_json:
        row = documents.customer_row(file) if for_customer else documents.file_row(file)
        output.emit_json({"case": row})
        return
    text = cases_text.for_customer(file) if for_customer else cases_text.for_operator(file)
    for line in text.splitlines():
        output.say(line)


def explain(
    context: typer.Context,
    name: CaseArgument,
    *,
    text: Annotated[str | None, typer.Option(help="What the customer said.")] = None,
    file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Read it from a file, - for standard input.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Record what a customer says; the case stays open until you reinstate."""
    if (text is None) == (file is None):
        raise Refused("give what the customer said as --text or --file, one of them")
    words = said(text if text is not None else _read(str(file)))
    decide(context, lambda taken: taken.explain(name, words), as_json=as_json)


def _read(file: str) -> str:
    try:
        if file == STDIN:
            return sys.stdin.read(BYTES_READ)
        with Path(file).open("rb") as source:
            return source.read(BYTES_READ).decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"{file} is no text in UTF-8") from error


def _cells(case: Case, domains: Sequence[str], offence: str | None) -> list[object]:
    from sesauditd.report.plain import day, shortened

    told = "; ".join(part for part in (offence, case.explanation) if part)
    who = ", ".join(domains) or case.customer
    # Two lines a case leave room for its whole id, which is copied into the next command.
    lines = ((case.id,), (who, case.rule), (day(case.opened_at), case.state), (told,))
    return ["\n".join(shortened(one, TEXT_SHOWN) for one in cell) for cell in lines]


async def _cases(
    look: Look, customer: str | None
) -> tuple[list[Case], Mapping[str, Sequence[str]]]:
    from sesauditd.store.register import first_domain_of
    from sesauditd.store.reports import cases as found
    from sesauditd.store.reports import decided

    if customer is not None:
        await first_domain_of(look.connection, customer)
    everything = await decided.all_cases(look.connection)
    domains = await found.domains_of(look.connection)
    return [one for one in everything if customer in {None, one.customer}], domains


async def _file(look: Look, name: str) -> CaseFile:
    from sesauditd.store.reports import cases as found

    return await found.case_file(look.connection, name)
