"""Weeks, days and hours in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.calendar import (
    HOUR,
    aware,
    hour_of,
    hour_start,
    last_ended_week,
    week_of,
    weeks_between,
)
from tests.unit.model.builders import MONDAY, WEEK, at

MOMENTS = st.datetimes(datetime(2011, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=MONDAY.tzinfo)
)


@given(MOMENTS)
def test_every_moment_lies_in_its_week_and_hour(moment: datetime) -> None:
    week = week_of(moment)
    assert week.start.weekday() == 0
    assert week.start <= moment < week.end
    assert hour_start(hour_of(moment)) <= moment < hour_start(hour_of(moment)) + HOUR


def test_a_week_ends_where_the_next_begins() -> None:
    assert week_of(WEEK.end - timedelta(microseconds=1)) == WEEK
    assert week_of(WEEK.end) == week_of(at(days=7)) != WEEK


def test_a_week_is_one_of_utc_wherever_the_moment_was_written() -> None:
    east = datetime(2026, 11, 2, 1, tzinfo=timezone(timedelta(hours=2)))
    assert week_of(east) == WEEK.back(1)


def test_weeks_have_iso_names() -> None:
    assert WEEK.name == "2026-W45"
    assert week_of(datetime(2027, 1, 1, tzinfo=MONDAY.tzinfo)).name == "2026-W53"


def test_three_missed_mondays_owe_three_weeks_in_order() -> None:
    last = last_ended_week(at(days=21, hours=3))
    assert list(weeks_between(WEEK, last)) == [WEEK, WEEK.back(-1), WEEK.back(-2)]
    assert list(weeks_between(last, WEEK)) == []


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        aware(datetime(2026, 11, 2))
