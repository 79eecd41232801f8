"""Counts and times what the daemon's parts do, around them: they know nothing of metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from sesauditd.aws.queue import Queue

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from sesauditd.aws.queue import Depth, Message
    from sesauditd.ingest.intake import Archive, Recorder
    from sesauditd.ingest.reader import RawLine
    from sesauditd.model.recorded import Recorded
    from sesauditd.web.meters import Meters

Step = Callable[["asyncio.Event"], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class MeteredArchive:
    """An archive whose puts are timed."""

    archive: Archive
    meters: Meters

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        """Keep an object, as the archive itself does."""
        with self.meters.stage("archive"):
            return await self.archive.keep(key_suffix, body, sha256)


@dataclass(frozen=True, slots=True)
class MeteredRecorder:
    """A recorder whose batches are timed and whose notifications are counted."""

    recorder: Recorder
    meters: Meters

    async def handle(self, lines: Sequence[RawLine], *, proposed: bool) -> Recorded:
        """Record a batch, as the recorder itself does."""
        with self.meters.stage("record"):
            found = await self.recorder.handle(lines, proposed=proposed)
        for result in ("recorded", "duplicates", "quarantined", "ignored"):
            self.meters.notifications.labels(result).inc(getattr(found, result))
        return found


class MeteredQueue(Queue):
    """The queue, with its errors counted, and noting what each look at its depth saw.

    `meters` is set once it is made.
    """

    meters: Meters | None = None

    @override
    async def receive(self, wait_seconds: int = 20) -> Sequence[Message]:
        """Wait for messages, as the queue itself does."""
        with nullcontext() if self.meters is None else self.meters.counting("queue"):
            return await super().receive(wait_seconds)

    @override
    async def depth(self, now: datetime | None = None) -> Depth:
        """Return how much stands in it."""
        found = await super().depth(now)
        if self.meters is not None:
            self.meters.looked(
                waiting=found.waiting,
                in_flight=found.in_flight,
                oldest_seconds=found.oldest_seconds,
            )
        return found


def metered(part: str, step: Step, meters: Meters) -> Step:
    """Return the step of a duty with its errors counted."""

    async def run(stop: asyncio.Event) -> object:
        with meters.counting(part):
            return await step(stop)

    return run
