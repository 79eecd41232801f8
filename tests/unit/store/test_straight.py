"""Transactions that run through in one thread, beside those that go statement by statement."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sesauditd.errors import Busy, Refused
from sesauditd.store.engine import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

ADD_ONE = text("UPDATE numbers SET number = number + 1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the database lies."""
    return tmp_path / "counting.db"


@pytest.fixture
async def counting(file: Path) -> AsyncIterator[Database]:
    """Return a database with one number in it, zero."""
    database = Database.open(f"sqlite:///{file}", lock_wait_seconds=0.5)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE numbers (number INT)"))
        await connection.execute(text("INSERT INTO numbers VALUES (0)"))
    yield database
    await database.close()


async def add_one(connection: AsyncConnection) -> int:
    await connection.execute(ADD_ONE)
    return int(await connection.scalar(text("SELECT number FROM numbers")))


async def number_in(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(text("SELECT number FROM numbers")))


async def test_the_answer_comes_once_it_is_committed(counting: Database) -> None:
    assert await counting.write_at_once(add_one) == 1
    assert await number_in(counting) == 1


async def test_the_event_loop_is_left_alone(counting: Database) -> None:
    async def where(_: AsyncConnection) -> str:
        return threading.current_thread().name

    assert await counting.write_at_once(where) != threading.current_thread().name
    assert await counting.write_at_once(where) == await counting.write_at_once(where)


async def test_a_look_sees_what_was_committed_and_changes_nothing(counting: Database) -> None:
    async def look(connection: AsyncConnection) -> tuple[str, int]:
        number = await connection.scalar(text("SELECT number FROM numbers"))
        return threading.current_thread().name, int(number)

    await counting.write_at_once(add_one)
    thread, number = await counting.read_at_once(look)
    assert (number, thread != threading.current_thread().name) == (1, True)
    with pytest.raises(Refused, match="readonly"):
        await counting.read_at_once(add_one)
    assert await counting.read_at_once(look) == (thread, 1)


async def test_an_error_leaves_nothing_of_it(counting: Database) -> None:
    async def broken(connection: AsyncConnection) -> None:
        await add_one(connection)
        raise LookupError

    with pytest.raises(LookupError):
        await counting.write_at_once(broken)
    assert await number_in(counting) == 0
    assert await counting.write_at_once(add_one) == 1


async def test_work_that_waits_for_something_else_is_refused(counting: Database) -> None:
    async def waiting(connection: AsyncConnection) -> None:
        await add_one(connection)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits for something else"):
        await counting.write_at_once(waiting)
    assert await number_in(counting) == 0


async def test_both_ways_of_writing_take_turns(counting: Database) -> None:
    async def increment() -> None:
        async with counting.write() as connection:
            number = await add_one(connection)
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE numbers SET number = :it"), {"it": number})

    each = (increment(), counting.write_at_once(add_one))
    await asyncio.gather(*each, counting.write_at_once(add_one))
    assert await number_in(counting) == 3


async def test_a_cancelled_writer_keeps_its_turn_until_it_is_done(counting: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def slow(connection: AsyncConnection) -> None:
        begun.set()
        assert go_on.wait(10)
        await add_one(connection)

    writer = asyncio.create_task(counting.write_at_once(slow))
    await asyncio.to_thread(begun.wait, 10)
    for _ in range(2):
        writer.cancel()
        await asyncio.sleep(0.01)
    assert not writer.done()
    after = asyncio.create_task(counting.write_at_once(add_one))
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writer
    assert await after == 2


async def test_another_process_that_keeps_the_file_is_told_in_words(
    counting: Database, file: Path
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="locked by another process"):
            await counting.write_at_once(add_one)
        other.execute("COMMIT")
    assert await counting.write_at_once(add_one) == 1
