"""A bell that rings at least every so many seconds; whoever hears it asks what is owed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

RING_SECONDS = 20
LONGEST_SECONDS = 60.0


async def at_every_ring(
    work: Callable[[], Awaitable[object]],
    stop: asyncio.Event,
    *,
    every_seconds: float = RING_SECONDS,
    longest_seconds: float = LONGEST_SECONDS,
) -> None:
    """Do the work at once and at every ring until stopped; what runs then is finished.

    The scheduler never holds the work itself: its end would cancel it, and it forgets what it
    should have rung for while the process was down. Rings during the work are one.
    """
    rung = asyncio.Event()
    with _ringing(rung, every_seconds):
        while not stop.is_set():
            rung.clear()
            await work()
            # The scheduler goes by the wall clock and is silent for hours when that is set back.
            await _first_of(rung, stop, longest_seconds)


@contextmanager
def _ringing(rung: asyncio.Event, every_seconds: float) -> Iterator[None]:
    async def ring() -> None:
        rung.set()

    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.add_job(
        ring,
        "interval",
        seconds=every_seconds,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
    )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


async def _first_of(rung: asyncio.Event, stop: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.create_task(one.wait()) for one in (rung, stop)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
