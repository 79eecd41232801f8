"""How long to wait before trying again, and waits that a stop ends."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_SECONDS = 0.5
MOST_SECONDS = 30.0

_FURTHEST_DOUBLING = 32


@dataclass(slots=True, kw_only=True)
class Backoff:
    """Waits that double up to a limit, each drawn evenly between nothing and that ("full jitter").

    Many clients of one service that fail together thus come back spread out.
    """

    first_seconds: float = FIRST_SECONDS
    most_seconds: float = MOST_SECONDS
    draw: Callable[[float, float], float] = secrets.SystemRandom().uniform
    """Gives a number between two others; tests put a certain one here."""
    failures: int = field(default=0, init=False)
    """How often in a row it failed."""

    def next_seconds(self) -> float:
        """Return the wait after one more failure."""
        doubled = self.first_seconds * 2.0 ** min(self.failures, _FURTHEST_DOUBLING)
        self.failures += 1
        return self.draw(0.0, min(self.most_seconds, doubled))

    def reset(self) -> None:
        """Begin anew: it succeeded."""
        self.failures = 0

    async def wait(self, stop: asyncio.Event) -> bool:
        """Wait after one more failure; return whether a stop ended it."""
        return await rest(stop, self.next_seconds())


async def rest(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so many seconds, or until `stop` is set; return whether it is."""
    return await set_within(stop, seconds)


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait at most so many seconds for an event; return whether it is set."""
    if not event.is_set() and seconds > 0:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return event.is_set()
    return event.is_set()
