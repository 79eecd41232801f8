"""Objects of the archive as lines: read ahead of their use, in order, in flat memory."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import zlib
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from sesauditd.errors import Failed
from sesauditd.ingest.reader import RawLine
from sesauditd.model.calendar import EPOCH

AHEAD = 16
"""Objects under way at once: an answer of S3 takes longer than reading what it brings."""
STAMP = re.compile(r"/(\d{10,14})-([0-9a-f]{64})\.jsonl\.gz$")
"""How the key of an object ends that the daemon wrote: receive time and hash (design 4)."""


class Shelf(Protocol):
    """Where objects are read by their keys."""

    async def read(self, key: str) -> bytes:
        """Return an object whole. Raises Missing, Unavailable or Forbidden."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What the key of a raw object says."""

    key: str
    at: datetime
    """When the first of its messages was received."""
    sha256: str


class _Record(msgspec.Struct):
    received_at: datetime
    sha256: str
    body: str


_DECODER = msgspec.json.Decoder(_Record)


def stamp_of(key: str) -> Stamp | None:
    """Return what a key says, None for one that the daemon did not write."""
    found = STAMP.search(key)
    if found is None:
        return None
    at = EPOCH + timedelta(milliseconds=int(found[1]))
    return Stamp(key=key, at=at, sha256=found[2])


async def read_ahead(
    shelf: Shelf, keys: Iterable[str], *, ahead: int = AHEAD
) -> AsyncIterator[tuple[str, bytes]]:
    """Yield each object in the order of the keys, several under way; raises as the shelf."""
    waiting: deque[tuple[str, asyncio.Task[bytes]]] = deque()
    wanted = iter(keys)
    try:
        while True:
            for key in wanted:
                waiting.append((key, asyncio.create_task(shelf.read(key))))
                if len(waiting) >= ahead:
                    break
            if not waiting:
                return
            key, task = waiting.popleft()
            yield key, await task
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


def plain(key: str, body: bytes) -> bytes:
    """Return what an object holds, unpacked if it is packed; raises Failed, naming it."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return gzip.decompress(body)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Failed(f"{key}: the object is damaged ({error})") from error


def source_lines(source: str, text: bytes) -> list[RawLine]:
    """Return the lines of an object that anybody may have written, as `replay` takes them."""
    return [
        RawLine(text=line, origin_source=source, line=number)
        for number, line in enumerate(text.split(b"\n"), start=1)
        if line.strip()
    ]


def archived_lines(key: str, text: bytes) -> Sequence[RawLine]:
    """Return the raw messages in an object that the daemon wrote, as it once received them."""
    return [
        _line(key, number, line)
        for number, line in enumerate(text.split(b"\n"), start=1)
        if line.strip()
    ]


def _line(key: str, number: int, line: bytes) -> RawLine:
    try:
        record = _DECODER.decode(line)
        body = record.body.encode()
    except (msgspec.DecodeError, UnicodeError) as error:
        said = f"an archive record that cannot be read: {error}"
        return RawLine(text=line, origin_source=key, line=number, fault=said)
    fault = None
    if hashlib.sha256(body).hexdigest() != record.sha256:
        fault = "an archive record whose body does not match its sha256"
    return RawLine(
        text=body, origin_source=key, line=number, fault=fault, received_at=record.received_at
    )
