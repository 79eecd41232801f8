"""A PostgreSQL server's database: one writing transaction at a time, and its errors in words.

Everything that is recorded, judged and chained assumes that nobody writes between a look and
the write that follows from it. On a server the same holds by one lock of the database, taken
first in each writing transaction: whatever is read behind it is what the writer before left.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event, text

from sesauditd.errors import Broken, Busy, Failed, Refused, SesauditdError, Unavailable
from sesauditd.store.marking import SETTING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

WRITERS_LOCK: Final = 0x5E5A0D17
"""The number of our advisory lock; the locks of different databases are different locks."""
NUL: Final = "\0"
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
CONNECT_SECONDS: Final = 10
IDLE_SECONDS: Final = 60
"""After so long without a statement a writer is taken for dead, and the server ends it."""

SORTS_AS_WE_DO: Final = text(
    "SELECT 'B'::text < 'a'::text AND current_setting('server_encoding') = 'UTF8'"
)
NO_TURN: Final = frozenset({"55P03", "40001", "40P01"})
"""Lock not available; serialization failure; deadlock (PostgreSQL manual, appendix A)."""
UNUSABLE: Final = frozenset({"3D000", "25006", "42501"})
"""No such database; read only; not allowed. Beside them all of class 28: who may log in."""
AWAY: Final = frozenset({"25P03", "57P01", "57P02", "57P03", "57P05", "53300"})
"""Ended by the server, shutting down, starting, or with no connection left."""
FULL: Final = frozenset({"53000", "53100", "53200", "53400"})
DAMAGED: Final = frozenset({"XX001", "XX002", "58030"})


def pools(lock_wait_seconds: float, readers: int, more: int) -> tuple[dict[str, Any], ...]:
    """Return the options of the engine that writes, and of the one that reads.

    A reader sees one state throughout. A writer sees what was committed before each of its
    statements, and nobody commits while it holds the lock.
    """
    settings = {
        "application_name": "sesauditd",
        "lock_timeout": f"{int(lock_wait_seconds * 1000)}",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS * 1000}",
        # A server may be set up to forget the last moments: a message is acknowledged for good.
        "synchronous_commit": "on",
        # Statements take milliseconds, and compiling one takes longer.
        "jit": "off",
    }
    writing = {
        **_alike(settings | {SETTING: "on"}),
        "isolation_level": "READ COMMITTED",
        "pool_size": 1,
        "max_overflow": 0,
        "pool_timeout": lock_wait_seconds,
    }
    reading = {
        **_alike(settings | {"default_transaction_read_only": "on"}),
        "isolation_level": "REPEATABLE READ",
        "pool_size": readers,
        "max_overflow": more,
        "pool_use_lifo": True,
    }
    return writing, reading


def _alike(settings: Mapping[str, str]) -> dict[str, Any]:
    arguments = {"server_settings": dict(settings), "timeout": CONNECT_SECONDS}
    # A server that was started anew is found by the first look, not by the first failure.
    return {"connect_args": arguments, "pool_pre_ping": True}


def prepare(writing: AsyncEngine, reading: AsyncEngine) -> None:
    """Have each transaction that writes hold the writers' lock until it is over.

    The server gives the lock back after the commit is seen by all, and at the end of a
    connection, however it ends.
    """

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

    event.listen(writing.sync_engine, "begin", start)
    for engine in (writing, reading):
        event.listen(engine.sync_engine, "do_connect", _connected)
        event.listen(engine.sync_engine, "before_cursor_execute", _without_nul, retval=True)


def _connected(
    dialect: Dialect,
    _entry: ConnectionPoolEntry,
    positional: list[Any],
    named: dict[str, Any],
) -> DBAPIConnection:
    try:
        return dialect.connect(*positional, **named)
    except OSError as error:
        # Here alone: a pipe that breaks inside a transaction is nothing of the database.
        raise Unavailable(f"the database does not answer ({_line(error)})") from error


def _without_nul(
    _connection: Connection, _cursor: object, statement: str, parameters: object, *_more: object
) -> tuple[str, object]:
    """Replace U+0000, which anybody may put into a mail and no text of PostgreSQL can hold."""
    return statement, _cleaned(parameters)


def _cleaned(value: object) -> object:
    match value:
        case str():
            return value.replace(NUL, REPLACEMENT)
        case tuple():
            return tuple(map(_cleaned, value))
        case list():
            return [_cleaned(one) for one in value]
        case _:
            return value


def check_order(connection: Connection) -> None:
    """Raise Refused for a database whose texts are not UTF-8 sorted by code point.

    Whatever reads one page behind another would skip rows that Python sorts elsewhere, and the
    case of letters would mean something else than in SQLite.
    """
    if connection.dialect.name == "sqlite" or connection.scalar(SORTS_AS_WE_DO):
        return
    raise Refused(
        "the database does not sort text by code point, or is not UTF-8: make it by "
        "`createdb --template=template0 --locale=C --encoding=UTF8 NAME`"
    )


def errors() -> tuple[type[Exception], ...]:
    """Return what the driver raises that SQLAlchemy does not wrap, as while it connects."""
    driver = sys.modules.get("asyncpg")
    if driver is None:
        return ()
    return (driver.PostgresError, driver.InterfaceError, driver.InternalClientError)


def told(error: BaseException | None) -> SesauditdError | None:
    """Return the error for a person, None for one that only a programmer can do anything about."""
    reason = _line(error)
    code = getattr(error, "sqlstate", None)
    if code is None:
        return _unanswered(error, reason)
    if code in NO_TURN:
        return Busy(f"the database stays locked by another process ({reason}): try again")
    if code in UNUSABLE or code.startswith("28"):
        return Refused(f"the database cannot be used ({reason}): check database.url, permissions")
    if code in AWAY or code.startswith("08"):
        return Unavailable(f"the database does not answer ({reason})")
    if code in FULL:
        return Failed(f"no room for the database ({reason}): nothing of this step was stored")
    if code in DAMAGED:
        return Broken(f"the database is damaged, or its disk fails ({reason}): see its server")
    return None


def _unanswered(error: BaseException | None, reason: str) -> SesauditdError | None:
    wrapped = getattr(error, "__cause__", None) or error
    # A value of a wrong type is an interface error too.
    if isinstance(wrapped, errors()) and not isinstance(wrapped, ValueError):
        return Unavailable(f"the database does not answer ({reason})")
    return None


def _line(error: BaseException | None) -> str:
    return " ".join(str(error).split()) or type(error).__name__
