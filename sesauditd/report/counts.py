"""Sums over daily counts: outcomes, mails, weeks, and rates with their intervals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING

from sesauditd.model.calendar import week_of, weeks_between
from sesauditd.model.events import Outcome
from sesauditd.model.statistics import wilson_lower, wilson_upper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sesauditd.model.calendar import Week
    from sesauditd.report.figures import Counted, Span

RECEIVED = (
    Outcome.DELIVERED,
    Outcome.HARD_BOUNCE,
    Outcome.SOFT_BOUNCE,
    Outcome.REFUSED_CONTENT,
    Outcome.UNDETERMINED,
)
"""What becomes of a mail in the end; an auto-reply follows a delivery, which stands already."""
SHOWN = tuple(one for one in Outcome if one not in {Outcome.SIMULATED, Outcome.NOTICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Hits of trials with the interval that holds the true rate in 90 of 100 cases."""

    hits: int
    size: int
    percent: float
    low_percent: float
    high_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekCounts:
    """What one ISO week brought; recipients, repetitions counted."""

    week: str
    starts_at: datetime
    mailed: int
    delivered: int
    hard_bounces: int
    soft_bounces: int
    complaints: int

    @property
    def is_eventful(self) -> bool:
        """Say whether there was anything."""
        struck = self.hard_bounces + self.soft_bounces + self.complaints
        return self.mailed + self.delivered + struck > 0


def rate(hits: int, size: int, z: float) -> Rate:
    """Return the rate with Wilson's interval; `z` = 1.645 makes it one of 90 %."""
    trials = max(size, hits)
    return Rate(
        hits=hits,
        size=trials,
        percent=100 * hits / trials if trials else 0.0,
        low_percent=100 * wilson_lower(hits, trials, z),
        high_percent=100 * wilson_upper(hits, trials, z),
    )


def outcomes(counted: Iterable[Counted], *, feeding_back: bool = False) -> Counter[Outcome]:
    """Return the sum of each outcome; only where complaints are reported, if `feeding_back`."""
    sums: Counter[Outcome] = Counter()
    for one in counted:
        if one.feeds_back or not feeding_back:
            sums[one.outcome] += one.count
    return sums


def mailed(sums: Mapping[Outcome, int]) -> int:
    """Return how many recipients were mailed.

    Where Send events are not switched on, what became of the mails says how many there were.
    """
    return max(sums.get(Outcome.SENT, 0), sum(sums.get(one, 0) for one in RECEIVED))


def by_week(counted: Iterable[Counted], span: Span) -> tuple[WeekCounts, ...]:
    """Return every ISO week that the span touches, empty ones too, each as far as it counted."""
    sums: dict[Week, Counter[Outcome]] = {
        week: Counter() for week in weeks_between(week_of(span.start), week_of(span.end))
    }
    for one in counted:
        week = week_with(one.day)
        if week in sums:
            sums[week][one.outcome] += one.count
    return tuple(_week(week, found) for week, found in sums.items())


@lru_cache(maxsize=1024)
def week_with(day: date) -> Week:
    """Return the ISO week that holds the day."""
    return week_of(datetime.combine(day, time(), tzinfo=UTC))


def _week(week: Week, sums: Mapping[Outcome, int]) -> WeekCounts:
    return WeekCounts(
        week=week.name,
        starts_at=week.start,
        mailed=mailed(sums),
        delivered=sums[Outcome.DELIVERED],
        hard_bounces=sums[Outcome.HARD_BOUNCE],
        soft_bounces=sums[Outcome.SOFT_BOUNCE],
        complaints=sums[Outcome.COMPLAINT],
    )
