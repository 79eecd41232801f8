"""Domains that usually send and are silent now: by their own habit, not by everybody's."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, datetime, timedelta

HABIT = timedelta(days=28)
FEWEST_DAYS = 7
"""Who sent on fewer days before the silence has no habit that could be missed."""
GAPS = 2
"""A silence as long as this many of the longest pauses before it is none of those."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """On which days something was heard of a domain, and until when."""

    domain: str
    days: frozenset[date]
    last: datetime


def is_silent(habit: Habit, least: timedelta, now: datetime) -> bool:
    """Say whether a domain that usually sends has been silent for longer than it ever was."""
    usual = sorted(one for one in habit.days if habit.last.date() - one <= HABIT)
    if len(usual) < FEWEST_DAYS:
        return False
    pause = max(later - earlier for earlier, later in itertools.pairwise(usual))
    return now - habit.last >= max(least, GAPS * pause)
