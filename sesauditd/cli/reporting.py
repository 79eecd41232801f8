"""`sesauditd report`: how customers, domains and the whole account behave."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.cli import output
from sesauditd.cli.options import JsonOption, SinceOption, settings_of
from sesauditd.cli.sections import Heading, examples
from sesauditd.cli.waiting import finished
from sesauditd.errors import Failed, Refused
from sesauditd.model.calendar import iso

if TYPE_CHECKING:
    from sesauditd.report.pages import Report

SPAN = timedelta(days=90)
FORMATS = ("text", "json")
LATER = ("csv", "html")

SubjectArgument = Annotated[
    str | None,
    typer.Argument(metavar="[DOMAIN|CUSTOMER]", help="Whom it is about; else the whole account."),
]
FormatOption = Annotated[str, typer.Option("--format", metavar="text|json", help="The form.")]
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
            "sesauditd report bakery --format json --out bakery.json",
        ),
    )(report)


def report(
    context: typer.Context,
    subject: SubjectArgument = None,
    *,
    since: SinceOption = None,
    form: FormatOption = "text",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report how a customer, a domain or the whole account behaves.

    Looks back 90 days, or to --since.
    """
    chosen = "json" if as_json else _form(form)
    if out is not None:
        _check(out)
    found = finished(_report(context, subject, since, whole=chosen == "json"))
    text = _written(found, chosen)
    if out is not None:
        _write(out, text)
        output.note(f"Wrote {out}.")
    elif chosen == "json":
        from sesauditd.report.document import report_document

        output.emit_json(report_document(found))
    else:
        output.say(text)


async def _report(
    context: typer.Context, subject: str | None, since: datetime | None, *, whole: bool
) -> Report:
    from sesauditd import bootstrap
    from sesauditd.model.classify import SES_LAUNCH
    from sesauditd.report.figures import Span
    from sesauditd.store.reports import pages

    async with (
        bootstrap.application(settings_of(context)) as application,
        application.database.read() as connection,
    ):
        now = application.clock()
        start = since or now - SPAN
        if start > now:
            raise Refused(f"--since {iso(start)} lies ahead: the report ends now")
        span = Span.between(max(start, SES_LAUNCH), now)
        if subject is None:
            return await pages.account_report(connection, application.policies, span, whole=whole)
        return await pages.subject_report(connection, application.policies, subject, span)


def _form(form: str) -> str:
    chosen = form.strip().lower()
    if chosen in LATER:
        raise Refused(f"--format {chosen} is not made yet: use {' or '.join(FORMATS)}")
    if chosen not in FORMATS:
        raise Refused(f"--format {form!r} is unknown: use {' or '.join(FORMATS)}")
    return chosen


def _written(found: Report, form: str) -> str:
    if form == "json":
        from sesauditd.report.document import report_document

        return json.dumps(report_document(found), ensure_ascii=False, indent=2)
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
        out.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise Failed(f"{out}: cannot be written: {error.strerror}") from error
