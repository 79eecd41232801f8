"""The weeks of the story, and which act each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

ACTS = 4
LENGTH = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One ISO week of the story."""

    monday: datetime
    number: int
    """Counted from 1."""
    act: int
    """1 to 4; 0 in the quiet weeks before."""

    @property
    def end(self) -> datetime:
        """Return the Monday after."""
        return self.monday + LENGTH

    def at(self, day: int, hour: int, minute: float = 0) -> datetime:
        """Return a moment of this week; day 0 is Monday."""
        return self.monday + timedelta(days=day, hours=hour, minutes=minute)


def weeks_of(end: datetime, count: int) -> tuple[Week, ...]:
    """Return so many weeks before a Monday; the last four are the acts."""
    start = end - count * LENGTH
    return tuple(
        Week(
            monday=start + number * LENGTH,
            number=number + 1,
            act=max(ACTS - count + number + 1, 0),
        )
        for number in range(count)
    )
