"""The journal: every change of the register and every decision, chained by hashes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from sesauditd.model.calendar import aware
from sesauditd.store.tables import journal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

FIRST = bytes(32)


async def append(
    connection: AsyncConnection,
    *,
    at: datetime,
    actor: str,
    kind: str,
    subject: str,
    facts: Mapping[str, object],
) -> int:
    """Append one row inside the caller's writing transaction; return its sequence number.

    Raises ValueError for a time without a zone.
    """
    newest = (
        await connection.execute(
            select(journal.c.sequence, journal.c.hash).order_by(journal.c.sequence.desc()).limit(1)
        )
    ).first()
    sequence = newest.sequence + 1 if newest else 1
    previous = newest.hash if newest else FIRST
    row = {"at": aware(at), "actor": actor, "kind": kind, "subject": subject, "facts": dict(facts)}
    await connection.execute(
        insert(journal).values(
            sequence=sequence, previous=previous, hash=_hash(previous, sequence, row), **row
        )
    )
    return sequence


async def verify(connection: AsyncConnection) -> list[int]:
    """Return the sequence numbers at which the chain is broken: changed, or one is missing."""
    broken = []
    previous, expected = FIRST, 1
    for row in await connection.execute(select(journal).order_by(journal.c.sequence)):
        whole = row.previous == previous and row.sequence == expected
        if not whole or row.hash != _hash(row.previous, row.sequence, _facts(row)):
            broken.append(row.sequence)
        previous, expected = row.hash, row.sequence + 1
    return broken


def _facts(row: Row[Any]) -> dict[str, object]:
    return {
        "at": row.at,
        "actor": row.actor,
        "kind": row.kind,
        "subject": row.subject,
        "facts": row.facts,
    }


def _hash(previous: bytes, sequence: int, row: Mapping[str, Any]) -> bytes:
    canonical = json.dumps(
        {**row, "at": row["at"].isoformat(), "sequence": sequence}, sort_keys=True
    )
    return hashlib.sha256(previous + canonical.encode()).digest()
