"""The database: connections, pragmas, transactions, and its errors in words."""

from __future__ import annotations

import os
import sqlite3
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as NoTurn

from sesauditd.errors import Broken, Busy, Failed, Refused, SesauditdError
from sesauditd.store import marking, seals, server
from sesauditd.store.place import elsewhere
from sesauditd.store.straight import Straight
from sesauditd.store.tuning import CACHE_KIB, SMALL_CACHE_KIB, leave_unflushed, tune
from sesauditd.store.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Answer = TypeVar("Answer")

LOCK_WAIT_SECONDS = 30
READERS = 2
MORE_READERS = 20
"""Opened for a moment when many read at once."""
LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
UNUSABLE = frozenset(
    {
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


@dataclass(frozen=True, slots=True)
class Database:
    """One database with one way to read it and one way to write it."""

    writing: AsyncEngine
    reading: AsyncEngine
    """Its connections refuse to change anything."""
    turns: Turns | None = None
    """Of all processes that write the same file; a server has its own."""
    draft: bool = False
    """Nobody relies on the file before it is whole: not sealed, not flushed at each commit."""
    straight: Straight | None = None
    """What writes a file in one go; a server is asked statement by statement."""
    looking: Straight | None = None
    """The same for short looks."""

    @classmethod
    def open(
        cls, url: str, *, lock_wait_seconds: float = LOCK_WAIT_SECONDS, draft: bool = False
    ) -> Database:
        """Return the database at a SQLAlchemy URL; nothing is read yet.

        Raises Refused for an URL that cannot be used, for a folder that does not exist and for
        one on another machine.
        """
        # It brings the object-relational half of SQLAlchemy, which a mere look does without.
        from sqlalchemy.ext.asyncio import create_async_engine

        parsed = parsed_url(url)
        try:
            # A driver's error would show the values, and addresses are among them.
            writing, reading = (
                create_async_engine(parsed, hide_parameters=True, **pool)
                for pool in _pools(parsed, lock_wait_seconds)
            )
        except (ArgumentError, InvalidRequestError, ImportError) as error:
            message = (
                f"no driver for the database {parsed.drivername!r}: "
                "write sqlite:///path/to/file, or install the extra 'postgres'"
            )
            raise Refused(message) from error
        if parsed.get_backend_name() != "sqlite":
            marking.prepare_server(writing)
            server.prepare(writing, reading)
            return cls(writing, reading, None, draft)
        straight = Straight(create_engine(parsed.set(drivername="sqlite"), hide_parameters=True))
        tune(reading.sync_engine, "BEGIN", lock_wait_seconds, query_only=True)
        for engine, cache in (writing.sync_engine, SMALL_CACHE_KIB), (straight.engine, CACHE_KIB):
            tune(engine, "BEGIN IMMEDIATE", lock_wait_seconds, cache_kib=cache)
            if draft:
                leave_unflushed(engine)
        file = Path(str(parsed.database)).absolute()
        looking = Straight(create_engine(parsed.set(drivername="sqlite"), hide_parameters=True))
        tune(looking.engine, "BEGIN", lock_wait_seconds, query_only=True)
        return cls(writing, reading, Turns(file, lock_wait_seconds), draft, straight, looking)

    @asynccontextmanager
    async def write(self, *, sealed: bool = True) -> AsyncIterator[AsyncConnection]:
        """Give a connection inside one writing transaction: committed, or rolled back.

        What it changed of decisions is sealed in the journal, unless the schema is what changes.

        Writers of one process take turns. Raises Busy if another process, or another writer,
        keeps the database locked, Refused if the file cannot be used, Failed for what else the
        database answers.
        """
        with in_words():
            async with self._alone() as connection, connection.begin():
                if sealed and not self.draft:
                    await seals.watch(connection)
                yield connection
                if sealed and not self.draft:
                    await seals.seal(connection)

    async def write_at_once(
        self, work: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        """Do the work inside one writing transaction and return its answer; raises as `write`.

        In a file it runs outside the event loop and in one go, which makes many statements
        several times as quick: the work awaits nothing but what its connection gives.
        """
        if self.straight is None:
            async with self.write() as connection:
                return await work(connection)
        with in_words():
            async with self._alone():
                return await self.straight.run(partial(self._sealing, work))

    async def _sealing(
        self,
        work: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]],
        connection: AsyncConnection,
    ) -> Answer:
        if self.draft:
            return await work(connection)
        await seals.watch(connection)
        answer = await work(connection)
        await seals.seal(connection)
        return answer

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        # The connection first: this process has one to write with, and one turn.
        async with self.writing.connect() as connection, self._turn():
            yield connection

    def _turn(self) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.turns is None else self.turns.mine()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one state of the database throughout; raises as `write`."""
        with in_words():
            async with self.reading.begin() as connection:
                yield connection

    async def read_at_once(
        self, look: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        """Return what a short look at one state of the database finds; raises as `write`.

        In a file it visits a thread once, as `write_at_once` does, and not five times: what an
        idle daemon costs is for the most part that it looks whether there is something to do. Looks
        come one after the other, so a long one belongs elsewhere.
        """
        if self.looking is None:
            async with self.read() as connection:
                return await look(connection)
        with in_words():
            return await self.looking.run(look)

    async def close(self) -> None:
        """Close every connection."""
        await self.reading.dispose()
        await self.writing.dispose()
        for one in (self.straight, self.looking):
            if one is not None:
                await one.close()
        if self.turns is not None:
            self.turns.close()


def file_of(url: str) -> Path | None:
    """Return the file of a SQLite database, None for a server's; raises as `Database.open`."""
    parsed = parsed_url(url)
    is_file = parsed.get_backend_name() == "sqlite"
    return Path(str(parsed.database)).absolute() if is_file else None


def _pools(url: URL, lock_wait_seconds: float) -> tuple[Mapping[str, Any], ...]:
    """Return how many connections those who write and those who read share."""
    if url.get_backend_name() != "sqlite":
        return server.pools(lock_wait_seconds, READERS, MORE_READERS)
    # Writers take turns. Two connections of one process would look again and again whether the
    # other is done, each with a cache of its own.
    alone = {"pool_size": 1, "max_overflow": 0, "pool_timeout": lock_wait_seconds}
    together = {"pool_size": READERS, "max_overflow": MORE_READERS, "pool_use_lifo": True}
    return alone, together


def parsed_url(url: str) -> URL:
    """Return a database's URL with the driver that is used; raises as `Database.open`."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        # The text may hold a password, so it is not repeated.
        message = "database.url is not a database URL: write sqlite:///path/to/file"
        raise Refused(message) from error
    if parsed.drivername == "sqlite":
        parsed = parsed.set(drivername="sqlite+aiosqlite")
    if parsed.get_backend_name() == "sqlite":
        _check_place(parsed.database)
    return parsed


def _check_place(path: str | None) -> None:
    if path in {None, "", ":memory:"}:
        message = "a database in memory forgets everything: set database.url to a file"
        raise Refused(message)
    place = Path(str(path)).absolute()
    if not place.parent.is_dir():
        message = (
            f"the folder {place.parent} for the database does not exist: create it, "
            "or set database.url to another place"
        )
        raise Refused(message)
    # The driver's thread outlives a failure to open and may complain on stderr: look first.
    if place.is_dir():
        message = f"{place} is a folder: set database.url to a file"
        raise Refused(message)
    kind = elsewhere(place)
    if kind is not None:
        message = (
            f"{place} lies on a network file system ({kind}), where SQLite cannot keep its log "
            "whole: set database.url to a disk of this machine, or to a PostgreSQL server"
        )
        raise Refused(message)
    needed = place if place.exists() else place.parent
    if not os.access(needed, os.R_OK | os.W_OK):
        message = f"{needed} may not be read and written by this user: change its owner or mode"
        raise Refused(message)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn the errors of the database into one line for a person."""
    try:
        yield
    except NoTurn as error:
        raise Busy("the database is busy with other work of this process: try again") from error
    except (DBAPIError, sqlite3.Error) as error:
        told = _told(error.orig if isinstance(error, DBAPIError) else error)
        if told is None:
            raise
        raise told from error
    except server.errors() as error:
        told = server.told(error)
        if told is None:
            raise
        raise told from error


def _told(error: BaseException | None) -> SesauditdError | None:
    if not isinstance(error, sqlite3.Error):
        return server.told(error)
    reason = str(error)
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code in LOCKED:
        return Busy(
            f"the database stays locked by another process ({reason}): try again when it is done"
        )
    if code in UNUSABLE:
        return Refused(f"the database cannot be used ({reason}): check database.url, permissions")
    if code == sqlite3.SQLITE_FULL:
        return Failed(f"no space for the database ({reason}): nothing of this step was stored")
    if code == sqlite3.SQLITE_CORRUPT:
        return Broken(
            f"the database is damaged ({reason}): `sesauditd db rebuild` makes it anew from the "
            "archive, or put a backup in its place"
        )
    if code == sqlite3.SQLITE_IOERR:
        # After a flush that failed nobody knows what reached the disk; trying again would
        # report success for pages that the system has dropped.
        return Broken(f"the disk of the database fails ({reason}): see the system's log")
    is_operational = isinstance(error, sqlite3.OperationalError)
    return Failed(f"the database answered: {reason}") if is_operational else None
