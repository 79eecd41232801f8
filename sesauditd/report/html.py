"""The report as one self-contained HTML file: no script, nothing remote, made for A4 paper."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from functools import cache
from itertools import dropwhile
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome
from sesauditd.model.verdicts import Does
from sesauditd.report.account import BOUNCE_LINES, COMPLAINT_LINES, standing_of
from sesauditd.report.lay import subject_of, told
from sesauditd.report.limits_text import observation
from sesauditd.report.plain import (
    both_forms,
    day,
    minute,
    number,
    percent,
    shortened,
)
from sesauditd.report.plots import weekly_plots
from sesauditd.report.reputation import COLUMNS, reputation_note, reputation_rows
from sesauditd.report.templating import html_environment, rendered
from sesauditd.report.text import score_line

if TYPE_CHECKING:
    from jinja2 import Environment

    from sesauditd.report.account import Account, Against, Lines
    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.pages import Report

IN_FULL = 10
"""Customers of an account that have a page of their own in its file, the costliest first."""
LISTED = 100
"""Rows of one table at most; the JSON document has all."""
ALWAYS_SHOWN = frozenset(
    {Outcome.DELIVERED, Outcome.HARD_BOUNCE, Outcome.SOFT_BOUNCE, Outcome.COMPLAINT}
)
STANDINGS = {"below": "below both lines", "review": "AWS may review", "pause": "AWS may pause"}


class Reader(StrEnum):
    """For whom a report is written."""

    OPERATOR = "operator"
    CUSTOMER = "customer"


def report_html(report: Report, reader: Reader, *, contact: str | None = None) -> str:
    """Return the whole file; `contact` is where a customer's questions go.

    Raises Refused for a customer's version of the account: it names all the others.
    """
    if reader is Reader.CUSTOMER:
        return _customer(report, contact)
    costliest = [one.customer for one in report.account.members] if report.account else []
    named = {one.name: one for one in report.customers}
    pages = [named[one] for one in costliest[:IN_FULL] if one in named] or [*report.customers]
    if len(report.domains) > 1 or not report.customers:
        pages += report.domains
    return _render(
        "operator.html",
        title=_title(report),
        report=report,
        account=None if report.account is None else _account(report.account),
        left_out=max(len(costliest) - IN_FULL, 0),
        pages=[_page(one) for one in pages],
        listed=LISTED,
    )


def _customer(report: Report, contact: str | None) -> str:
    one = subject_of(report)
    return _render(
        "customer.html",
        title="How your mail did",
        subject=one,
        told=told(one, report.stopped),
        span=one.span,
        contact=contact,
        listed=LISTED,
        **_trend(one),
    )


def _title(report: Report) -> str:
    if report.account is not None:
        return "How the account behaves"
    return f"How {both_forms((report.customers or report.domains)[0].name)} behaves"


def _trend(one: Behaviour) -> dict[str, object]:
    weeks = list(dropwhile(lambda week: not week.is_eventful, one.weeks))
    return {"plots": weekly_plots(weeks) if weeks else (), "weeks": list(reversed(weeks))}


def _page(one: Behaviour) -> dict[str, object]:
    rates = (
        ("hard bounces", one.rates.hard_bounce),
        ("soft bounces", one.rates.soft_bounce),
        ("complaints, where reported", one.rates.complaint),
    )
    outcomes = [
        (name, count) for name, count in one.outcomes.items() if count or name in ALWAYS_SHOWN
    ]
    verdicts = [each for each in one.verdicts if each.does is not Does.BLOCK]
    return {
        "one": one,
        "rates": rates,
        "outcomes": outcomes,
        # What blocks a recipient stands in the list of blocks; here it would hide the rest.
        "verdicts": verdicts,
        "blocking": len(one.verdicts) - len(verdicts),
        **_trend(one),
    }


def _account(found: Account) -> dict[str, object]:
    rows = (
        ("Hard bounces", found.bounces, BOUNCE_LINES),
        ("Complaints", found.complaints, COMPLAINT_LINES),
    )
    polled = found.reputation
    return {
        "found": found,
        "lines": [_line(*row) for row in rows],
        "columns": COLUMNS,
        "polled": () if polled is None else list(reputation_rows(polled)),
        "note": "" if polled is None else reputation_note(polled),
    }


def _line(name: str, against: Against, lines: Lines) -> dict[str, object]:
    standing = standing_of(against, lines)
    return {
        "name": name,
        "against": against,
        "lines": lines,
        "standing": standing,
        "words": STANDINGS[standing],
        "ratio": against.percent / lines.review_percent,
    }


def _render(template: str, **values: object) -> str:
    return rendered(_templates(), template, values)


@cache
def _templates() -> Environment:
    environment = html_environment("sesauditd.report")
    environment.filters.update(
        both=both_forms,
        day=day,
        last_day=lambda moment: day(moment - timedelta(microseconds=1)),
        minute=minute,
        number=number,
        observed=lambda distance: observation(distance).partition(": ")[2],
        percent=percent,
        score_line=score_line,
        short=shortened,
        level=_level,
        width=_width,
        words=lambda name: str(name).replace("_", " "),
    )
    return environment


def _level(ratio: float) -> str:
    if ratio >= 1:
        return "over"
    return "near" if ratio >= 1 / 2 else "low"


def _width(ratio: float) -> str:
    """Return how long a bar is, of 100; anything above zero shows."""
    return f"{min(max(100 * ratio, 2 if ratio > 0 else 0), 100):.1f}"
