"""A look at the database by who does nothing beside: no threads, and no loop for a file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from sqlalchemy import create_engine

from sesauditd.store.engine import LOCK_WAIT_SECONDS, Database, in_words, parsed_url
from sesauditd.store.straight import AtOnce, run_through
from sesauditd.store.tuning import tune

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

    Connection: TypeAlias = AsyncConnection

Answer = TypeVar("Answer")


def looked(url: str, look: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
    """Return what a look at one state of the database finds; raises as `Database.read`.

    What makes connections to a file asynchronous takes longer to import than most looks take:
    there the look runs through on a plain one, and awaits nothing but what that gives.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _at_file(parsed, look)
    return asyncio.run(_at_server(url, look))


def _at_file(url: URL, look: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
    engine = create_engine(url.set(drivername="sqlite"), hide_parameters=True)
    tune(engine, "BEGIN", LOCK_WAIT_SECONDS, query_only=True)
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
