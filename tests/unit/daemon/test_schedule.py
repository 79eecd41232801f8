"""The bell rings; it neither runs nor cancels what it rings for."""

from __future__ import annotations

import asyncio

import pytest

from sesauditd.daemon.schedule import at_every_ring


async def test_the_work_is_done_at_once_and_at_every_ring() -> None:
    stop, done = asyncio.Event(), 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 3:
            stop.set()

    await asyncio.wait_for(at_every_ring(work, stop, every_seconds=0.02), 2)
    assert done == 3


async def test_a_stop_waits_for_the_work_in_hand() -> None:
    stop, order = asyncio.Event(), []

    async def work() -> None:
        stop.set()
        await asyncio.sleep(0.05)
        order.append("finished")

    await at_every_ring(work, stop, every_seconds=0.01)
    assert order == ["finished"]


async def test_work_that_outlasts_rings_is_not_done_twice_at_once() -> None:
    stop, running, most, turns = asyncio.Event(), 0, 0, 0

    async def work() -> None:
        nonlocal running, most, turns
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        turns += 1
        if turns == 3:
            stop.set()

    await asyncio.wait_for(at_every_ring(work, stop, every_seconds=0.01), 2)
    assert most == 1


async def test_a_stop_ends_the_wait() -> None:
    stop = asyncio.Event()

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.02, stop.set)

    await asyncio.wait_for(at_every_ring(work, stop, every_seconds=3600), 1)


async def test_nothing_is_done_after_a_stop() -> None:
    stop = asyncio.Event()
    stop.set()

    async def work() -> None:
        raise AssertionError

    await at_every_ring(work, stop)


async def test_an_error_of_the_work_ends_it() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await at_every_ring(work, asyncio.Event())


async def test_a_scheduler_that_a_set_back_clock_silenced_is_not_waited_for() -> None:
    stop, done = asyncio.Event(), 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 2:
            stop.set()

    silent = at_every_ring(work, stop, every_seconds=3 * 3600, longest_seconds=0.05)
    await asyncio.wait_for(silent, 2)
    assert done == 2
