"""A clock that jumps is noticed, and nothing is judged by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sesauditd.jobs.drift import ClockWatch
from tests.unit.jobs.fakes import NOW, Reported


@pytest.mark.parametrize(
    ("jump", "trusted"),
    [
        (timedelta(0), True),
        (timedelta(minutes=5), True),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=6), False),
        (timedelta(hours=-3), False),
        (timedelta(days=14), False),
        (timedelta(days=40 * 365), False),
    ],
    ids=["none", "5 min", "-5 min", "6 min", "-3 h", "14 days", "40 years"],
)
async def test_a_jump_of_more_than_five_minutes(jump: timedelta, *, trusted: bool) -> None:
    elapsed, reported = 1000.0, Reported()
    watch = ClockWatch(reported, lambda: elapsed)
    await watch.run(NOW)
    elapsed += 60
    await watch.run(NOW + timedelta(seconds=60) + jump)
    assert watch.may_judge is trusted
    assert reported.states == {"clock": None if trusted else "jumped"}


async def test_a_clock_that_is_set_right_is_trusted_again() -> None:
    elapsed, reported = 0.0, Reported()
    watch = ClockWatch(reported, lambda: elapsed)
    await watch.run(NOW)
    await watch.run(NOW + timedelta(days=14))
    elapsed = 60
    await watch.run(NOW + timedelta(seconds=61))
    assert watch.may_judge
    assert [one.state for one in reported.findings] == [None, "jumped", None]


async def test_before_the_first_look_the_clock_is_trusted() -> None:
    assert ClockWatch(Reported(), lambda: 0.0).may_judge


async def test_a_clock_before_the_program_was_written_is_not_trusted_until_it_is_set() -> None:
    elapsed, reported = 0.0, Reported()
    watch = ClockWatch(reported, lambda: elapsed)
    await watch.run(datetime(1970, 1, 1, tzinfo=UTC))
    early = watch.may_judge
    elapsed = 60
    await watch.run(NOW)
    assert (early, watch.may_judge) == (False, True)
    assert [one.state for one in reported.findings] == ["too early", None]
