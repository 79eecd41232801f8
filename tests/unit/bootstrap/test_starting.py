"""A daemon looks at a database that was not closed, and refuses to work on a damaged one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from sesauditd.bootstrap.starting import check_database
from sesauditd.config import load
from sesauditd.errors import Broken

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.config import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a database that was closed well."""
    file = tmp_path / "a.db"
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("CREATE TABLE t (a)")
        opened.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 200)
        opened.commit()
    return file


@pytest.fixture
def settings(file: Path, tmp_path: Path) -> Settings:
    """Return settings that name it."""
    path = tmp_path / "config.toml"
    path.write_text(f'[database]\nurl = "sqlite:///{file}"\n')
    return load(path, {})


def damage(file: Path) -> None:
    """Overwrite one page with zeros."""
    body = bytearray(file.read_bytes())
    body[4096 * 4 : 4096 * 5] = bytes(4096)
    file.write_bytes(body)


async def test_the_library_is_named_and_a_closed_file_is_not_read_whole(settings: Settings) -> None:
    with capture_logs() as logs:
        await check_database(settings, ended=True)

    assert [(one["event"], one["sqlite"]) for one in logs] == [
        ("database_opening", sqlite3.sqlite_version)
    ]


async def test_after_a_kill_the_whole_file_is_checked(settings: Settings) -> None:
    with capture_logs() as logs:
        await check_database(settings, ended=False)

    assert [one["event"] for one in logs] == ["database_opening", "database_checked"]


async def test_a_damaged_file_is_not_worked_on(settings: Settings, file: Path) -> None:
    damage(file)

    with pytest.raises(Broken, match=r"damaged.*nothing is enforced.*db rebuild"):
        await check_database(settings, ended=False)


async def test_a_log_that_was_left_is_reason_enough_to_look(settings: Settings, file: Path) -> None:
    damage(file)
    file.with_name("a.db-wal").write_bytes(b"left")

    with pytest.raises(Broken, match="damaged"):
        await check_database(settings, ended=True)
