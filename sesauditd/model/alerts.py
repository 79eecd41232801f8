"""Alarms that wait for a road: values, and how long each waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 30
"""About a day: who has not looked by then sees it in `status` and in the mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An alarm that a road may be told now."""

    id: str
    road: str
    alarm: Mapping[str, object]
    """As `notices.alarms.Alarm.as_facts` wrote it."""
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAlert:
    """An alarm that a road has not taken, as an operator looks at it."""

    road: str
    name: str
    state: str
    """`waiting` for its next try, or `failed` and given up."""
    attempts: int
    due_at: datetime
    outcome: str | None


def first_wait() -> timedelta:
    """Return how long a road is left alone that has just failed."""
    return FIRST_WAIT


def next_wait(attempts: int) -> timedelta | None:
    """Return how long to wait after so many failures, None when it is given up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return min(FIRST_WAIT * (1 << min(attempts - 1, 10)), LONGEST_WAIT)
