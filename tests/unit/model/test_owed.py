"""Days and weeks are owed once, in order, in UTC, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sesauditd.model.owed import Calendar, Period, daily, monthly, weekly

DAYS = daily("00:30")
WEEKS = weekly("monday 03:00")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def names(calendar: Calendar, first: str, now: str, done: tuple[str, ...] = ()) -> list[str]:
    return [one.name for one in calendar.owed(done, moment(first), moment(now))]


def test_a_day_is_owed_from_half_past_midnight_of_the_next() -> None:
    assert names(DAYS, "2026-11-23T15:00", "2026-11-24T00:29") == []
    assert names(DAYS, "2026-11-23T15:00", "2026-11-24T00:30") == ["2026-11-23"]


def test_a_week_is_owed_from_monday_at_three() -> None:
    assert names(WEEKS, "2026-11-18T15:00", "2026-11-23T02:59") == []
    assert names(WEEKS, "2026-11-18T15:00", "2026-11-23T03:00") == ["2026-W47"]


def test_a_month_is_owed_from_the_morning_of_the_first() -> None:
    months = monthly("06:00")
    assert names(months, "2026-11-18T15:00", "2026-12-01T05:59") == []
    assert names(months, "2026-11-18T15:00", "2026-12-01T06:00") == ["2026-11"]
    assert names(months, "2027-12-31T23:59", "2028-03-01T06:00") == [
        "2027-12",
        "2028-01",
        "2028-02",
    ]


def test_a_week_may_be_judged_late_in_the_next() -> None:
    late = weekly("sunday 23:00")
    assert names(late, "2026-11-18T15:00", "2026-11-29T22:59") == []
    assert names(late, "2026-11-18T15:00", "2026-11-29T23:00") == ["2026-W47"]


def test_a_period_says_what_it_holds() -> None:
    assert WEEKS.holding(moment("2026-11-22T23:59:59")) == Period(
        name="2026-W47",
        start=moment("2026-11-16"),
        end=moment("2026-11-23"),
        due=moment("2026-11-23T03:00"),
    )


def test_after_weeks_down_every_week_is_owed_in_order() -> None:
    assert names(WEEKS, "2026-10-28T00:00", "2026-11-24T12:00") == [
        "2026-W44",
        "2026-W45",
        "2026-W46",
        "2026-W47",
    ]


def test_what_is_done_is_not_owed_and_a_gap_is() -> None:
    done = ("2026-11-20", "2026-11-22")
    assert names(DAYS, "2026-11-20T00:00", "2026-11-24T12:00", done) == [
        "2026-11-21",
        "2026-11-23",
    ]


def test_a_clock_that_was_set_back_closes_nothing_twice() -> None:
    done = ("2026-11-22", "2026-11-23")
    for now in ("2026-11-24T00:31", "2026-11-23T21:31", "2026-11-24T00:31"):
        assert names(DAYS, "2026-11-22T00:00", now, done) == []


def test_a_clock_before_the_first_event_owes_nothing() -> None:
    assert names(DAYS, "2026-11-22T00:00", "2011-01-01T00:00") == []


@pytest.mark.parametrize(
    ("first", "now", "expected"),
    [
        ("2026-12-21T00:00", "2027-01-11T03:00", ["2026-W52", "2026-W53", "2027-W01"]),
        ("2024-12-23T00:00", "2025-01-06T03:00", ["2024-W52", "2025-W01"]),
        ("2024-02-26T00:00", "2024-03-04T03:00", ["2024-W09"]),
    ],
    ids=["a year of 53 weeks", "a week in two years", "a leap day"],
)
def test_odd_years_have_every_week_once(first: str, now: str, expected: list[str]) -> None:
    assert names(WEEKS, first, now) == expected


def test_a_leap_day_is_a_day() -> None:
    assert names(DAYS, "2028-02-28T00:00", "2028-03-01T00:30") == ["2028-02-28", "2028-02-29"]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"], ids=["spring", "autumn"])
def test_days_on_which_clocks_change_elsewhere_are_days_of_24_hours(day: str) -> None:
    period = DAYS.holding(moment(f"{day}T02:30"))
    assert period.end - period.start == timedelta(hours=24)
    assert names(DAYS, f"{day}T00:00", f"{day}T23:59") == []


def test_a_moment_of_another_zone_lies_in_its_day_of_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert DAYS.holding(datetime(2026, 11, 24, 0, 30, tzinfo=berlin)).name == "2026-11-23"


@pytest.mark.parametrize("calendar", [DAYS, WEEKS], ids=["days", "weeks"])
def test_a_moment_without_a_zone_is_refused(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        calendar.holding(datetime(2026, 11, 24))
