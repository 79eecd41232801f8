"""A customer's version of the report as plain text of 80 columns."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from sesauditd.report.lay import subject_of, told
from sesauditd.report.plain import bar, cleaned, day, shortened, sparkline
from sesauditd.report.tables import INDENT, filled, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.report.counts import WeekCounts
    from sesauditd.report.lay import Told
    from sesauditd.report.pages import Report

LISTED = 100
WEEKS_SHOWN = 14
NAMES_SHOWN = 400
ADDRESS_SHOWN = 100


def customer_text(report: Report, contact: str | None = None) -> str:
    """Return the report in plain words, ending without a line break.

    Raises Refused for the account, as `subject_of` does.
    """
    one = subject_of(report)
    words = told(one, report.stopped)
    grade = f"Grade {one.score.grade} (A is best, E is worst). " if one.score else ""
    span = f"{day(one.span.start)} to {day(one.span.end)}"
    head = [
        filled(f"How your mail did: {shortened(words.names, NAMES_SHOWN)}, {span}"),
        filled(f"{grade}{words.verdict}", indent=INDENT),
    ]
    parts = [
        "\n".join(head),
        section("What happened", _lines(words.counts)),
        section("What to do", _numbered(words.steps)),
        section("The next limit", _limit(words)),
        _done(words),
        _weeks(one.weeks),
        _blocked(words),
        filled(f"Questions? Write to {cleaned(contact)}.") if contact else "",
    ]
    return "\n\n".join(one for one in parts if one)


def _lines(said: Sequence[str]) -> str:
    return "\n".join(filled(one, indent=INDENT) for one in said)


def _numbered(said: Sequence[str]) -> str:
    beginning = len("1. ")
    return "\n".join(
        f"{'':{INDENT}}{number}. {filled(one, indent=INDENT + beginning).lstrip()}"
        for number, one in enumerate(said, 1)
    )


def _limit(words: Told) -> str:
    drawn = [f"  {bar(words.nearest)}"] if words.nearest else []
    return "\n".join([*drawn, _lines(words.limits)])


def _done(words: Told) -> str:
    if not words.done:
        return ""
    return section("What we did", _lines([f"{day(at)}: {what}" for at, what in words.done]))


def _weeks(weeks: Sequence[WeekCounts]) -> str:
    begun = list(dropwhile(lambda one: not one.is_eventful, weeks))
    if not begun:
        return ""
    rows = [
        (day(one.starts_at), one.mailed, one.delivered, one.hard_bounces, one.complaints)
        for one in begun[-WEEKS_SHOWN:]
    ]
    columns = ("Week from", "Mailed", "Arrived", "Dead addresses", "Spam reports")
    trend = f"  mailed        {sparkline([one.mailed for one in begun])}"
    return section("Week by week", f"{trend}\n\n{table(columns, rows)}")


def _blocked(words: Told) -> str:
    if not words.blocked:
        return ""
    rows = [
        (shortened(address, ADDRESS_SHOWN), why, until)
        for address, why, until in words.blocked[:LISTED]
    ]
    drawn = table(("Address", "Why", "Until"), rows)
    more = len(words.blocked) - len(rows)
    body = f"{drawn}\n  and {more} more" if more else drawn
    return section("Addresses that take no more mail from you: take them off your list", body)
