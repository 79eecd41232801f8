"""The database opens, upgrades, locks and complains as it should."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from sesauditd.errors import Failed, Refused
from sesauditd.shipped import migrations_folder
from sesauditd.store import schema, tables
from sesauditd.store.engine import Database
from tests.support.running import NOW, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

pytestmark = pytest.mark.migrations


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return a database with the newest schema."""
    one = Database.open(f"sqlite:///{tmp_path / 'one.db'}")
    await schema.upgrade(one)
    yield one
    await one.close()


async def test_five_read_modify_writes_at_once_end_at_five(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE counter (value INTEGER)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))

    async def add_one() -> None:
        async with database.write() as connection:
            value = await connection.scalar(text("SELECT value FROM counter")) or 0
            await asyncio.sleep(0)
            await connection.execute(text("UPDATE counter SET value = :new"), {"new": value + 1})

    await asyncio.gather(*(add_one() for _ in range(5)))
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT value FROM counter")) == 5


async def test_every_connection_is_durable_and_checks_its_references(database: Database) -> None:
    async with database.read() as connection:
        found = [
            await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]
    row = {"name": "mailer", "domain": "unknown.example", "registered_at": NOW}
    async with database.write() as connection:
        with pytest.raises(IntegrityError):
            await connection.execute(tables.iam_users.insert().values(**row))


def test_the_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), tables.metadata))

    async def migrate() -> list[object]:
        database = Database.open(f"sqlite:///{tmp_path / 'fresh.db'}")
        await schema.upgrade(database)
        async with database.read() as connection:
            found = await connection.run_sync(differences)
        await database.close()
        return found

    assert asyncio.run(migrate()) == []


def test_the_newest_revision_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.NEWEST


async def test_the_first_migration_can_be_undone(database: Database) -> None:
    def downgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(migrations_folder()))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    async with database.write() as connection:
        await connection.run_sync(downgrade)
    async with database.read() as connection:
        names = await connection.execute(text("SELECT name FROM sqlite_master WHERE type='table'"))
        assert set(names.scalars()) == {"alembic_version"}


async def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    assert await schema.upgrade(database) == schema.NEWEST


async def test_a_newer_schema_is_refused(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num='9999'"))
    with pytest.raises(Refused, match="newer"):
        await schema.upgrade(database)


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/x.db"])
async def test_a_useless_url_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        Database.open(url)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("this is no database, whatever its name says" * 50)
    database = Database.open(f"sqlite:///{path}")
    with pytest.raises((Refused, Failed), match="database"):
        await schema.upgrade(database)
    await database.close()


async def test_adopting_twice_changes_nothing_and_another_customer_fails(tmp_path: Path) -> None:
    async with running(tmp_path / "adopt") as program:
        assert await program.adopt("a.example", "k", iam_user="mailer") == 1
        assert await program.adopt("a.example", "k", iam_user="mailer") == 0
        assert len(await program.rows(tables.journal)) == 4
        with pytest.raises(Failed, match="belongs to customer k"):
            await program.adopt("a.example", "other")
