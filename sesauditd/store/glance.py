"""Looks at the database on a plain connection: of who does nothing beside, or beside a loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from sqlalchemy import create_engine

from sesauditd.store.engine import LOCK_WAIT_SECONDS, Database, in_words, parsed_url
from sesauditd.store.straight import AtOnce, Straight, run_through
from sesauditd.store.tuning import SMALL_CACHE_KIB, tune

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlalchemy import URL, Engine
    from sqlalchemy.ext.asyncio import AsyncConnection

    Connection: TypeAlias = AsyncConnection

Answer = TypeVar("Answer")

ASIDE_CACHE_KIB = 2_000


def looked(url: str, look: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
    """Return what a look at one state of the database finds; raises as `Database.read`.

    What makes connections to a file asynchronous takes longer to import than most looks take:
    there the look runs through on a plain one, and awaits nothing but what that gives.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _at_file(parsed, look)
    return asyncio.run(_at_server(url, look))


@dataclass(frozen=True, slots=True)
class Beside:
    """Long looks, in a thread of their own: the loop that waits for them answers meanwhile."""

    database: Database
    straight: Straight | None
    """What looks at a file; a server works by itself."""

    @classmethod
    def of(cls, database: Database, url: str) -> Beside:
        """Return what looks at the same database; raises as `Database.open`."""
        parsed = parsed_url(url)
        if parsed.get_backend_name() != "sqlite":
            return cls(database, None)
        # Who walks through much of a table finds nothing again in a cache.
        return cls(database, Straight(_engine(parsed, cache_kib=ASIDE_CACHE_KIB)))

    async def look(self, look: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
        """Return what a look at one state of the database finds; raises as `Database.read`."""
        if self.straight is None:
            async with self.database.read() as connection:
                return await look(connection)
        with in_words():
            return await self.straight.run(look)

    async def close(self) -> None:
        """Close the connection; a look that has begun comes to its end."""
        if self.straight is not None:
            await self.straight.close()


def _engine(url: URL, cache_kib: int = SMALL_CACHE_KIB) -> Engine:
    engine = create_engine(url.set(drivername="sqlite"), hide_parameters=True)
    tune(engine, "BEGIN", LOCK_WAIT_SECONDS, cache_kib=cache_kib, query_only=True)
    return engine


def _at_file(url: URL, look: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
    engine = _engine(url)
    try:
        with in_words(), engine.begin() as connection:
            # No base class promises what both can do, and AtOnce has all that a look may use.
            return run_through(look(cast("AsyncConnection", AtOnce(connection))))
    finally:
        engine.dispose()


async def _at_server(
    url: str, look: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]
) -> Answer:
    database = Database.open(url)
    try:
        async with database.read() as connection:
            return await look(connection)
    finally:
        await database.close()
