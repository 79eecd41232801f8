"""The behaviour report of a customer or domain as plain text of 80 columns."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome
from sesauditd.report.decided_text import blocks_section, verdicts_section
from sesauditd.report.limits_text import limits_section
from sesauditd.report.plain import cleaned, day, minute, number, percent, shortened, sparkline
from sesauditd.report.score import LEAST_MAILS
from sesauditd.report.tables import INDENT, filled, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.causes import Cause
    from sesauditd.report.counts import Rate, WeekCounts
    from sesauditd.report.score import Score

CAUSES_SHOWN = 10
STRIKES_SHOWN = 10
DIAGNOSTIC_SHOWN = 100
STATUS_SHOWN = 20
WEEKS_SHOWN = 14
TREND_SHOWN = 60
ALWAYS_SHOWN = frozenset(
    {Outcome.SENT, Outcome.DELIVERED, Outcome.HARD_BOUNCE, Outcome.SOFT_BOUNCE, Outcome.COMPLAINT}
)


def behaviour_text(behaviour: Behaviour) -> str:
    """Return the whole report, ending without a line break."""
    sections = (
        _head(behaviour),
        _mail(behaviour),
        _rates(behaviour),
        _weeks(behaviour.weeks),
        limits_section(behaviour.limits),
        _causes("Causes by receiving provider", "Provider", behaviour.providers, examples=False),
        _causes("Causes by SMTP status", "Status", behaviour.statuses, examples=True),
        blocks_section(behaviour.blocks),
        verdicts_section(behaviour.verdicts),
        _strikes(behaviour),
    )
    return "\n\n".join(sections)


def score_line(score: Score | None) -> str:
    """Return the score and its grade in words."""
    if score is None:
        return f"no score: fewer than {LEAST_MAILS} mails in this span"
    return f"grade {score.grade}, score {score.value:g} of 100"


def _head(behaviour: Behaviour) -> str:
    span = behaviour.span
    since = f"; customer since {day(behaviour.since)}" if behaviour.since else ""
    owner = "" if behaviour.name == behaviour.customer else f" of {cleaned(behaviour.customer)}"
    title = f"{behaviour.kind.capitalize()} {cleaned(behaviour.name)}{owner}: "
    lines = [
        filled(f"{title}{score_line(behaviour.score)}"),
        filled(f"{day(span.start)} to {minute(span.end)} UTC{since}", indent=INDENT),
    ]
    if list(behaviour.domains) != [behaviour.name]:
        names = ", ".join(cleaned(one) for one in behaviour.domains) or "none yet"
        lines.append(filled(f"domains: {names}", indent=INDENT))
    if behaviour.score is not None:
        why = f"nearest limit at worst: {percent(behaviour.score.nearest_percent)}"
        took = f"disables in the last 90 days: {behaviour.score.disables}"
        lines.append(filled(f"{why}; {took}", indent=INDENT))
    return "\n".join(lines)


def _mail(behaviour: Behaviour) -> str:
    said = f"{number(behaviour.mailed)} mailed, {number(behaviour.recipients)} different"
    rows = [
        (outcome.replace("_", " "), count, _share(count, behaviour.mailed))
        for outcome, count in behaviour.outcomes.items()
        if count or outcome in ALWAYS_SHOWN
    ]
    drawn = table(("Outcome", "Recipients", "Of those mailed"), rows, right=("Of those mailed",))
    return section(f"Mail: {said}", drawn)


def _share(count: int, mailed: int) -> str | None:
    return percent(100 * count / mailed) if mailed else None


def _rates(behaviour: Behaviour) -> str:
    rates = behaviour.rates
    rows = [
        _rate("hard bounces", rates.hard_bounce),
        _rate("soft bounces", rates.soft_bounce),
        _rate("complaints, where reported", rates.complaint),
    ]
    columns = ("Different recipients", "Struck", "Of", "Rate", "90 % interval")
    return section("Rates", table(columns, rows, right=("Rate", "90 % interval")))


def _rate(name: str, rate: Rate) -> tuple[str, int, int, str, str]:
    interval = f"{percent(rate.low_percent)} to {percent(rate.high_percent)}"
    return name, rate.hits, rate.size, percent(rate.percent), interval if rate.size else "-"


def _weeks(weeks: Sequence[WeekCounts]) -> str:
    title = "Trend by week"
    begun = list(dropwhile(lambda one: not one.is_eventful, weeks))
    if not begun:
        return section(title, filled("no events", indent=INDENT))
    trends = (
        ("mailed", [one.mailed for one in begun]),
        ("hard bounces", [one.hard_bounces for one in begun]),
        ("complaints", [one.complaints for one in begun]),
    )
    lines = [f"  {name:<13} {sparkline(values[-TREND_SHOWN:])}" for name, values in trends]
    rows = [
        (one.week, one.mailed, one.delivered, one.hard_bounces, one.soft_bounces, one.complaints)
        for one in begun[-WEEKS_SHOWN:]
    ]
    columns = ("Week", "Mailed", "Delivered", "Hard", "Soft", "Complaints")
    earlier = len(begun) - len(rows)
    unlisted = f" ({earlier} earlier weeks not listed)" if earlier else ""
    return section(f"{title}{unlisted}", "\n".join([*lines, "", table(columns, rows)]))


def _causes(title: str, name: str, causes: Sequence[Cause], *, examples: bool) -> str:
    if not causes:
        return section(title, filled("no strikes", indent=INDENT))
    rows = [
        (
            shortened(one.name, DIAGNOSTIC_SHOWN),
            one.hard_bounces,
            one.soft_bounces,
            *((shortened(one.example or "", DIAGNOSTIC_SHOWN),) if examples else (one.complaints,)),
        )
        for one in causes[:CAUSES_SHOWN]
    ]
    last = "One server said" if examples else "Complaints"
    drawn = table((name, "Hard", "Soft", last), rows)
    more = len(causes) - len(rows)
    return section(title, f"{drawn}\n  and {number(more)} more" if more else drawn)


def _strikes(behaviour: Behaviour) -> str:
    if not behaviour.strikes:
        return section("Strikes", filled("none", indent=INDENT))
    shown = behaviour.strikes[:STRIKES_SHOWN]
    whole = len(behaviour.strikes)
    title = f"Strikes: the newest {len(shown)} of {number(whole)}"
    rows = [
        (
            minute(one.at),
            one.outcome.replace("_", " "),
            shortened(one.recipient, DIAGNOSTIC_SHOWN),
            shortened(one.status or "", STATUS_SHOWN),
        )
        for one in shown
    ]
    return section(title, table(("Time (UTC)", "What", "Recipient", "Status"), rows))
