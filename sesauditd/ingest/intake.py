"""One batch from the hand to its end: archived, recorded, and only then acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from sesauditd.daemon.backoff import Backoff
from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Broken, Refused, SesauditdError
from sesauditd.ingest.batch import Packed, Received, pack, raw_lines
from sesauditd.ingest.source import parts
from sesauditd.model.recorded import Recorded

if TYPE_CHECKING:
    from sesauditd.ingest.reader import RawLine
    from sesauditd.ingest.trust import Trust
    from sesauditd.ingest.visibility import Visibility

ACKNOWLEDGE_TRIES = 3
UNDECIDED_SECONDS = (60, 900, 3600)
"""For how long a message whose certificate cannot be fetched is put back, receive by receive.

After the last it is recorded as unverified. Fewer than the receives after which the queue
moves a message to its dead-letter queue (ses-facts.md 2.3: 10 by default).
"""

T = TypeVar("T")

log = structlog.get_logger()


class Archive(Protocol):
    """Where every raw message is kept, whatever it says."""

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        """Keep an object under its key once and return the whole key; repeating is harmless."""
        ...


class Recorder(Protocol):
    """Reads and records lines."""

    async def handle(self, lines: Sequence[RawLine], *, proposed: bool) -> Recorded:
        """Record all in one transaction; repeating it changes nothing."""
        ...


class Receipts(Protocol):
    """The part of a queue that ends a delivery."""

    async def acknowledge(self, receipts: Sequence[str]) -> Sequence[str]:
        """Delete messages for good; return the receipts that were not taken."""
        ...

    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        """Hide messages for so long from now; return the receipts that were not taken."""
        ...


class Gate(Protocol):
    """Told when intake cannot go on, and when it can again."""

    def paused(self, reason: str) -> None:
        """Let nothing more in; called at every failure."""
        ...

    def resumed(self) -> None:
        """Let messages in again; called at every success."""
        ...

    def goes_on(self) -> None:
        """Take note that the batch is still being worked on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The way of one batch; every step may be repeated."""

    queue: Receipts
    archive: Archive
    recorder: Recorder
    trust: Trust
    visibility: Visibility
    gate: Gate
    backoff: Backoff = field(default_factory=Backoff)

    async def settle(self, batch: Sequence[Received], stop: asyncio.Event) -> Recorded:
        """Carry one batch to its end and return what became of its messages.

        While archive or store are away each step is tried until it succeeds: the batch stays
        in hand, so that our own outage never counts as a receive. Once `stop` is set the first
        failure is raised. Raises Broken and Refused at once.
        """
        reach("intake.received")
        packed = await asyncio.to_thread(pack, batch)
        key = await self._insist(partial(self._keep, packed), stop)
        reach("intake.archived")
        lines = raw_lines(batch, key)
        examined = await self._insist(partial(self.trust.examine, lines), stop)
        later = {
            number
            for number in examined.undecided
            if batch[number - 1].receive_count <= len(UNDECIDED_SECONDS)
        }
        clear = [line for line in examined.lines if line.line not in later]
        counts, left = await self._insist(partial(self._record, clear), stop)
        reach("intake.recorded")
        log.info(
            "batch_recorded",
            archive_key=key,
            recorded=counts.recorded,
            duplicates=counts.duplicates,
            quarantined=counts.quarantined,
            ignored=counts.ignored,
        )
        await self._put_back([batch[number - 1] for number in later])
        done = set(range(1, len(batch) + 1)) - later - left
        await self._acknowledge([batch[number - 1].receipt for number in sorted(done)])
        self.visibility.drop(message.receipt for message in batch)
        reach("intake.acknowledged")
        return counts

    async def _insist(self, step: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T:
        while True:
            try:
                answer = await step()
            except (Broken, Refused):
                # What was not flushed must not be tried again as if it could still succeed.
                raise
            except SesauditdError as error:
                self.gate.paused(str(error))
                if stop.is_set():
                    raise
            else:
                self.gate.resumed()
                self.backoff.reset()
                return answer
            await self.backoff.wait(stop)

    async def _keep(self, packed: Packed) -> str:
        return await self.archive.keep(packed.key, packed.body, packed.sha256)

    async def _record(self, lines: Sequence[RawLine]) -> tuple[Recorded, frozenset[int]]:
        """Record the lines; return the counts and the numbers of lines that nobody can record.

        One message that meets a fault of this program must not keep the others back: it is
        found by halving, is not acknowledged, and ends in the dead-letter queue.
        """
        try:
            return await self.recorder.handle(lines, proposed=False), frozenset()
        except SesauditdError:
            raise
        except Exception:
            if len(lines) == 1:
                line = lines[0]
                log.exception("message_unrecordable", source=line.origin_source, line=line.line)
                return Recorded(), frozenset({line.line})
        middle = len(lines) // 2
        counts, left = await self._record(lines[:middle])
        more_counts, more_left = await self._record(lines[middle:])
        return counts + more_counts, left | more_left

    async def _put_back(self, messages: Sequence[Received]) -> None:
        """Hide messages until it makes sense to look at them again."""
        for seconds in set(map(_patience, messages)):
            receipts = [one.receipt for one in messages if _patience(one) == seconds]
            ours = self.visibility.ours(receipts)
            self.visibility.drop(receipts)
            log.warning("messages_undecided", messages=len(receipts), seconds=seconds)
            try:
                await self.queue.extend(ours, seconds)
            except SesauditdError as error:
                # They come back by themselves, only sooner.
                log.warning("extension_failed", messages=len(ours), reason=str(error))

    async def _acknowledge(self, receipts: Sequence[str]) -> None:
        """Delete what is still ours; what is not taken comes again, which is harmless."""
        left, reason = list(receipts), "not taken"
        for _ in range(ACKNOWLEDGE_TRIES):
            left = self.visibility.ours(left)
            if not left:
                return
            try:
                left = await self._acknowledge_once(left)
            except SesauditdError as error:
                reason = str(error)
            self.gate.goes_on()
        if left:
            log.warning("acknowledge_left", messages=len(left), reason=reason)

    async def _acknowledge_once(self, receipts: Sequence[str]) -> list[str]:
        # One part after the other, so that a queue that hangs is waited for once and not for
        # each ten messages.
        left: list[str] = []
        for part in parts(receipts):
            untaken = await self.queue.acknowledge(part)
            # A heartbeat must not ask for what is gone.
            self.visibility.drop(set(part).difference(untaken))
            left += untaken
            self.gate.goes_on()
        return left


def _patience(message: Received) -> int:
    return UNDECIDED_SECONDS[message.receive_count - 1]
