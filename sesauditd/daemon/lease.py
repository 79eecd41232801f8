"""A lease that is kept fresh for as long as a process lives, and noticed when it is lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.backoff import rest
from sesauditd.errors import SesauditdError

if TYPE_CHECKING:
    import asyncio

HEARTBEAT_SECONDS = 10.0
TRUSTED_SECONDS = 25.0
"""Without a heartbeat for so long we stop before others, after 30 seconds, may begin."""

log = structlog.get_logger()


class Leases(Protocol):
    """Where leases are kept for all processes."""

    async def take(self, name: str, owner: str, now: datetime) -> bool:
        """Acquire or renew a lease; return False while another owner lives."""
        ...

    async def release(self, name: str, owner: str) -> None:
        """Give a lease back."""
        ...


@dataclass(slots=True, kw_only=True)
class Lease:
    """One owner's claim to one lease."""

    leases: Leases
    name: str
    owner: str
    """Different for each process that may live at the same time."""
    clock: Callable[[], datetime]
    is_short: bool = False
    """Taken for one piece of work, which nobody has to hear of."""
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    elapsed: Callable[[], float] = time.monotonic
    _renewed: float | None = field(default=None, init=False)

    @property
    def held(self) -> bool:
        """Return whether the work that the lease guards may go on."""
        return self._renewed is not None and self.elapsed() - self._renewed < TRUSTED_SECONDS

    async def renew(self) -> bool:
        """Acquire the lease or show that its owner lives; return whether it is held.

        A store that does not answer now leaves it held for as long as the last heartbeat is
        trusted.
        """
        asked_at = self.elapsed()
        try:
            taken = await self.leases.take(self.name, self.owner, self.clock())
        except SesauditdError as error:
            log.warning("lease_not_renewed", lease=self.name, reason=str(error))
            return self.held
        if taken != (self._renewed is not None):
            changed = "lease_taken" if taken else "lease_lost"
            level = logging.DEBUG if self.is_short else logging.INFO
            log.log(level, changed, lease=self.name, owner=self.owner)
        # The heartbeat was written after this moment, never before.
        self._renewed = asked_at if taken else None
        return taken

    async def run(self, stop: asyncio.Event) -> None:
        """Renew until stopped, and take over when another owner has fallen silent."""
        while not stop.is_set():
            await self.renew()
            await rest(stop, self.heartbeat_seconds)

    async def release(self) -> None:
        """Give the lease back, after the work that it guards has ended."""
        if self._renewed is None:
            return
        self._renewed = None
        try:
            await self.leases.release(self.name, self.owner)
        except SesauditdError as error:
            # It goes stale by itself.
            log.warning("lease_not_released", lease=self.name, reason=str(error))
