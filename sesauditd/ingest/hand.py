"""What was received and is not finished: a bounded amount, handed out in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sesauditd.daemon.backoff import set_within

if TYPE_CHECKING:
    from sesauditd.ingest.batch import Received

MOST_AT_ONCE = 10
"""Messages that one receive brings at most (ses-facts.md 2.3)."""
BATCHES_IN_HAND = 2
"""One that is worked on and one that fills meanwhile."""


@dataclass(slots=True, kw_only=True)
class Hand:
    """Takes what receivers bring and gives it on in batches; says when it is full."""

    batch_messages: int
    batch_bytes: int
    batch_seconds: float
    """How old the first message of a batch grows before the batch is closed."""
    _waiting: deque[tuple[float, Received]] = field(default_factory=deque, init=False)
    _waiting_bytes: int = field(default=0, init=False)
    _in_work: int = field(default=0, init=False)
    _in_work_bytes: int = field(default=0, init=False)
    _expected: int = field(default=0, init=False)
    _shut: bool = field(default=False, init=False)
    _last: bool = field(default=False, init=False)
    _room: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _some: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _enough: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        """Begin with room."""
        self._signal()

    def __len__(self) -> int:
        """Return how many messages are in hand, waiting and in work."""
        return len(self._waiting) + self._in_work

    @property
    def finished(self) -> bool:
        """Return whether nothing more will come and nothing waits."""
        return self._last and not self._waiting

    async def has_room(self, seconds: float) -> bool:
        """Wait at most so long for room for one more receive; return whether there is some."""
        return await set_within(self._room, seconds)

    def expect(self) -> None:
        """Keep room for what a receive may bring."""
        self._expected += MOST_AT_ONCE
        self._signal()

    def take(self, messages: Sequence[Received]) -> None:
        """Take what an expected receive brought."""
        self._expected -= MOST_AT_ONCE
        at = asyncio.get_running_loop().time()
        self._waiting.extend((at, message) for message in messages)
        self._waiting_bytes += _size(messages)
        self._signal()

    def shut(self) -> None:
        """Let nothing more in for now."""
        self._shut = True
        self._signal()

    def reopen(self) -> None:
        """Let in again what there is room for."""
        self._shut = False
        self._signal()

    def last_taken(self) -> None:
        """Say that nothing more will come, so that nothing is waited for."""
        self._last = True
        self._signal()

    async def batch(self, patience_seconds: float) -> list[Received]:
        """Return a batch once it is full or old; nothing if none came within the patience."""
        if not await set_within(self._some, patience_seconds) or not self._waiting:
            return []
        old_at = self._waiting[0][0] + self.batch_seconds
        await set_within(self._enough, old_at - asyncio.get_running_loop().time())
        return self._cut()

    def put_down(self, batch: Sequence[Received]) -> None:
        """Make room: the batch is finished, one way or the other."""
        self._in_work -= len(batch)
        self._in_work_bytes -= _size(batch)
        self._signal()

    def _cut(self) -> list[Received]:
        batch: list[Received] = []
        size = 0
        while self._waiting and len(batch) < self.batch_messages and size < self.batch_bytes:
            _, message = self._waiting.popleft()
            batch.append(message)
            size += len(message.body)
        self._waiting_bytes -= size
        self._in_work += len(batch)
        self._in_work_bytes += size
        self._signal()
        return batch

    def _signal(self) -> None:
        most = BATCHES_IN_HAND * self.batch_messages
        expected = len(self) + self._expected
        size = self._waiting_bytes + self._in_work_bytes
        fits = expected < most and size < BATCHES_IN_HAND * self.batch_bytes
        full = len(self._waiting) >= self.batch_messages or self._waiting_bytes >= self.batch_bytes
        _turn(self._room, on=fits and not self._shut and not self._last)
        _turn(self._some, on=bool(self._waiting) or self._last)
        _turn(self._enough, on=full or self._last)


def _size(messages: Sequence[Received]) -> int:
    return sum(len(message.body) for message in messages)


def _turn(event: asyncio.Event, *, on: bool) -> None:
    if on:
        event.set()
    else:
        event.clear()
