"""Which received messages are believed: by the queue's policy, or by the signature of SNS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sesauditd.ingest.reader import RawLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """Lines after a look at where they come from; one that is not believed carries a fault."""

    lines: Sequence[RawLine]
    """As many as were given, in their order."""
    undecided: frozenset[int] = frozenset()
    """Numbers of lines that a later look may believe: a certificate cannot be fetched now."""


class Trust(Protocol):
    """Tells messages of our topics from what else somebody put into the queue."""

    async def examine(self, lines: Sequence[RawLine]) -> Examined:
        """Return the lines, each that is not to be believed with the reason as its fault."""
        ...


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """Believes the queue's policy, which lets only our topics send, and checks their names.

    A raw delivery names no topic and is believed.
    """

    topics: frozenset[str]

    async def examine(self, lines: Sequence[RawLine]) -> Examined:
        """Return the lines bound to the topics, which the reader compares."""
        return Examined(lines=[replace(line, topics=self.topics) for line in lines])
