"""The journal as it is copied to the archive: new entries, and how far the copy is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from sesauditd.model.calendar import iso
from sesauditd.store import watch
from sesauditd.store.tables import journal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from sesauditd.store.engine import Database

COPIED = "journal_copied"


@dataclass(frozen=True, slots=True)
class JournalRows:
    """Reads one database's journal for the archive."""

    database: Database

    async def after(self, sequence: int, limit: int) -> Sequence[Mapping[str, object]]:
        """Return at most so many entries after one, in order, all of one UTC day, as JSON."""
        query = (
            select(journal)
            .where(journal.c.sequence > sequence)
            .order_by(journal.c.sequence)
            .limit(limit)
        )
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).fetchall()
        found = []
        for row in rows:
            if row.at.date() != rows[0].at.date():
                break
            found.append(_document(row))
        return found

    async def copied(self) -> int:
        """Return the last sequence number that the archive has, 0 for none."""
        async with self.database.read() as connection:
            noted = await watch.recall(connection, COPIED)
        return int(str(noted["sequence"])) if noted else 0


def _document(row: Row[Any]) -> dict[str, object]:
    return {
        "sequence": row.sequence,
        "at": iso(row.at),
        "actor": row.actor,
        "kind": row.kind,
        "subject": row.subject,
        "facts": row.facts,
        "previous": row.previous.hex(),
        "hash": row.hash.hex(),
    }
