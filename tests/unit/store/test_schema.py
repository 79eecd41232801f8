"""The schema: made by migrations alone, the same as the tables, once, by whoever is first."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from sesauditd.errors import Failed, Refused
from sesauditd.shipped import migrations_folder
from sesauditd.store.engine import Database
from sesauditd.store.schema import NEWEST, upgrade
from sesauditd.store.tables import metadata
from tests.support.databases import NEEDS_FILE, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

pytestmark = pytest.mark.migrations
ROOT = Path(__file__).parents[3]
FIRST_USE = """
import asyncio, sys
from sesauditd.store.engine import Database
from sesauditd.store.schema import upgrade

async def main():
    database = Database.open(sys.argv[1])
    revision = await upgrade(database)
    await database.close()
    return revision

revision = asyncio.run(main())
print(revision, "alembic" in sys.modules)
"""


def scripts() -> Config:
    """Return Alembic's configuration for the shipped migrations."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    return config


def said(sql: str) -> tuple[str, list[str], str]:
    """Return what a CREATE statement says, in whatever order it names columns and keys."""
    plain = re.sub(r"\s+", " ", sql).replace("( ", "(").replace(" )", ")").strip()
    head, _, rest = plain.partition("(")
    body, _, tail = rest.rpartition(")")
    return head, sorted(re.split(r", (?![^(]*\))", body)), tail


def first_use(url: str) -> subprocess.Popen[str]:
    """Start another process that uses the database for the first time."""
    command_line = [sys.executable, "-c", FIRST_USE, url]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command_line,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return the exit code and all that a process wrote."""
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


def test_the_newest_revision_is_the_one_the_program_knows() -> None:
    assert ScriptDirectory.from_config(scripts()).get_heads() == [NEWEST]


async def test_tables_and_migrations_are_the_same(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


@NEEDS_FILE  # SQLite keeps the words.
async def test_every_table_and_index_has_the_very_words_of_its_definition(
    database: Database,
) -> None:
    dialect = sqlite.dialect()
    expected = {}
    for table in metadata.tables.values():
        expected[table.name] = str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            expected[str(index.name)] = str(CreateIndex(index).compile(dialect=dialect))
    async with database.read() as connection:
        rows = await connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        )
        found = {row.name: row.sql for row in rows if row.name != "alembic_version"}
    assert {name: said(sql) for name, sql in found.items()} == {
        name: said(sql) for name, sql in expected.items()
    }


async def test_upgrading_twice_changes_nothing(database: Database) -> None:
    assert await upgrade(database) == NEWEST


async def test_a_newer_schema_is_refused_in_clear_words(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match=r"schema 9999, which is newer .* install the newer"):
        await upgrade(database)


async def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'other.db'}")
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE addresses (name TEXT)"))
    with pytest.raises(Refused, match="another program"):
        await upgrade(database)
    async with database.read() as connection:
        tables = await connection.run_sync(lambda one: inspect(one).get_table_names())
    await database.close()
    assert tables == ["addresses"]


async def test_a_migration_that_breaks_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "migrations"
    versions = broken / "versions"
    versions.mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (broken / name).write_text((migrations_folder() / name).read_text())
    (original,) = (migrations_folder() / "versions").glob("0001_*.py")
    source = original.read_text()
    cut = source.index('    op.create_table(\n        "strikes"')
    (versions / original.name).write_text(source[:cut] + "    op.drop_table('never_there')\n")
    database = Database.open(f"sqlite:///{tmp_path / 'test.db'}")
    with monkeypatch.context() as patch:
        patch.setattr("sesauditd.store.schema.migrations_folder", lambda: broken)
        with pytest.raises(Failed, match="never_there"):
            await upgrade(database)
    async with database.read() as connection:
        assert await connection.run_sync(lambda one: inspect(one).get_table_names()) == []
    assert await upgrade(database) == NEWEST
    await database.close()


async def test_the_first_migration_can_be_undone(database: Database) -> None:
    def through(step: Callable[[Config, str], None], revision: str) -> Callable[..., None]:
        def run(connection: Connection) -> None:
            config = scripts()
            config.attributes["connection"] = connection
            step(config, revision)

        return run

    async with database.write() as connection:
        await connection.run_sync(through(command.downgrade, "base"))
        left = await connection.run_sync(lambda one: inspect(one).get_table_names())
    assert left == ["alembic_version"]
    assert await upgrade(database) == NEWEST


def test_processes_that_come_first_together_all_find_a_schema(tmp_path: Path) -> None:
    url = url_of(tmp_path / "test.db", "TEMPLATE template0")
    together = [first_use(url) for _ in range(3)]
    for code, out, errors in map(ended, together):
        assert (code, out.split()[:1]) == (0, [NEWEST]), errors


async def test_a_database_that_is_up_to_date_needs_no_alembic(
    database: Database, tmp_path: Path
) -> None:
    assert await upgrade(database) == NEWEST
    process = first_use(url_of(tmp_path / "test.db"))
    code, out, errors = await asyncio.to_thread(ended, process)
    assert (code, out) == (0, f"{NEWEST} False\n"), errors
