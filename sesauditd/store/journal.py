"""The journal: every change of the register and every decision, chained by hashes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from sesauditd.model.calendar import aware
from sesauditd.store.statements import upsert
from sesauditd.store.tables import journal, observations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

FIRST = bytes(32)
"""What stands before the first row."""
HEAD = "journal_head"
"""The observation that says which row is the newest: rows cut off the end are missed by it."""


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
    digest = hash_of(previous, sequence, row)
    await connection.execute(
        insert(journal).values(sequence=sequence, previous=previous, hash=digest, **row)
    )
    head = {"facts": {"sequence": sequence, "hash": digest.hex()}, "at": row["at"]}
    await connection.execute(
        upsert(connection, observations)
        .values(name=HEAD, **head)
        .on_conflict_do_update(index_elements=["name"], set_=head)
    )
    return sequence


async def newest_at(connection: AsyncConnection) -> datetime | None:
    """Return the time of the newest row, None while there is none."""
    return await connection.scalar(
        select(journal.c.at).order_by(journal.c.sequence.desc()).limit(1)
    )


async def has_kind(connection: AsyncConnection, kind: str, subject: str | None = None) -> bool:
    """Say whether there is any row of a kind, about that subject if one is given."""
    found = select(journal.c.sequence).where(journal.c.kind == kind).limit(1)
    if subject is not None:
        found = found.where(journal.c.subject == subject)
    return await connection.scalar(found) is not None


async def verify(connection: AsyncConnection) -> list[int]:
    """Return the sequence numbers at which the chain is broken: changed, or one is missing."""
    broken = []
    previous, expected = FIRST, 1
    for row in await connection.execute(select(journal).order_by(journal.c.sequence)):
        whole = row.previous == previous and row.sequence == expected
        if not whole or row.hash != hash_of(row.previous, row.sequence, _facts(row)):
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


def hash_of(previous: bytes, sequence: int, row: Mapping[str, Any]) -> bytes:
    """Return the hash of a row that stands behind another: SHA-256, chained."""
    canonical = json.dumps(
        {**row, "at": row["at"].isoformat(), "sequence": sequence}, sort_keys=True
    )
    return hashlib.sha256(previous + canonical.encode()).digest()
