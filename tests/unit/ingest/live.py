"""A queue, an archive and a store in memory that keep the promises of the real ones."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from sesauditd.daemon.backoff import Backoff
from sesauditd.ingest.pipeline import Pipeline
from sesauditd.ingest.poller import Poller
from sesauditd.ingest.source import Pace
from sesauditd.ingest.trust import QueuePolicy, Trust
from sesauditd.model.register import OwnNotices
from tests.unit.ingest.samples import TOPIC, encoded, envelope, event
from tests.unit.ingest.test_pipeline import RememberedLog

if TYPE_CHECKING:
    from sesauditd.ingest.reader import RawLine
    from sesauditd.model.recorded import Recorded

NOW = datetime(2026, 11, 24, 9, 30, 15, 250_000, tzinfo=UTC)
QUICK = Pace(
    receivers=2,
    visibility_seconds=60,
    batch_seconds=0.005,
    wait_seconds=0,
    grace_seconds=1.0,
    release_seconds=0.1,
    empty_seconds=0.002,
    refused_seconds=0.01,
    patience_seconds=0.02,
)


def bounce(number: int) -> str:
    """Return a body with a bounce of its own."""
    return encoded(envelope(event("Bounce", feedbackId=f"feedback-{number}"))).decode()


def swift() -> Backoff:
    """Return a backoff that hardly waits."""
    return Backoff(first_seconds=0.001, most_seconds=0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A message as the queue delivers it."""

    message_id: str
    receipt: str
    body: str
    sent_at: datetime = NOW
    receive_count: int = 1


@dataclass
class MemoryQueue:
    """A queue whose receipts run out, and whose every method can be made to fail."""

    visibility_seconds: float = 60
    at_once: int = 10
    waiting: deque[tuple[str, str, int]] = field(default_factory=deque)
    hidden: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    until: dict[str, float] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    extended: list[tuple[str, int]] = field(default_factory=list)
    refuse: set[str] = field(default_factory=set)
    """Receipts that are not taken."""
    failing: dict[str, BaseException] = field(default_factory=dict)
    """Method to what it raises."""
    calls: dict[str, int] = field(default_factory=dict)
    hiding: int = 0
    """How many receives still come back empty whatever there is."""
    holding: asyncio.Event | None = None
    """A receive waits for it with its messages already taken, as one that is under way."""
    _numbers: count[int] = field(default_factory=count)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.waiting.append((f"message-{next(self._numbers)}", body, 0))

    @property
    def messages(self) -> int:
        return len(self.waiting) + len(self.hidden)

    async def receive(self, wait_seconds: int) -> Sequence[Delivered]:
        self._begin("receive")
        await asyncio.sleep(0)
        self._run_out()
        if self.hiding > 0:
            self.hiding -= 1
            return []
        found = [self._deliver() for _ in range(min(self.at_once, len(self.waiting)))]
        if self.holding is not None:
            await self.holding.wait()
        return found

    async def acknowledge(self, receipts: Sequence[str]) -> Sequence[str]:
        self._begin("acknowledge")
        await asyncio.sleep(0)
        for receipt in set(receipts) - self.refuse:
            if self.hidden.pop(receipt, None) is not None:
                self.deleted.append(receipt)
        return [one for one in receipts if one in self.refuse]

    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        self._begin("extend")
        await asyncio.sleep(0)
        refused = [one for one in receipts if one in self.refuse or one not in self.hidden]
        for receipt in receipts:
            if receipt not in refused:
                self.extended.append((receipt, seconds))
                self.until[receipt] = asyncio.get_running_loop().time() + seconds
        self._run_out()
        return refused

    async def release(self, receipts: Sequence[str]) -> Sequence[str]:
        self._begin("release")
        self.released.extend(receipts)
        return await self.extend(receipts, 0)

    def _begin(self, method: str) -> None:
        self.calls[method] = self.calls.get(method, 0) + 1
        if method in self.failing:
            raise self.failing[method]

    def _deliver(self) -> Delivered:
        message_id, body, received = self.waiting.popleft()
        receipt = f"{message_id}/{received + 1}"
        self.hidden[receipt] = (message_id, body, received + 1)
        self.until[receipt] = asyncio.get_running_loop().time() + self.visibility_seconds
        return Delivered(
            message_id=message_id, receipt=receipt, body=body, receive_count=received + 1
        )

    def _run_out(self) -> None:
        now = asyncio.get_running_loop().time()
        for receipt in [one for one in self.hidden if self.until[one] <= now]:
            self.waiting.append(self.hidden.pop(receipt))


@dataclass
class MemoryArchive:
    """Objects in a dictionary; can be away."""

    prefix: str = "feedback/"
    objects: dict[str, bytes] = field(default_factory=dict)
    failing: BaseException | None = None
    hanging: bool = False
    tries: int = 0

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        self.tries += 1
        await asyncio.sleep(0)
        if self.failing is not None:
            raise self.failing
        if self.hanging:
            await asyncio.Event().wait()
        assert hashlib.sha256(body).digest() == sha256
        assert self.objects.setdefault(self.prefix + key_suffix, body) == body
        return self.prefix + key_suffix


@dataclass
class FailingRecorder:
    """A recorder that fails as long as it is told to, and hands on otherwise."""

    pipeline: Pipeline
    failing: BaseException | None = None
    poison: bytes | None = None
    """A body that meets a fault of the program."""
    tries: int = 0

    async def handle(self, lines: Sequence[RawLine], *, proposed: bool) -> Recorded:
        self.tries += 1
        if self.failing is not None:
            raise self.failing
        if self.poison is not None and any(self.poison in line.text for line in lines):
            raise ZeroDivisionError
        return await self.pipeline.handle(lines, proposed=proposed)


@dataclass
class World:
    """Everything around one poller."""

    pace: Pace = QUICK
    trust: Trust = field(default_factory=lambda: QueuePolicy(frozenset({TOPIC})))
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    log: RememberedLog = field(default_factory=RememberedLog)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.recorder = FailingRecorder(Pipeline(self.log, OwnNotices(), lambda: NOW))
        self.poller = self.another()

    def another(self) -> Poller:
        return Poller(
            queue=self.queue,
            archive=self.archive,
            recorder=self.recorder,
            trust=self.trust,
            clock=lambda: NOW,
            pace=self.pace,
            backoff=swift,
        )

    async def run_until(self, *conditions: object) -> None:
        """Run the poller until every condition, a callable, holds; then stop it."""
        running = asyncio.create_task(self.poller.run(self.stop))
        try:
            await until(*conditions, running=running)
        finally:
            self.stop.set()
            await asyncio.wait_for(running, 2)


async def until(*conditions: object, running: asyncio.Task[None] | None = None) -> None:
    """Wait until every condition holds; fail if that takes very long."""
    async with asyncio.timeout(30):
        while not all(condition() for condition in conditions if callable(condition)):
            if running is not None and running.done():
                running.result()
                return
            await asyncio.sleep(0.001)
