"""The database: connections, pragmas, transactions, and its errors in words."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from sesauditd.errors import Busy, Failed, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

LOCK_WAIT_SECONDS = 30
PRAGMAS = (
    f"PRAGMA busy_timeout={LOCK_WAIT_SECONDS * 1000}",
    "PRAGMA journal_mode=WAL",
    # In WAL mode NORMAL does not flush at commit: after a power cut a message could be gone
    # from the queue and missing here.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-64000",
)


@dataclass(frozen=True, slots=True)
class Database:
    """One database with one way to read it and one way to write it."""

    engine: AsyncEngine

    @classmethod
    def open(cls, url: str) -> Database:
        """Return the database at a SQLAlchemy URL; nothing is read yet.

        Raises Refused for an URL that cannot be used and for a folder that does not exist.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            message = f"database.url {url!r} is not a database URL: write sqlite:///path/to/file"
            raise Refused(message) from error
        if parsed.drivername == "sqlite":
            parsed = parsed.set(drivername="sqlite+aiosqlite")
        if parsed.get_backend_name() == "sqlite":
            _check_folder(parsed.database)
        engine = create_async_engine(parsed, poolclass=NullPool)
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine.sync_engine, "connect", _prepare)
            event.listen(engine.sync_engine, "begin", _begin)
        return cls(engine)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection inside one writing transaction: committed, or rolled back."""
        with _in_words():
            async with self.engine.connect() as connection:
                await connection.execution_options(writes=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one state of the database throughout."""
        with _in_words():
            async with self.engine.connect() as connection, connection.begin():
                yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


class _in_words:  # noqa: N801
    """Turns the errors of the database into one line for a person."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise Busy, Refused or Failed in place of an error of the database."""
        if not isinstance(error, DatabaseError):
            return
        reason = str(error.orig)
        if "locked" in reason or "busy" in reason:
            message = (
                f"the database is locked by another process (waited {LOCK_WAIT_SECONDS} s): "
                "try again when it is done"
            )
            raise Busy(message) from error
        if "not a database" in reason or "unable to open" in reason or "readonly" in reason:
            message = f"the database cannot be used ({reason}): check database.url and permissions"
            raise Refused(message) from error
        if isinstance(error.orig, sqlite3.OperationalError):
            message = f"the database answered: {reason}"
            raise Failed(message) from error


def _check_folder(path: str | None) -> None:
    if path in {None, "", ":memory:"}:
        return
    folder = Path(str(path)).resolve().parent
    if not folder.is_dir():
        message = (
            f"the folder {folder} for the database does not exist: create it, "
            "or set database.url to another place"
        )
        raise Refused(message)


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own idea of when a transaction begins is switched off; `_begin` does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    # A read that later writes would fail at once with SQLITE_BUSY_SNAPSHOT, whatever the
    # timeout; a writer takes its lock at the start.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
