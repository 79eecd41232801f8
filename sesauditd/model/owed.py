"""Which periods of a calendar are over and not done yet."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.calendar import WEEK, aware, week_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

DAY = timedelta(days=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One day, ISO week or month, and the moment from which a job about it is owed."""

    name: str
    """Such as `2026-11-24`, `2026-W48` or `2026-11`."""
    start: datetime
    end: datetime
    """The first moment that belongs to the next period."""
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days, ISO weeks or months in UTC, each owed some time after its end."""

    length: timedelta | None
    """None for a month of the calendar."""
    delay: timedelta

    def holding(self, moment: datetime) -> Period:
        """Return the period in which the moment lies; raises ValueError without a zone."""
        if self.length == WEEK:
            week = week_of(moment)
            return self._period(week.name, week.start, WEEK)
        day = aware(moment).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.length is None:
            first = day.replace(day=1)
            return self._period(f"{first:%Y-%m}", first, monthrange(day.year, day.month)[1] * DAY)
        return self._period(f"{day:%Y-%m-%d}", day, self.length)

    def owed(self, done: Collection[str], first: datetime, now: datetime) -> Iterator[Period]:
        """Yield what is due at `now` and not done, in order, from the period that holds `first`.

        A period is done by its name, so a clock that was set back makes nothing owed again.
        """
        period = self.holding(first)
        while period.due <= now:
            if period.name not in done:
                yield period
            period = self.holding(period.end)

    def _period(self, name: str, start: datetime, length: timedelta) -> Period:
        end = start + length
        return Period(name=name, start=start, end=end, due=end + self.delay)


def daily(time: str) -> Calendar:
    """Return days, each owed at a time such as `00:30` of the next day."""
    return Calendar(length=DAY, delay=_since_midnight(time))


def weekly(moment: str) -> Calendar:
    """Return ISO weeks, each owed at a moment such as `monday 03:00` of the next week."""
    weekday, _, time = moment.partition(" ")
    return Calendar(length=WEEK, delay=WEEKDAYS.index(weekday) * DAY + _since_midnight(time))


def monthly(time: str) -> Calendar:
    """Return months, each owed at a time such as `06:00` of the first day of the next."""
    return Calendar(length=None, delay=_since_midnight(time))


def _since_midnight(time: str) -> timedelta:
    hours, _, minutes = time.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
