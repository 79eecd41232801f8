"""Whether a SQLite file is whole as a file: SQLite's own check, and what is in its tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from sesauditd.errors import Broken, Failed
from sesauditd.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

WHOLE: Final = "ok"
VERSION: Final = sqlite3.sqlite_version
"""Of the library that this process works with."""
BAD: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def was_left_open(file: Path) -> bool:
    """Say whether a log lies beside the file: whoever closes it last leaves none."""
    log = file.with_name(f"{file.name}-wal")
    return log.exists() and log.stat().st_size > 0


async def flaw(connection: AsyncConnection, *, thorough: bool = False) -> str | None:
    """Return the first thing that SQLite's own check finds wrong, None if it finds nothing.

    `thorough` also compares each index with its table. A byte that changed inside a value is
    found by neither: that is what hashes are for. A server's database is not looked at.
    """
    if connection.dialect.name != "sqlite":
        return None
    check = "integrity_check" if thorough else "quick_check"
    try:
        found = await connection.scalar(text(f"PRAGMA {check}(1)"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF not in BAD:
            raise
        return str(error.orig)
    return None if found == WHOLE else " ".join(str(found).split())


def check_file(file: Path) -> Mapping[str, int]:
    """Open a closed file anew, check all of it and return how many rows each table holds.

    Raises Broken if SQLite finds anything wrong, Failed if the file cannot be opened.
    """
    place = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(place, uri=True)) as opened:
            (found,) = opened.execute("PRAGMA integrity_check(1)").fetchone()
            rows = counted(opened)
    except sqlite3.OperationalError as error:
        raise Failed(f"{file} cannot be opened as a database: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Broken(f"{file} is no whole database: {error}") from error
    if found != WHOLE:
        raise Broken(f"{file} is damaged: {' '.join(str(found).split())}")
    return rows


def counted(opened: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each of our tables holds, of those that are there."""
    there = {row[0] for row in opened.execute("SELECT name FROM sqlite_master")}
    return {
        table.name: int(opened.execute(str(select(func.count()).select_from(table))).fetchone()[0])
        for table in metadata.sorted_tables
        if table.name in there
    }
