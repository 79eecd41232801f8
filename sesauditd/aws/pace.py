"""A token bucket: how often something may be asked, by one process or by all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from sesauditd.errors import SesauditdError

log = structlog.get_logger(__name__)


class Turns(Protocol):
    """Says when the next call may be made."""

    async def turn(self) -> None:
        """Wait for the caller's turn."""
        ...


class Slots(Protocol):
    """Turns that all processes of an installation take from one place."""

    async def take(self, name: str, interval: timedelta, now: datetime) -> datetime:
        """Take the next turn, and return when it is."""
        ...


class Pace:
    """Lets `burst` callers pass at once and then one each `1 / per_second` seconds, in order."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._interval = 1 / per_second
        self._slack = self._interval * (burst - 1)
        self.interval = timedelta(seconds=self._interval)
        self._next = float("-inf")

    async def turn(self) -> None:
        """Wait for the caller's turn; who is cancelled while waiting has used it up."""
        now = asyncio.get_running_loop().time()
        mine = max(self._next, now - self._slack)
        self._next = mine + self._interval
        if mine > now:
            await asyncio.sleep(mine - now)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPace:
    """Lets the callers of all processes pass one after the other, `own.interval` apart.

    Never two at once, since together they would be too many. A place of turns that does not
    answer just now holds nobody up: then this process keeps its own pace, and AWS's refusals
    are met by asking again.
    """

    name: str
    slots: Slots
    own: Pace
    clock: Callable[[], datetime]
    """Of the machine, which other processes go by too."""

    async def turn(self) -> None:
        """Wait for the caller's turn; who is cancelled while waiting has used it up."""
        now = self.clock()
        try:
            mine = await self.slots.take(self.name, self.own.interval, now)
        except SesauditdError as error:
            log.debug("pace_not_shared", name=self.name, reason=str(error))
            await self.own.turn()
            return
        await asyncio.sleep(max(0.0, (mine - self.clock()).total_seconds()))
