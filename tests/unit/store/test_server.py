"""What holds on a PostgreSQL server beside what the same tests hold there: `make test-full`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sesauditd.bootstrap import recovery
from sesauditd.config import load
from sesauditd.errors import Broken, Busy, Failed, Refused, Unavailable
from sesauditd.store import journal, seals, server
from sesauditd.store.engine import Database
from sesauditd.store.health import health
from sesauditd.store.schema import upgrade
from sesauditd.store.tables import customers
from sesauditd.store.tables import journal as entries
from tests.support.databases import NEEDS_SERVER, SERVER, url_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
END_ALL = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def other(database: Database, tmp_path: Path) -> AsyncIterator[Database]:
    """Return the same database as another process has it."""
    assert database.turns is None
    opened = Database.open(url_of(tmp_path / "test.db"), lock_wait_seconds=0.2)
    yield opened
    await opened.close()


class Answer(Exception):
    """An error as the driver has it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("so it is")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("55P03", Busy),
        ("40P01", Busy),
        ("28P01", Refused),
        ("3D000", Refused),
        ("25006", Refused),
        ("57P01", Unavailable),
        ("08006", Unavailable),
        ("53300", Unavailable),
        ("53100", Failed),
        ("XX001", Broken),
    ],
)
def test_each_answer_of_a_server_is_named_by_what_to_do(
    sqlstate: str, expected: type[Exception]
) -> None:
    assert type(server.told(Answer(sqlstate))) is expected


def test_a_broken_rule_of_the_schema_is_no_trouble_of_the_server() -> None:
    assert server.told(Answer("23505")) is None


@NEEDS_SERVER
async def test_a_second_writer_waits_and_is_told_and_readers_see_what_was_committed(
    database: Database, other: Database
) -> None:
    async with database.write() as connection:
        await connection.execute(customers.insert().values(id="k", registered_at=NOW))
        with pytest.raises(Busy, match="another process"):
            async with other.write():
                pass
        async with other.read() as reader:
            assert (await reader.execute(customers.select())).all() == []
    async with other.write() as connection:
        assert len((await connection.execute(customers.select())).all()) == 1


@NEEDS_SERVER
async def test_the_journal_stays_one_chain_when_many_write(
    database: Database, other: Database
) -> None:
    other = Database.open(str(other.writing.url))

    async def append(one: Database) -> None:
        async with one.write() as connection:
            await journal.append(
                connection, at=NOW, actor="a", kind="lift", subject="s", facts={"a": 1}
            )

    await asyncio.gather(*(append(one) for _ in range(20) for one in (database, other)))
    async with database.read() as connection:
        assert await journal.verify(connection) == []
        rows = await connection.scalar(text("SELECT count(*) FROM journal"))
    await other.close()
    assert rows == 40


@NEEDS_SERVER
async def test_a_connection_that_the_server_ended_is_made_anew(
    database: Database, other: Database
) -> None:
    async with database.write():
        pass

    async def fail() -> None:
        async with database.write() as connection:
            async with other.read() as beside:
                await beside.execute(END_ALL)
            await connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable, match="does not answer"):
        await fail()
    async with database.write() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


@NEEDS_SERVER
async def test_what_another_hand_changes_has_no_seal(database: Database, other: Database) -> None:
    async with database.write() as connection:
        await connection.execute(customers.insert().values(id="k", registered_at=NOW))
    async with other.write(sealed=False) as connection:
        await connection.execute(text("SET LOCAL sesauditd.sealing = 'off'"))
        await connection.execute(text("UPDATE customers SET registered_at = 1"))
    async with database.read() as connection:
        (row,) = (await connection.execute(seals.as_stored(customers))).mappings()
        (sealed,) = await connection.scalars(
            text("SELECT facts FROM journal WHERE kind = 'sealed'").columns(entries.c.facts)
        )
    assert sealed["rows"]["customers"]["k"] != seals.digest_of(row)


@NEEDS_SERVER
async def test_a_transaction_that_fails_leaves_nothing_that_hinders_the_next(
    database: Database,
) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await connection.execute(customers.insert().values(id="k", registered_at=NOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.write() as connection:
        await connection.execute(customers.insert().values(id="l", registered_at=NOW))
    async with database.read() as connection:
        assert await journal.has_kind(connection, seals.KIND)


@NEEDS_SERVER
async def test_a_writer_reads_its_own_text_back_without_what_no_text_can_hold(
    database: Database,
) -> None:
    async with database.write() as connection:
        await connection.execute(customers.insert().values(id="k\0l", registered_at=NOW))
        found = await connection.scalar(customers.select().where(customers.c.id == "k\0l"))
    assert found == "k\N{REPLACEMENT CHARACTER}l"


@NEEDS_SERVER
async def test_a_server_that_is_not_there_or_knows_no_such_database_is_told_apart() -> None:
    for url, expected in (
        ("postgresql+asyncpg://postgres@127.0.0.1:1/x", Unavailable),
        (f"{SERVER}/there_is_none", Refused),
    ):
        away = Database.open(url)
        with pytest.raises(expected):
            await upgrade(away)
        await away.close()


@NEEDS_SERVER
async def test_a_database_that_sorts_like_a_dictionary_is_refused(tmp_path: Path) -> None:
    made = url_of(tmp_path / "sorted.db", "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'")
    opened = Database.open(made)
    with pytest.raises(Refused, match="createdb"):
        await upgrade(opened)
    await opened.close()


@NEEDS_SERVER
async def test_a_servers_database_has_a_size(database: Database, tmp_path: Path) -> None:
    assert (await health(database, url_of(tmp_path / "test.db"))).size_bytes > 1_000_000


def test_what_is_done_with_a_file_alone_says_what_is_done_on_a_server(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[database]\nurl = "postgresql://somebody@db.example/name"\n')
    with pytest.raises(Refused, match="pg_dump"):
        recovery.backup(load(config, {}), None, NOW, lambda _done, _all: None)
