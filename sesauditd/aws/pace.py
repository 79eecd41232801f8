"""A token bucket: how often something may be asked."""

from __future__ import annotations

import asyncio


class Pace:
    """Lets `burst` callers pass at once and then one each `1 / per_second` seconds, in order."""

    def __init__(self, *, per_second: float, burst: int) -> None:
        self._interval = 1 / per_second
        self._slack = self._interval * (burst - 1)
        self._next = float("-inf")

    async def turn(self) -> None:
        """Wait for the caller's turn; who is cancelled while waiting has used it up."""
        now = asyncio.get_running_loop().time()
        mine = max(self._next, now - self._slack)
        self._next = mine + self._interval
        if mine > now:
            await asyncio.sleep(mine - now)
