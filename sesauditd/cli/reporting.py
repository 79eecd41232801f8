"""`sesauditd report`: how customers, domains and the whole account behave."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.looking import looked
from sesauditd.cli.options import JsonOption, SinceOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.errors import Failed, Refused
from sesauditd.model.calendar import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.bootstrap.looking import Look
    from sesauditd.report.pages import Report

SPAN = timedelta(days=90)
FORMATS = ("text", "json", "csv", "html")
READERS = ("operator", "customer")
FOR_PEOPLE = ("text", "html")

SubjectArgument = Annotated[
    str | None,
    typer.Argument(metavar="[DOMAIN|CUSTOMER]", help="Whom it is about; else the whole account."),
]
FormatOption = Annotated[
    str, typer.Option("--format", metavar="text|json|csv|html", help="The form.")
]
ReaderOption = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="operator|customer",
        help="Whose version: a customer's says in plain words what to do.",
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write into a file instead.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "report",
        rich_help_panel=Heading.LOOKING,
        epilog=examples(
            "sesauditd report",
            "sesauditd report shop.example --since 30d",
            "sesauditd report --format html --out report.html",
            "sesauditd report bakery --for customer --format html --out bakery.html",
            "sesauditd report bakery --format csv --out bakery.csv",
        ),
    )(report)


def report(
    context: typer.Context,
    subject: SubjectArgument = None,
    *,
    since: SinceOption = None,
    form: FormatOption = "text",
    reader: ReaderOption = "operator",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report how a customer, a domain or the whole account behaves.

    Looks back 90 days, or to --since. An HTML file needs nothing beside itself, and prints on
    A4. A CSV has a line a week.
    """
    chosen = "json" if as_json else _one_of("--format", form, FORMATS)
    whose = _one_of("--for", reader, READERS)
    if whose == "customer":
        _check_reader(subject, chosen)
    if out is not None:
        _check(out)
    found = looked(context, lambda look: _report(look, subject, since, whole=chosen != "text"))
    text = _written(found, chosen, whose, _contact(context))
    if out is not None:
        _write(out, text)
        output.note(f"Wrote {out}.")
    elif chosen == "json":
        from sesauditd.report.document import report_document

        output.emit_json(report_document(found))
    elif chosen == "text":
        output.say(text)
    else:
        # Files for other programs go out as they are: their line ends belong to them.
        typer.echo(text)


async def _report(
    look: Look, subject: str | None, since: datetime | None, *, whole: bool
) -> Report:
    from sesauditd.model.classify import SES_LAUNCH
    from sesauditd.report.figures import Span
    from sesauditd.store.reports import pages

    now = look.now
    start = since or now - SPAN
    if start > now:
        raise Refused(f"--since {iso(start)} lies ahead: the report ends now")
    span = Span.between(max(start, SES_LAUNCH), now)
    if subject is None:
        return await pages.account_report(look.connection, look.policies, span, whole=whole)
    return await pages.subject_report(look.connection, look.policies, subject, span)


def _one_of(option: str, given: str, known: Sequence[str]) -> str:
    chosen = given.strip().lower()
    if chosen not in known:
        raise Refused(f"{option} {given!r} is unknown: use {', '.join(known)}")
    return chosen


def _check_reader(subject: str | None, form: str) -> None:
    if subject is None:
        raise Refused("--for customer needs a customer or a domain: sesauditd report CUSTOMER")
    if form not in FOR_PEOPLE:
        raise Refused(f"--for customer is for people: use --format {' or '.join(FOR_PEOPLE)}")


def _contact(context: typer.Context) -> str | None:
    notices = settings_of(context).notices
    return notices.reply_to or notices.sender


def _written(found: Report, form: str, whose: str, contact: str | None) -> str:
    if form == "json":
        from sesauditd.report.document import report_document

        return json.dumps(report_document(found), ensure_ascii=False, indent=2)
    if form == "csv":
        from sesauditd.report.spreadsheet import report_csv

        return report_csv(found)
    if form == "html":
        from sesauditd.report.html import Reader, report_html

        return report_html(found, Reader(whose), contact=contact)
    if whose == "customer":
        from sesauditd.report.customer_text import customer_text

        return customer_text(found, contact)
    from sesauditd.report.report_text import report_text

    return report_text(found)


def _check(out: Path) -> None:
    if out.is_dir():
        raise Refused(f"{out}: is a folder; name a file in it, such as {out / 'report.txt'}")
    if not out.parent.is_dir():
        raise Refused(f"{out.parent}: no such folder; make it first: mkdir -p {out.parent}")


def _write(out: Path, text: str) -> None:
    try:
        # A lone surrogate has no UTF-8; the escape says the same.
        with out.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise Failed(f"{out}: cannot be written: {error.strerror}") from error
