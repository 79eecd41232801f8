"""Whatever fails, and however often it is killed: every message is kept, each event once."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, TypeVar

import pytest

from sesauditd.errors import Busy, SesauditdError, Unavailable
from sesauditd.ingest.pipeline import Pipeline
from sesauditd.ingest.poller import Poller
from sesauditd.ingest.trust import QueuePolicy
from sesauditd.model.register import OwnNotices
from tests.unit.ingest.live import (
    NOW,
    QUICK,
    Delivered,
    MemoryArchive,
    MemoryQueue,
    bounce,
    swift,
    until,
)
from tests.unit.ingest.samples import TOPIC, VALIDATION_TEXT
from tests.unit.ingest.test_pipeline import RememberedLog

if TYPE_CHECKING:
    from sesauditd.ingest.reader import RawLine
    from sesauditd.model.recorded import Recorded

T = TypeVar("T")

EVENTS = 60
BODIES = [*map(bounce, range(EVENTS)), "poison", "more poison", VALIDATION_TEXT]
VISIBLE_SECONDS = 0.3
"""Longer than a batch takes where much else is done: else none is ever acknowledged in time."""


@dataclass
class Wire:
    """A connection that fails before or after the work is done, and can be cut for good."""

    chance: Random
    rate: float = 0.25
    cut: bool = False

    async def carry(self, work: Callable[[], Awaitable[T]], error: SesauditdError) -> T:
        if self._breaks():
            raise error
        answer = await work()
        if self._breaks():
            raise error
        return answer

    def _breaks(self) -> bool:
        return self.cut or self.chance.random() < self.rate


@dataclass
class Kept:
    """What has reached its end, and the proof that nothing is deleted before."""

    queue: MemoryQueue
    archive: MemoryArchive
    log: RememberedLog

    def archived(self) -> set[str]:
        return {
            json.loads(line)["body"]
            for packed in self.archive.objects.values()
            for line in gzip.decompress(packed).splitlines()
        }


@dataclass
class Reach:
    """What one poller sees of the world: the queue, the archive and the store over one wire."""

    kept: Kept
    wire: Wire

    async def receive(self, wait_seconds: int) -> Sequence[Delivered]:
        return await self.wire.carry(
            partial(self.kept.queue.receive, wait_seconds), Unavailable("lost")
        )

    async def acknowledge(self, receipts: Sequence[str]) -> Sequence[str]:
        held = self.kept.queue.hidden
        done = {held[receipt][1] for receipt in receipts if receipt in held}
        assert done <= self.kept.archived()
        return await self.wire.carry(
            partial(self.kept.queue.acknowledge, receipts), Unavailable("lost")
        )

    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        return await self.wire.carry(
            partial(self.kept.queue.extend, receipts, seconds), Unavailable("lost")
        )

    async def release(self, receipts: Sequence[str]) -> Sequence[str]:
        return await self.wire.carry(
            partial(self.kept.queue.release, receipts), Unavailable("lost")
        )

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        return await self.wire.carry(
            partial(self.kept.archive.keep, key_suffix, body, sha256), Unavailable("lost")
        )

    async def handle(self, lines: Sequence[RawLine], *, proposed: bool) -> Recorded:
        assert {line.text.decode() for line in lines} <= self.kept.archived()
        pipeline = Pipeline(self.kept.log, OwnNotices(), lambda: NOW)
        return await self.wire.carry(
            partial(pipeline.handle, lines, proposed=proposed), Busy("locked")
        )


def poller(reach: Reach) -> Poller:
    return Poller(
        queue=reach,
        archive=reach,
        recorder=reach,
        trust=QueuePolicy(frozenset({TOPIC})),
        clock=lambda: NOW,
        pace=replace(QUICK, batch_messages=15, visibility_seconds=60),
        backoff=swift,
    )


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_is_lost_and_nothing_counts_twice(seed: int) -> None:
    chance = Random(seed)
    kept = Kept(MemoryQueue(visibility_seconds=VISIBLE_SECONDS), MemoryArchive(), RememberedLog())
    kept.queue.send(*BODIES)
    kept.queue.send(*chance.sample(BODIES, 20))
    for _ in range(4):
        wire = Wire(chance)
        killed = asyncio.create_task(poller(Reach(kept, wire)).run(asyncio.Event()))
        await asyncio.sleep(chance.uniform(0, 0.03))
        wire.cut = True
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
    stop = asyncio.Event()
    last = asyncio.create_task(poller(Reach(kept, Wire(chance, rate=0.0))).run(stop))
    await until(lambda: kept.queue.messages == 0, running=last)
    stop.set()
    await last
    assert kept.archived() == set(BODIES)
    assert len(kept.log.keys) == EVENTS
    assert sorted(kept.log.quarantine.values()) == ["not JSON: invalid character (byte 0)"] * 2
