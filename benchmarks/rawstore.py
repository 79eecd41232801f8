"""The store's peer: raw `executemany` of the very rows that ours left, under the same indexes."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import bench

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COPIED = ("events", "event_recipients")
Rows = dict[str, list[tuple[object, ...]]]


def schema_of(database: Path) -> list[str]:
    """Return the statements that make the copied tables and their indexes, tables first."""
    marks = ",".join("?" * len(COPIED))
    made = f"SELECT sql FROM sqlite_master WHERE tbl_name IN ({marks}) AND sql NOT NULL"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        found = [str(row[0]) for row in connection.execute(made, COPIED)]
    return sorted(found, reverse=True)


def rows_of(database: Path, after: int = 0) -> Rows:
    """Return the rows of archive objects after a number, in the order in which they came."""
    order = "WHERE e.archive_object > ? ORDER BY e.archive_object, e.line"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        events = connection.execute(f"SELECT e.* FROM events e {order}", (after,)).fetchall()
        recipients = connection.execute(
            f"SELECT r.* FROM event_recipients r JOIN events e ON e.key = r.event {order}", (after,)
        ).fetchall()
    return {"events": events, "event_recipients": recipients}


def last_object(database: Path) -> int:
    """Return the number of the newest archive object."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        newest = connection.execute("SELECT coalesce(max(id), 0) FROM archive_objects").fetchone()
    return int(newest[0])


class RawStore:
    """A database with the copied tables alone."""

    def __init__(self, file: Path, schema: Sequence[str], synchronous: str = "FULL") -> None:
        self._connection = bench.raw(file, synchronous)
        for statement in schema:
            self._connection.execute(statement)

    def insert(self, rows: Rows, start: int, size: int) -> None:
        """Insert that many rows of each table in one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        for name, found in rows.items():
            marks = ",".join("?" * len(found[0]))
            self._connection.executemany(
                f"INSERT OR IGNORE INTO {name} VALUES ({marks})", found[start : start + size]
            )
        self._connection.execute("COMMIT")

    def insert_all(self, rows: Rows, size: int) -> None:
        """Insert everything, so many rows of each table a transaction."""
        for start in range(0, max(map(len, rows.values())), size):
            self.insert(rows, start, size)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
