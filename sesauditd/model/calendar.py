"""Weeks, days and hours in UTC, and which of them are owed to a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """One ISO week, Monday 00:00 to Monday 00:00 UTC."""

    start: datetime

    @property
    def end(self) -> datetime:
        """Return the Monday after, which belongs to the next week."""
        return self.start + WEEK

    @property
    def name(self) -> str:
        """Return the ISO name, such as `2026-W47`."""
        year, number, _ = self.start.isocalendar()
        return f"{year}-W{number:02d}"

    def back(self, weeks: int) -> Week:
        """Return the week so many weeks earlier."""
        return Week(self.start - weeks * WEEK)


def week_of(moment: datetime) -> Week:
    """Return the ISO week that holds the moment."""
    day = aware(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return Week(day - timedelta(days=day.weekday()))


def last_ended_week(now: datetime) -> Week:
    """Return the newest ISO week that is over at `now`."""
    return week_of(now).back(1)


def weeks_between(first: Week, last: Week) -> Iterator[Week]:
    """Yield every week from the first to the last, both included, in order."""
    week = first
    while week <= last:
        yield week
        week = Week(week.end)


def hour_of(moment: datetime) -> int:
    """Return the number of whole hours since 1970, the key of an hourly roll-up."""
    return int((aware(moment) - EPOCH) // HOUR)


def hour_start(hour: int) -> datetime:
    """Return the moment at which a numbered hour begins."""
    return EPOCH + hour * HOUR


def iso(moment: datetime) -> str:
    """Return a time as it is written everywhere: `2026-01-31T03:00:00Z`.

    Raises ValueError for a time without a zone.
    """
    return aware(moment).isoformat().replace("+00:00", "Z")


def aware(moment: datetime) -> datetime:
    """Return the moment in UTC; raises ValueError if it has no time zone."""
    if moment.tzinfo is None:
        message = "a time without a time zone"
        raise ValueError(message)
    return moment.astimezone(UTC)
