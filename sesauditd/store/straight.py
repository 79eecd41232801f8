"""A transaction in one go: its work visits a thread once, not once for each statement.

What works on an asynchronous connection is a coroutine. On a plain connection to a file every
answer is there at once, so that the same coroutine never waits and runs through in one thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable, ScalarResult
    from sqlalchemy.ext.asyncio import AsyncConnection

Answer = TypeVar("Answer")
Parameters = Mapping[str, object] | Sequence[Mapping[str, object]] | None
Tuples = Sequence[tuple[object, ...]] | None


@dataclass(frozen=True, slots=True)
class AtOnce:
    """A connection with the methods of an asynchronous one, none of which ever waits."""

    sync_connection: Connection

    @property
    def dialect(self) -> Dialect:
        """Return what speaks to this kind of database."""
        return self.sync_connection.dialect

    async def execute(
        self, statement: Executable, parameters: Parameters = None
    ) -> CursorResult[Any]:
        """Execute a statement once, or once for each of several sets of parameters."""
        return self.sync_connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Tuples = None) -> CursorResult[Any]:
        """Execute a text in the database's own words."""
        return self.sync_connection.exec_driver_sql(statement, parameters)

    async def scalar(self, statement: Executable) -> object:
        """Return the first column of the first row, None without one."""
        return self.sync_connection.scalar(statement)

    async def scalars(self, statement: Executable) -> ScalarResult[Any]:
        """Return the first column of each row."""
        return self.sync_connection.scalars(statement)

    async def run_sync(self, work: Callable[..., Answer], *arguments: object) -> Answer:
        """Call what knows nothing of coroutines."""
        return work(self.sync_connection, *arguments)


@dataclass(frozen=True, slots=True)
class Straight:
    """An engine of one connection, and the one thread that ever uses it."""

    engine: Engine
    thread: ThreadPoolExecutor = field(
        default_factory=partial(ThreadPoolExecutor, 1, thread_name_prefix="writer")
    )

    async def run(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
        """Do the work in one transaction of its own and return its answer once it is committed.

        A transaction that has begun is seen to its end, also when the caller is cancelled: who
        holds a lock around it must not let go before. Raises RuntimeError for work that waits
        for something else than the connection.
        """
        through = partial(copy_context().run, self._through, work)
        running = asyncio.get_running_loop().run_in_executor(self.thread, through)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            while not running.done():
                # Cancelled once more meanwhile, it is cancelled all the same.
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({running})
            raise

    def _through(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, Answer]]) -> Answer:
        with self.engine.begin() as connection:
            # No base class promises what both can do, and AtOnce has all that work may use.
            return run_through(work(cast("AsyncConnection", AtOnce(connection))))

    async def close(self) -> None:
        """Close the connection in the thread that it belongs to, and end that."""
        await asyncio.get_running_loop().run_in_executor(self.thread, self.engine.dispose)
        self.thread.shutdown(wait=False)


def run_through(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return the answer of work that waits for nothing; raises RuntimeError where it does."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast("Answer", done.value)
    work.close()
    raise RuntimeError("work inside a transaction waits for something else")
