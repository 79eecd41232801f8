"""The archive of raw notifications, in objects as the daemon lays them down."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from sesauditd.demo.notifications import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sesauditd.demo.weeks import Week

LONGEST_OBJECT = 200
"""Lines of an archive object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A body that came out of the queue."""

    at: datetime
    body: str
    count: int = 1
    """How often the queue had delivered it by then."""


def archived(folder: Path, arrivals: Iterable[Arrival]) -> list[Path]:
    """Write the bodies as the daemon archives them; return the files in order of arrival.

    `dt=2026-10-26/hour=07/<receive ms>-<sha256>.jsonl.gz` below the folder: nothing from a
    message ever goes into a name.
    """
    files = []
    ordered = sorted(arrivals, key=lambda one: (one.at, one.body))
    for hour, found in groupby(ordered, key=lambda one: f"dt={one.at:%Y-%m-%d}/hour={one.at:%H}"):
        batch = list(found)
        place = folder / hour
        place.mkdir(parents=True, exist_ok=True)
        starts = range(0, len(batch), LONGEST_OBJECT)
        files += [_object(place, batch[one : one + LONGEST_OBJECT]) for one in starts]
    return files


def is_within(file: Path, week: Week) -> bool:
    """Say whether an object arrived in the week; its name says when."""
    received = int(file.name.partition("-")[0])
    start = int(week.monday.timestamp() * 1000)
    return start <= received < int(week.end.timestamp() * 1000)


def _object(place: Path, batch: list[Arrival]) -> Path:
    text = "".join(f"{_record(one)}\n" for one in batch).encode()
    received = int(batch[0].at.timestamp() * 1000)
    path = place / f"{received}-{hashlib.sha256(text).hexdigest()}.jsonl.gz"
    path.write_bytes(gzip.compress(text, compresslevel=6, mtime=0))
    return path


def _record(one: Arrival) -> str:
    digest = hashlib.sha256(one.body.encode()).hexdigest()
    return json.dumps(
        {
            "message_id": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:28]}",
            "received_at": stamp(one.at),
            "sent_at": stamp(one.at),
            "receive_count": one.count,
            "sha256": digest,
            "body": one.body,
        }
    )
