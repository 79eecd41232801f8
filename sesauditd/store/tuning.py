"""How connections to a SQLite file are set up, and how their transactions begin."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

CACHE_KIB = 64_000
"""Of the connection that records. It fills as the database grows: memory is flat from there on."""
SMALL_CACHE_KIB = 16_000
"""Of each of the others."""


def tune(
    engine: Engine,
    begin: str,
    lock_wait_seconds: float,
    *,
    cache_kib: int = SMALL_CACHE_KIB,
    query_only: bool = False,
) -> None:
    """Have each connection of the engine prepared, and its transactions begun with `begin`."""
    pragmas = [
        f"PRAGMA busy_timeout={int(lock_wait_seconds * 1000)}",
        "PRAGMA journal_mode=WAL",
        # In WAL mode NORMAL does not flush at commit: after a power cut a message could be
        # gone from the queue and missing here.
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
        f"PRAGMA cache_size=-{cache_kib}",
        f"PRAGMA query_only={int(query_only)}",
    ]

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own idea of when a transaction begins is switched off.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            for pragma in pragmas:
                cursor.execute(pragma)
            cursor.close()
        except sqlite3.Error:
            # Nobody else would: the pool forgets a connection that fails here.
            connection.close()
            raise

    def start(connection: Connection) -> None:
        # A read that later writes would fail at once with SQLITE_BUSY_SNAPSHOT, whatever the
        # timeout; a writer takes its lock at the start.
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", start)


def leave_unflushed(engine: Engine) -> None:
    """Have nothing flushed at a commit; to be called after `tune`."""

    def relax(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()

    event.listen(engine, "connect", relax)
