"""A batch of received messages as one object of the archive, and as lines to be read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from isal import igzip

from sesauditd.ingest.reader import RawLine
from sesauditd.model.calendar import EPOCH

if TYPE_CHECKING:
    from collections.abc import Sequence

QUICK = 1
"""ISA-L's level: smaller than what zlib makes quickly, in a sixth of the time."""
ONE_MILLISECOND = timedelta(milliseconds=1)


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One message as the queue handed it over."""

    message_id: str
    receipt: str
    """Good for this one delivery: with it the message is acknowledged and kept invisible."""
    body: bytes
    """UTF-8, whatever it says."""
    sent_at: datetime | None
    receive_count: int
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """An object of the archive, ready to be kept."""

    key: str
    """Below the archive's prefix; made of a time and a hash, of no word from any message."""
    body: bytes
    sha256: bytes
    """Of `body`, 32 bytes; the key holds it too."""


class _Record(msgspec.Struct):
    message_id: str
    received_at: datetime
    sent_at: datetime | None
    receive_count: int
    sha256: str
    body: str


_ENCODER = msgspec.json.Encoder()


def pack(batch: Sequence[Received]) -> Packed:
    """Return the batch as a gzip file of one JSON object a line, always the same bytes.

    The hour in the key is that of the first receipt. A batch is never empty.
    """
    body = igzip.compress(_ENCODER.encode_lines(map(_record, batch)), QUICK, mtime=0)
    digest = hashlib.sha256(body)
    first = min(message.received_at for message in batch)
    stamp = (first - EPOCH) // ONE_MILLISECOND
    key = f"{hour_folder(first)}{stamp}-{digest.hexdigest()}.jsonl.gz"
    return Packed(key=key, body=body, sha256=digest.digest())


def hour_folder(moment: datetime) -> str:
    """Return the folder of the hour in which a batch was received; hours sort as their names."""
    return f"raw/{moment.astimezone(UTC):dt=%Y-%m-%d/hour=%H}/"


def raw_lines(batch: Sequence[Received], key: str) -> list[RawLine]:
    """Return the messages as lines of the object that `pack` makes of the same batch."""
    return [
        RawLine(text=message.body, origin_source=key, line=number, received_at=message.received_at)
        for number, message in enumerate(batch, start=1)
    ]


def _record(message: Received) -> _Record:
    return _Record(
        message_id=message.message_id,
        received_at=message.received_at,
        sent_at=message.sent_at,
        receive_count=message.receive_count,
        sha256=hashlib.sha256(message.body).hexdigest(),
        body=message.body.decode(),
    )
