"""Compares what was sent with what the archive and the store hold."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.soak.letters import Fate, Identity, Letter

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.sandbox.operator import Operator

AT_ONCE = timedelta(seconds=1)
STORED = "SELECT sha256 FROM events"
QUARANTINED = "SELECT sha256 FROM quarantine"
ROLLED_UP = "SELECT domain, hour, outcome, SUM(count) FROM rollups GROUP BY 1, 2, 3"
COUNTED = """
SELECT e.domain, e.at / 3600000000, r.outcome, COUNT(*)
FROM events e JOIN event_recipients r ON r.event = e.key
WHERE e.domain IS NOT NULL AND r.outcome <> 'notice' GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The lines of the archive."""

    lines: int
    bodies: Counter[str]
    """How many messages with each body are there, by its SHA-256."""
    deliveries: Counter[str]
    """How often each message is there, by the queue's name for it."""
    came_back: int
    """Messages that were received again later: two receivers at once may both get one, too."""
    receive_counts: Counter[int]
    objects: int


def kept(asking: Operator, bucket: str) -> Kept:
    """Read every batch of the archive."""
    keys: list[str] = []
    found: list[Mapping[str, object]] = []
    parameters: dict[str, object] = {"Bucket": bucket}
    while True:
        page = asking.ask("s3", "ListObjectsV2", **parameters)
        keys += [one["Key"] for one in page.get("Contents", ())]
        if not page.get("IsTruncated"):
            break
        parameters["ContinuationToken"] = page["NextContinuationToken"]
    batches = [key for key in keys if "/raw/" in key]
    for key in batches:
        body = asking.ask("s3", "GetObject", Bucket=bucket, Key=key)["Body"].read()
        found += [json.loads(line) for line in gzip.decompress(body).splitlines()]
    lines: dict[str, list[Mapping[str, object]]] = {}
    for one in found:
        lines.setdefault(str(one["message_id"]), []).append(one)
    bodies = {str(one["message_id"]): str(one["sha256"]) for one in found}
    return Kept(
        lines=len(found),
        bodies=Counter(bodies.values()),
        came_back=sum(map(_came_back, lines.values())),
        deliveries=Counter(str(one["message_id"]) for one in found),
        receive_counts=Counter(int(str(one["receive_count"])) for one in found),
        objects=len(batches),
    )


def _came_back(lines: Sequence[Mapping[str, object]]) -> bool:
    """Say whether a message was received again after its time was over.

    What two receivers got at once has as many lines as receives, all of the same moment.
    """
    moments = [datetime.fromisoformat(str(one["received_at"])) for one in lines]
    receives = max(int(str(one["receive_count"])) for one in lines)
    return receives > len(lines) or max(moments) - min(moments) >= AT_ONCE


def check_store(database: Path, sent: Sequence[Letter]) -> None:
    """Assert that the store holds each event and each unreadable body exactly once."""
    identities = {one.sha256: one.identity for one in sent if one.fate is Fate.STORED}
    with closing(sqlite3.connect(database)) as connection:
        stored = Counter(_known(identities, row) for row in _bytes(connection, STORED))
        quarantined = [row.hex() for row in _bytes(connection, QUARANTINED)]
        rolled_up = sorted(connection.execute(ROLLED_UP))
        counted = sorted(connection.execute(COUNTED))
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    assert set(stored) == set(identities.values())
    assert max(stored.values()) == 1
    assert set(quarantined) == {one.sha256 for one in sent if one.fate is Fate.QUARANTINED}
    assert rolled_up == counted
    assert integrity == "ok"


def _bytes(connection: sqlite3.Connection, query: str) -> list[bytes]:
    return [row for (row,) in connection.execute(query)]


def _known(identities: Mapping[str, Identity], digest: bytes) -> Identity:
    """Return which event a stored row is, by the body that it names."""
    return identities[digest.hex()]
