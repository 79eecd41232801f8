"""Messages without a queue: bodies, archives of them, and readings as the pipeline makes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import bench
import generator

from sesauditd.ingest.batch import Received, pack, raw_lines
from sesauditd.ingest.reader import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sesauditd.bootstrap import Application
    from sesauditd.model.events import Reading

BATCH = 1000
END = datetime(2026, 11, 23, tzinfo=UTC)


def times(events: int, days: float) -> Iterator[datetime]:
    """Yield the times of so many events, evenly over the days before END."""
    begin, step = END - timedelta(days=days), timedelta(days=days) / events
    return (begin + step * number for number in range(events))


def bodies(events: int, days: float = 1.0, first: int = 0) -> Iterator[tuple[str, datetime]]:
    """Yield messages as the stub makes them, each with its time; numbers begin at `first`."""
    with bench.patterns_file().open() as lines:
        patterns = [line.rstrip("\n") for line in lines]
    for number, at in enumerate(times(events, days), start=first):
        yield generator.filled(patterns[number % len(patterns)], number, at), at


def received(events: int, days: float = 1.0, first: int = 0) -> Iterator[Received]:
    """Yield messages as the daemon holds them in hand."""
    for number, (body, at) in enumerate(bodies(events, days, first), start=first):
        yield Received(
            message_id=f"{number:032x}",
            receipt=f"r{number}",
            body=body.encode(),
            sent_at=at,
            receive_count=1,
            received_at=at,
        )


def batches(
    events: int, days: float = 1.0, first: int = 0, size: int = BATCH
) -> Iterator[Sequence[Received]]:
    """Yield messages in batches of one object of the archive."""
    coming = received(events, days, first)
    while batch := list(itertools.islice(coming, size)):
        yield batch


async def readings(
    application: Application, batch: Sequence[Received], source: str
) -> list[Reading]:
    """Return a batch as the store gets it."""
    register = await application.log.register()
    now, own = batch[-1].received_at, application.pipeline.own_notices
    return [
        read(line, now=now, register=register, own_notices=own) for line in raw_lines(batch, source)
    ]


def archive(folder: Path, events: int, days: float = 1.0) -> list[Path]:
    """Write an archive as the daemon does, and return its objects."""
    files = []
    for batch in batches(events, days):
        packed = pack(batch)
        file = folder / packed.key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(packed.body)
        files.append(file)
    return sorted(files)
