"""Who usually sends and is silent: by the domain's own habit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.model.silence import Habit, is_silent

if TYPE_CHECKING:
    from collections.abc import Iterable

LAST = datetime(2026, 11, 20, 15, tzinfo=UTC)
DAY = timedelta(days=1)
DAILY = range(20)
WEEKDAYS = [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
"""Days before the last, a Friday: the weekend between them is a pause of three days."""


def habit(days: Iterable[int]) -> Habit:
    found = frozenset((LAST - one * DAY).date() for one in days)
    return Habit(domain="a.example", days=found, last=LAST)


@pytest.mark.parametrize(
    ("days", "silent_for", "expected"),
    [
        (DAILY, 3 * DAY - timedelta(hours=1), False),
        (DAILY, 3 * DAY, True),
        (WEEKDAYS, 5 * DAY, False),
        (WEEKDAYS, 6 * DAY, True),
        (range(6), 20 * DAY, False),
        (range(7), 20 * DAY, True),
        # A newsletter every Friday has four days in four weeks: no habit that could be missed.
        (range(0, 28, 7), 20 * DAY, False),
        # What lies before four weeks is no habit any more.
        ([0, *range(29, 40)], 20 * DAY, False),
        ([], 20 * DAY, False),
        (DAILY, -DAY, False),
    ],
)
def test_a_silence_that_is_longer_than_any_before_it(
    days: Iterable[int], silent_for: timedelta, expected: bool
) -> None:
    assert is_silent(habit(days), 3 * DAY, LAST + silent_for) is expected
