"""Proves that the journal is whole, and that what it sealed stands as it was sealed."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sesauditd.store import journal, seals, watch
from sesauditd.store.columns import EPOCH, MICROSECOND
from sesauditd.store.copied import COPIED
from sesauditd.store.tables import journal as rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from sqlalchemy import RowMapping, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

AT_ONCE = 1000
FINDINGS = 100
"""As many bad rows are named; whoever changed more has said enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of looking at every row."""

    rows: int
    """Rows of the journal."""
    head: str | None
    """The hash of its newest row in hexadecimal, None while it is empty."""
    bad: tuple[str, ...] = ()
    """A sentence for each row that is not as it was written, the first of the journal first."""


@dataclass(slots=True)
class _Chain:
    """The journal as far as it was read."""

    sequence: int = 0
    hash: bytes = journal.FIRST
    seals: dict[str, dict[str, str | None]] = field(default_factory=lambda: defaultdict(dict))
    bad: list[str] = field(default_factory=list)


async def prove(connection: AsyncConnection) -> Proof:
    """Read the whole journal and every sealed row, on a connection that sees one state."""
    chain = _Chain()
    async for row in _journal(connection):
        _follow(chain, row)
    chain.bad += await _cut_off(connection, chain)
    if chain.seals:
        for table in seals.SEALED.values():
            async for finding in _unlike(connection, table, chain.seals[table.name]):
                if len(chain.bad) < FINDINGS:
                    chain.bad.append(finding)
    head = chain.hash.hex() if chain.sequence else None
    return Proof(rows=chain.sequence, head=head, bad=tuple(chain.bad[:FINDINGS]))


async def _journal(connection: AsyncConnection) -> AsyncIterator[RowMapping]:
    """Yield the rows as they are stored: what another hand wrote may be of no type at all."""
    query = seals.as_stored(rows).order_by(rows.c.sequence).limit(AT_ONCE)
    last: int | None = None
    while True:
        further = query if last is None else query.where(rows.c.sequence > last)
        part = (await connection.execute(further)).mappings().fetchall()
        for row in part:
            yield row
        if len(part) < AT_ONCE:
            return
        last = part[-1]["sequence"]


def _follow(chain: _Chain, row: RowMapping) -> None:
    sequence = int(row["sequence"])
    if sequence != chain.sequence + 1:
        between = f"row {chain.sequence + 1}"
        if sequence > chain.sequence + 2:
            between = f"rows {chain.sequence + 1} to {sequence - 1}"
        said = f"{between} missing" if sequence > chain.sequence + 1 else f"row {sequence} inserted"
        chain.bad.append(f"journal: {said}")
    elif row["previous"] != chain.hash:
        chain.bad.append(f"journal: row {sequence} does not follow on the row before it")
    facts = _read(row)
    if facts is None:
        chain.bad.append(f"journal: row {sequence} changed")
    elif row["kind"] == seals.KIND:
        for table, digests in facts.get("rows", {}).items():
            chain.seals[table] |= digests
    chain.sequence = sequence
    chain.hash = row["hash"] if isinstance(row["hash"], bytes) else b""


def _read(row: RowMapping) -> Mapping[str, Any] | None:
    """Return the facts of a row, None if it is not what its hash is of."""
    try:
        facts = json.loads(row["facts"])
        # A text that says the same in other letters was not written by this program.
        as_written = json.dumps(facts) == row["facts"]
        told = {name: row[name] for name in ("actor", "kind", "subject")}
        at = EPOCH + row["at"] * MICROSECOND
        found = journal.hash_of(
            row["previous"], row["sequence"], {**told, "at": at, "facts": facts}
        )
    except (TypeError, ValueError, OverflowError, AttributeError):
        return None
    return facts if as_written and found == row["hash"] else None


async def _cut_off(connection: AsyncConnection, chain: _Chain) -> list[str]:
    """Return what says that the journal was longer, or its newest row another."""
    head = await watch.recall(connection, journal.HEAD)
    copied = await watch.recall(connection, COPIED)
    newest = {int(str(one["sequence"])) for one in (head, copied) if one is not None}
    if max(newest, default=0) > chain.sequence:
        first, last = chain.sequence + 1, max(newest)
        several = f"rows {first} to {last}" if last > first else f"row {last}"
        return [f"journal: {several} missing at its end"]
    if head is None and chain.seals:
        return [f"observations: row {journal.HEAD} missing"]
    if head is not None and head.get("hash") != chain.hash.hex():
        return [f"journal: row {chain.sequence} is not the one that was written last"]
    return []


async def _unlike(
    connection: AsyncConnection, table: Table, sealed: Mapping[str, str | None]
) -> AsyncIterator[str]:
    """Yield a sentence for each row that has no seal, or another, or is gone."""
    standing = {key for key, digest in sealed.items() if digest is not None}
    found = await connection.stream(
        seals.as_stored(table).where(seals.sealed_in(table)).order_by(*table.primary_key)
    )
    async for row in found.mappings():
        key = seals.key_of(table, row)
        if key not in standing:
            yield f"{table.name}: row {key} inserted"
        elif seals.digest_of(row) != sealed[key]:
            yield f"{table.name}: row {key} changed"
        standing.discard(key)
    for sentence in _gone(table, standing):
        yield sentence


def _gone(table: Table, keys: set[str]) -> Iterator[str]:
    return (f"{table.name}: row {key} missing" for key in sorted(keys))
