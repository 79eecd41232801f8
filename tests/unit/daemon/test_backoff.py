"""Waits before the next try: growing, spread out, ended by a stop."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from sesauditd.daemon.backoff import MOST_SECONDS, Backoff, rest


def longest(low: float, high: float) -> float:
    assert low == 0
    return high


def test_the_longest_wait_doubles_up_to_the_limit() -> None:
    backoff = Backoff(draw=longest)
    assert [backoff.next_seconds() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_success_begins_anew() -> None:
    backoff = Backoff(draw=longest)
    for _ in range(5):
        backoff.next_seconds()
    backoff.reset()
    assert backoff.next_seconds() == 0.5


@given(st.integers(min_value=0, max_value=10_000))
def test_a_wait_is_never_longer_than_the_limit(failures: int) -> None:
    backoff = Backoff()
    backoff.failures = failures
    assert 0 <= backoff.next_seconds() <= MOST_SECONDS


def test_two_that_fail_together_do_not_wait_alike() -> None:
    first, second = Backoff(first_seconds=30), Backoff(first_seconds=30)
    assert [first.next_seconds() for _ in range(5)] != [second.next_seconds() for _ in range(5)]


async def test_a_rest_ends_by_itself_or_with_the_stop() -> None:
    stop = asyncio.Event()
    assert not await rest(stop, 0.001)
    waiting = asyncio.create_task(rest(stop, 60))
    await asyncio.sleep(0)
    stop.set()
    assert await asyncio.wait_for(waiting, 1)
    assert await rest(stop, 60)
    assert await Backoff(first_seconds=60).wait(stop)
