"""A report as CSV for a spreadsheet: a line for the whole span, and one for each week of it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from sesauditd.model.calendar import WEEK
from sesauditd.model.events import Outcome
from sesauditd.report.lay import nearest
from sesauditd.report.plain import cleaned, day, iso

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.counts import WeekCounts
    from sesauditd.report.pages import Report

COLUMNS = (
    "kind", "name", "customer", "period", "from", "to", "mailed", "delivered", "hard_bounces",
    "soft_bounces", "complaints", "hard_bounce_percent", "complaint_percent", "score", "grade",
    "nearest_limit", "nearest_limit_percent", "blocks",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula, the full-width forms of an East Asian keyboard among them."""
DIGITS = 4


def report_csv(report: Report) -> str:
    """Return the lines (RFC 4180), the names of the columns first.

    `period` is `span`, where counts of the whole time, rates, score and nearest limit stand, or
    an ISO week such as `2026-W48`, where they are empty. Recipients, repetitions counted.
    """
    written = io.StringIO(newline="")
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for one in (*report.customers, *report.domains):
        lines.writerows([_safe(cell) for cell in line] for line in _lines(one))
    return written.getvalue().removesuffix("\r\n")


def _lines(one: Behaviour) -> Iterator[tuple[object, ...]]:
    subject = (str(one.kind), one.name, one.customer)
    count = one.outcomes.get
    limit, score, has_size = nearest(one), one.score, one.recipients > 0
    yield (
        *subject,
        "span",
        iso(one.span.start),
        iso(one.span.end),
        one.mailed,
        count(Outcome.DELIVERED, 0),
        count(Outcome.HARD_BOUNCE, 0),
        count(Outcome.SOFT_BOUNCE, 0),
        count(Outcome.COMPLAINT, 0),
        round(one.rates.hard_bounce.percent, DIGITS) if has_size else None,
        round(one.rates.complaint.percent, DIGITS) if has_size else None,
        score.value if score else None,
        score.grade if score else None,
        str(limit.rule) if limit else None,
        round(100 * limit.ratio, DIGITS) if limit else None,
        len(one.blocks),
    )
    yield from ((*subject, *_week(week)) for week in one.weeks)


def _week(week: WeekCounts) -> tuple[object, ...]:
    counted = (week.mailed, week.delivered, week.hard_bounces, week.soft_bounces, week.complaints)
    empty = [None] * (len(COLUMNS) - 11)
    return (week.week, day(week.starts_at), day(week.starts_at + WEEK), *counted, *empty)


def _safe(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: names come from strangers."""
    if not isinstance(cell, str):
        return cell
    text = cleaned(cell)
    # https://owasp.org/www-community/attacks/CSV_Injection: a quote before it makes it text.
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
