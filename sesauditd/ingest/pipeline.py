"""One batch of raw notifications: read each, record all in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import SesauditdError
from sesauditd.ingest.reader import RawLine, read
from sesauditd.model.events import Flag
from sesauditd.model.recorded import Recorded
from sesauditd.model.register import Register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from sesauditd.model.events import Reading
    from sesauditd.model.register import OwnNotices

BATCH_BYTES = 16 * 1024 * 1024
"""A batch of large messages ends early, so that memory stays flat."""


class EventLog(Protocol):
    """Where readings are kept, each at most once."""

    async def register(self) -> Register:
        """Return who owns what at this moment."""
        ...

    async def record(
        self, readings: Sequence[Reading], *, now: datetime, proposed: bool
    ) -> Recorded:
        """Keep the readings and all that follows from them in one transaction.

        With `proposed` the actions that follow wait for an operator.
        """
        ...


def _is_own_notice(reading: Reading) -> bool:
    return reading.event is not None and Flag.OWN_NOTICE in reading.event.flags


def _unseen(_: Recorded) -> None:
    return


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The way of raw notifications into the store."""

    log: EventLog
    own_notices: OwnNotices
    clock: Callable[[], datetime]
    batch_lines: int = 1000

    async def handle(self, lines: Sequence[RawLine], *, proposed: bool) -> Recorded:
        """Read and record one batch in one transaction; repeating it changes nothing."""
        if not lines:
            return Recorded()
        now = self.clock()
        readings = await self._read(lines, now)
        return await self.log.record(readings, now=now, proposed=proposed)

    async def _read(self, lines: Sequence[RawLine], now: datetime) -> list[Reading]:
        """Return what the lines say; the register is asked for only where it decides."""
        nobody = Register()
        readings = [
            read(line, now=now, register=nobody, own_notices=self.own_notices) for line in lines
        ]
        # Where no caller is known, all that can be a notice of ours is taken for one.
        doubtful = [place for place, one in enumerate(readings) if _is_own_notice(one)]
        if doubtful:
            register = await self.log.register()
            for place in doubtful:
                readings[place] = read(
                    lines[place], now=now, register=register, own_notices=self.own_notices
                )
        return readings

    async def replay(
        self, lines: Iterable[RawLine], progress: Callable[[Recorded], None] = _unseen
    ) -> Recorded:
        """Record all lines batch by batch; what follows from them is only proposed.

        `progress` is told the counts so far after every batch. If the source breaks off with
        an error of this program, what was read before is recorded and the error raised then.
        """
        total = Recorded()
        for batch in _batches(lines, self.batch_lines):
            total += await self.handle(batch, proposed=True)
            progress(total)
        return total


def _batches(lines: Iterable[RawLine], most_lines: int) -> Iterator[list[RawLine]]:
    batch: list[RawLine] = []
    size = 0
    broken_off: SesauditdError | None = None
    try:
        for line in lines:
            batch.append(line)
            size += len(line.text)
            if len(batch) >= most_lines or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    except SesauditdError as error:
        broken_off = error
    if batch:
        yield batch
    if broken_off is not None:
        raise broken_off
