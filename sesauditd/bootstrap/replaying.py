"""Replays what lies in files, folders and buckets, one source after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from sesauditd.bootstrap.shelves import S3, bucket_of

if TYPE_CHECKING:
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.shelves import Item, Shelves
    from sesauditd.ingest.reader import RawLine
    from sesauditd.model.recorded import Recorded

Advance = Callable[[int], None]


async def replay(
    program: Application, sources: Sequence[str], begun: Callable[[int], Advance]
) -> Recorded:
    """Record what all sources hold; what follows is only proposed. Repeating changes nothing.

    `begun` gets the bytes of a source and returns who is told of those that are done. Raises
    Refused for a source that is none, Failed for one that breaks off: what was read before is
    recorded.
    """
    from sesauditd.ingest.replay import bytes_total, files_of
    from sesauditd.model.recorded import Recorded

    total = Recorded()
    near = [one for one in sources if not one.startswith(S3)]
    # Whatever is misspelt is said before anything is recorded.
    files_of(near)
    for one in sources:
        if one.startswith(S3):
            bucket_of(one)
    if near:
        advance = _difference(begun(bytes_total(near)))
        total += await program.replay(near, on_bytes=advance)
    for one in sources:
        if one.startswith(S3):
            total += await _from_bucket(program, one, begun)
    return total


async def _from_bucket(
    program: Application, source: str, begun: Callable[[int], Advance]
) -> Recorded:
    from sesauditd.bootstrap.shelves import shelves_of
    from sesauditd.errors import Refused
    from sesauditd.ingest.replay import ENDINGS, is_journal
    from sesauditd.model.recorded import Recorded

    total = Recorded()
    async with shelves_of(program.settings, source) as shelves:
        items = [
            one
            for one in await shelves.reading.items(shelves.prefix)
            if one.key.endswith(ENDINGS) and not is_journal(one.key)
        ]
        if not items:
            raise Refused(f"{source}: no {' or '.join(ENDINGS)} object lies there")
        advance = begun(sum(one.size for one in items))
        async for lines, size in _batches(program, shelves, items):
            total += await program.pipeline.handle(lines, proposed=True)
            advance(size)
    return total


async def _batches(
    program: Application, shelves: Shelves, items: Sequence[Item]
) -> AsyncIterator[tuple[list[RawLine], int]]:
    """Yield the lines of some objects, and the bytes that those had."""
    from sesauditd.ingest.objects import plain, read_ahead, source_lines

    sizes = {one.key: one.size for one in items}
    bucket, _ = bucket_of(shelves.name)
    # In the daemon's own archive an object has the name by which events know it already.
    start = "" if bucket == program.settings.archive.bucket else f"{S3}{bucket}/"
    lines: list[RawLine] = []
    size = 0
    async for key, body in read_ahead(shelves.reading, sizes):
        lines += source_lines(f"{start}{key}", plain(key, body))
        size += sizes[key]
        if len(lines) >= program.pipeline.batch_lines:
            yield lines, size
            lines, size = [], 0
    yield lines, size


def _difference(advance: Advance) -> Advance:
    """Return who is told positions, and tells the steps between them."""
    done = 0

    def told(position: int) -> None:
        nonlocal done
        advance(position - done)
        done = position

    return told
