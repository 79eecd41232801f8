"""A duty of the daemon: one step again and again, as long as the lease is held."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from sesauditd.daemon.backoff import Backoff, rest
from sesauditd.errors import Broken, Refused, SesauditdError

if TYPE_CHECKING:
    import asyncio

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Duty:
    """Takes its step, rests, and takes it again; a store that is away makes it rest longer."""

    name: str
    step: Callable[[asyncio.Event], Awaitable[object]]
    may_work: Callable[[], bool]
    seconds: float
    """Between two steps."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until stopped; the step in hand is finished. Raises Broken and Refused."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                if self.may_work():
                    await self.step(stop)
            except (Broken, Refused):
                raise
            except SesauditdError as error:
                log.warning("duty_failed", duty=self.name, reason=str(error))
                await backoff.wait(stop)
                continue
            backoff.reset()
            await rest(stop, self.seconds)
