"""Keeps what is in hand invisible to other readers of the queue, and knows what was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from sesauditd.daemon.backoff import rest
from sesauditd.errors import SesauditdError
from sesauditd.ingest.source import parts

log = structlog.get_logger()


class Leases(Protocol):
    """The part of a queue that lets a message be worked on for longer."""

    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        """Keep messages invisible for so long from now; return the receipts that were refused."""
        ...


@dataclass(slots=True, kw_only=True)
class Visibility:
    """Receipts that are still good: the queue shows their messages to nobody else."""

    queue: Leases
    seconds: int
    """For how long a receipt is good, from the receive or the last extension."""
    _counted_from: dict[str, float] = field(default_factory=dict, init=False)

    def hold(self, receipts: Iterable[str]) -> None:
        """Begin to keep messages that were received this moment."""
        self._counted_from.update(dict.fromkeys(receipts, asyncio.get_running_loop().time()))

    def drop(self, receipts: Iterable[str]) -> None:
        """Forget receipts: their messages are finished, or left to others."""
        for receipt in receipts:
            self._counted_from.pop(receipt, None)

    def ours(self, receipts: Iterable[str]) -> list[str]:
        """Return the receipts that are still good.

        One that ran out "succeeds" without deleting anything (ses-facts.md 2.3): another
        reader may have the message by now, so it is not used again.
        """
        oldest = asyncio.get_running_loop().time() - self.seconds
        return [one for one in receipts if self._counted_from.get(one, oldest) > oldest]

    def all_ours(self) -> list[str]:
        """Return every receipt that is held and still good."""
        return self.ours(self._counted_from)

    async def run(self, stop: asyncio.Event) -> None:
        """Extend everything in hand three times as often as is needed, until stopped."""
        while not await rest(stop, self.seconds / 3):
            await self.extend()

    async def extend(self) -> None:
        """Extend everything in hand once; what the queue refuses is no longer ours."""
        for part in parts(self.all_ours()):
            if not await self._extend(part):
                return

    async def _extend(self, receipts: Sequence[str]) -> bool:
        """Extend some receipts; return whether the queue answered."""
        asked_at = asyncio.get_running_loop().time()
        try:
            refused = await self.queue.extend(receipts, self.seconds)
        except SesauditdError as error:
            # What is not extended in time runs out by our own count.
            log.warning("extension_failed", messages=len(receipts), reason=str(error))
            return False
        held = self._counted_from.keys() & receipts
        self._counted_from.update(dict.fromkeys(held, asked_at))
        # What was acknowledged meanwhile is refused as well, and not lost.
        lost = self._counted_from.keys() & refused
        self.drop(refused)
        if lost:
            log.warning("receipts_lost", messages=len(lost))
        return True
