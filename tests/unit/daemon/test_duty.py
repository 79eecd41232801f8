"""A duty is done again and again, through passing trouble, and ends when asked."""

from __future__ import annotations

import asyncio

import pytest

from sesauditd.daemon.duty import Duty
from sesauditd.errors import Broken, Busy, SesauditdError


class Work:
    """Fails a few times, then asks for the stop after some steps."""

    def __init__(self, failures: list[SesauditdError], steps: int) -> None:
        self.failures = failures
        self.steps = steps
        self.done = 0

    async def __call__(self, stop: asyncio.Event) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.done += 1
        if self.done == self.steps:
            stop.set()


async def test_a_store_that_is_away_for_a_moment_ends_nothing() -> None:
    work = Work([Busy("locked")], steps=3)
    await Duty("test", work, lambda: True, 0.001).run(asyncio.Event())
    assert work.done == 3


async def test_a_broken_store_ends_it() -> None:
    with pytest.raises(Broken):
        await Duty("test", Work([Broken("disk")], 1), lambda: True, 0.001).run(asyncio.Event())


async def test_nothing_is_done_while_it_may_not_work() -> None:
    work, stop, asked = Work([], 1), asyncio.Event(), []

    def may_work() -> bool:
        asked.append(1)
        if len(asked) == 3:
            stop.set()
        return False

    await Duty("test", work, may_work, 0.001).run(stop)
    assert work.done == 0
