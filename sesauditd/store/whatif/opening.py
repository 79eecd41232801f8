"""Opens a database for reading alone: not even its log is folded into it."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import column, event, inspect, select, table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine

from sesauditd.errors import Refused
from sesauditd.store.engine import LOCK_WAIT_SECONDS, Database
from sesauditd.store.schema import NEWEST, VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlalchemy.pool import ConnectionPoolEntry

CACHE_KIB = 64_000


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[AsyncConnection]:
    """Give a connection that sees one state of the database and can change nothing of it.

    A daemon beside it goes on writing. Raises Refused if there is no such database, or if its
    schema is not the one that this program knows; else as `Database.read`.
    """
    database = _database(url)
    try:
        async with database.read() as connection:
            await connection.run_sync(_check_schema)
            yield connection
    finally:
        await database.close()


def _database(url: str) -> Database:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        message = "database.url is not a database URL: write sqlite:///path/to/file"
        raise Refused(message) from error
    if parsed.get_backend_name() == "sqlite":
        return _file(Path(str(parsed.database)).absolute())
    opened = Database.open(url)
    return Database(opened.writing, opened.reading.execution_options(postgresql_readonly=True))


def _file(path: Path) -> Database:
    if not path.is_file():
        message = f"there is no database {path}: set database.url, or record something first"
        raise Refused(message)
    if not os.access(path, os.R_OK):
        message = f"{path} may not be read by this user: change its owner or mode"
        raise Refused(message)
    query = {"mode": "ro", "uri": "true"}
    log = path.with_name(f"{path.name}-wal")
    if not os.access(path.parent, os.W_OK) and not log.exists():
        # A copy in a folder where nobody writes; SQLite cannot keep the index of a log there.
        query["immutable"] = "1"
    url = URL.create("sqlite+aiosqlite", database=f"file:{quote(str(path))}", query=query)
    engine = create_async_engine(url, hide_parameters=True, pool_size=1, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _start)
    return Database(engine, engine)


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own idea of when a transaction begins is switched off.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={LOCK_WAIT_SECONDS * 1000}")
    cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    cursor.close()


def _start(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _check_schema(connection: Connection) -> None:
    if not inspect(connection).has_table(VERSION_TABLE):
        message = "the database is empty or another program's: nothing is stored to look back on"
        raise Refused(message)
    found = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    if found == NEWEST:
        return
    what = f"the database has schema {found}, this program knows {NEWEST}"
    if str(found) > NEWEST:
        raise Refused(f"{what}: install the newer sesauditd")
    raise Refused(f"{what}: bring it up with sesauditd db upgrade")
