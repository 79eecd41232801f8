"""The queue as the poller needs it, and the pace at which it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

MOST_RECEIPTS = 80
"""What a queue is asked about in one go: eight calls of ten, side by side."""


class Message(Protocol):
    """A message as the queue delivers it."""

    @property
    def message_id(self) -> str:
        """Return the queue's name for it, the same at each delivery."""
        ...

    @property
    def receipt(self) -> str:
        """Return what is good for this delivery only."""
        ...

    @property
    def body(self) -> str:
        """Return the text."""
        ...

    @property
    def sent_at(self) -> datetime | None:
        """Return when it was put into the queue."""
        ...

    @property
    def receive_count(self) -> int:
        """Return how often it was delivered, this time included."""
        ...


class Queue(Protocol):
    """The feedback queue; every method raises Unavailable, Forbidden or Missing."""

    async def receive(self, wait_seconds: int) -> Sequence[Message]:
        """Wait so long for messages and return at most ten."""
        ...

    async def acknowledge(self, receipts: Sequence[str]) -> Sequence[str]:
        """Delete messages for good; return the receipts that were not taken."""
        ...

    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        """Hide messages for so long from now; return the receipts that were not taken."""
        ...

    async def release(self, receipts: Sequence[str]) -> Sequence[str]:
        """Show messages to others again at once; return the receipts that were not taken."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much is taken at once and how long is waited; seconds throughout."""

    receivers: int = 2
    visibility_seconds: int = 120
    """That of the queue, or what each receive asks for."""
    batch_messages: int = 1000
    batch_bytes: int = 4 * 1024 * 1024
    batch_seconds: float = 1.0
    wait_seconds: int = 10
    """Of a long poll. A stop lets it return, so it is well below the grace."""
    grace_seconds: float = 22.0
    """For what is in hand after a stop; with the next, less than the daemon gives all parts."""
    release_seconds: float = 3.0
    """For giving back what the grace did not suffice for."""
    empty_seconds: float = 1.0
    """Between polls that come back empty sooner than this."""
    refused_seconds: float = 30.0
    """Between receives that AWS refuses or that fail for a reason nobody knows."""
    patience_seconds: float = 1.0
    """After which an idle loop shows a sign of life."""
    hang_seconds: float = 95.0
    """After which a loop without a sign of life counts as hanging: a little more than the
    longest receive, three tries of 30 seconds."""


def parts(receipts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return the receipts in groups that a queue answers within moments."""
    for start in range(0, len(receipts), MOST_RECEIPTS):
        yield receipts[start : start + MOST_RECEIPTS]
