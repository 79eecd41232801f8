"""Transactions that do not lose writes, and database errors that a person can act on."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sesauditd.errors import Broken, Busy, Failed, Refused
from sesauditd.store.engine import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def counting(tmp_path: Path) -> AsyncIterator[Database]:
    """Return a database with one number in it, zero."""
    database = Database.open(f"sqlite:///{tmp_path / 'counting.db'}", lock_wait_seconds=10)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE numbers (id INTEGER PRIMARY KEY, number INT)"))
        await connection.execute(text("INSERT INTO numbers VALUES (1, 0)"))
    yield database
    await database.close()


async def number_in(database: Database) -> int:
    """Return the number."""
    async with database.read() as connection:
        found = await connection.scalar(text("SELECT number FROM numbers"))
    assert isinstance(found, int)
    return found


async def test_five_concurrent_read_modify_writes_end_at_five(counting: Database) -> None:
    async def increment() -> None:
        async with counting.write() as connection:
            number = await connection.scalar(text("SELECT number FROM numbers"))
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE numbers SET number = :new"), {"new": number + 1})

    await asyncio.gather(*(increment() for _ in range(5)))
    assert await number_in(counting) == 5


async def test_writers_share_one_connection_and_take_turns(counting: Database) -> None:
    async def increment() -> None:
        async with counting.write() as connection:
            await connection.execute(text("UPDATE numbers SET number = number + 1"))

    await asyncio.gather(*(increment() for _ in range(8)))
    assert await number_in(counting) == 8
    # Each connection has a cache that fills as the database grows.
    assert counting.writing.pool.status().startswith("Pool size: 1  Connections in pool: 1")


async def test_a_writer_whose_turn_does_not_come_is_busy(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 't.db'}", lock_wait_seconds=0.05)
    async with database.write():
        with pytest.raises(Busy, match="other work of this process"):
            async with database.write():
                pass
    await database.close()


async def test_an_error_rolls_the_whole_transaction_back(counting: Database) -> None:
    async def half_done() -> None:
        async with counting.write() as connection:
            await connection.execute(text("UPDATE numbers SET number = 7"))
            raise KeyError

    with pytest.raises(KeyError):
        await half_done()
    assert await number_in(counting) == 0


async def test_a_reader_sees_one_state_throughout(counting: Database) -> None:
    async with counting.read() as reader:
        before = await reader.scalar(text("SELECT number FROM numbers"))
        async with counting.write() as writer:
            await writer.execute(text("UPDATE numbers SET number = 7"))
        after = await reader.scalar(text("SELECT number FROM numbers"))
    assert (before, after) == (0, 0)
    assert await number_in(counting) == 7


async def test_what_reads_cannot_write(counting: Database) -> None:
    with pytest.raises(Refused, match="readonly"):
        async with counting.read() as connection:
            await connection.execute(text("UPDATE numbers SET number = 7"))
    assert await number_in(counting) == 0


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 30_000),
    ],
)
async def test_every_connection_is_set_up(tmp_path: Path, pragma: str, value: object) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'test.db'}")
    found = []
    for way in (database.write, database.read):
        async with way() as connection:
            found.append(await connection.scalar(text(f"PRAGMA {pragma}")))
    await database.close()
    assert found == [value, value]


async def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(
                text("INSERT INTO iam_users VALUES ('mailer', 'nobody.example', 0)")
            )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("sqlite:///{folder}/none/x.db", "none for the database", id="no folder"),
        pytest.param("sqlite:///:memory:", "in memory forgets", id="in memory"),
        pytest.param("sqlite://", "in memory forgets", id="no path"),
        pytest.param("secret", "not a database URL", id="no URL"),
        pytest.param("mysql://host/name", "no driver", id="unknown driver"),
        pytest.param("oddity://host/name", "no driver", id="unknown database"),
    ],
)
def test_what_cannot_be_opened_is_refused(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        Database.open(url.format(folder=tmp_path))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        Database.open(f"sqlite:///{tmp_path}/none/x.db")
    assert str(tmp_path / "none") in str(caught.value)
    assert "create it" in str(caught.value)


async def test_both_spellings_of_a_file_open_it(tmp_path: Path) -> None:
    for scheme in ("sqlite", "sqlite+aiosqlite"):
        database = Database.open(f"{scheme}:///{tmp_path / 'test.db'}")
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
        await database.close()


async def refused_by(path: Path) -> str:
    """Return the one line that using the file ends in."""
    database = Database.open(f"sqlite:///{path}")
    with pytest.raises((Refused, Failed, Broken)) as caught:
        async with database.write() as connection:
            await connection.execute(text("SELECT * FROM numbers"))
    await database.close()
    assert "\n" not in str(caught.value)
    return f"{type(caught.value).__name__}: {caught.value}"


async def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam, " * 300)
    assert "Refused: the database cannot be used (file is not a database)" in await refused_by(
        tmp_path / "letter.txt"
    )


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is a folder: set database"):
        Database.open(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("name", ["there.db", "new.db"])
def test_a_file_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "there.db").touch()
    # Root may do everything, so the answer of the system is what is given here.
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with pytest.raises(Refused, match="may not be read and written by this user"):
        Database.open(f"sqlite:///{tmp_path / name}")


async def test_a_missing_table_is_one_line(tmp_path: Path) -> None:
    assert await refused_by(tmp_path / "new.db") == (
        "Failed: the database answered: no such table: numbers"
    )


async def test_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE numbers (number INT)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(1,)] * 10_000)
        connection.commit()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert "Broken: the database is damaged" in await refused_by(path)


async def test_a_full_disk_says_so(counting: Database) -> None:
    async with counting.write() as connection:
        await connection.execute(text("PRAGMA max_page_count=9"))
    with pytest.raises(Failed, match="no space for the database"):
        async with counting.write() as connection:
            await connection.execute(text("UPDATE numbers SET number = zeroblob(100000)"))
    assert await number_in(counting) == 0


async def test_a_locked_database_is_busy_not_broken(tmp_path: Path) -> None:
    path = tmp_path / "locked.db"
    database = Database.open(f"sqlite:///{path}", lock_wait_seconds=0.05)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE numbers (number INT)"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match="locked by another process"):
            async with database.write():
                pass
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM numbers")) == 0
        other.execute("ROLLBACK")
    async with database.write() as connection:
        await connection.execute(text("INSERT INTO numbers VALUES (1)"))
    await database.close()
