"""A look: one state of the database, made or upgraded if it has to be, and never written to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sesauditd.bootstrap import looking
from sesauditd.config import load
from sesauditd.errors import Refused
from sesauditd.store import schema
from tests.support.databases import NEEDS_FILE
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.bootstrap.looking import Look
    from sesauditd.config.settings import Settings

CUSTOMERS = text("SELECT count(*) FROM customers")


def settings_in(folder: Path) -> Settings:
    return load(Program.made(folder).folder / "config.toml", {})


async def customers(look: Look) -> int:
    return int(await look.connection.scalar(CUSTOMERS) or 0)


@NEEDS_FILE
def test_a_database_that_is_not_there_yet_is_made_once(tmp_path: Path) -> None:
    settings, made = settings_in(tmp_path), list[str]()
    for _ in range(2):
        found = looking.looked(settings, customers, before_upgrade=lambda: made.append("log"))
        assert found == 0
    assert made == ["log"]


def test_a_look_sees_what_is_stored_at_the_time_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program.made(tmp_path)
    program.adopt()
    settings = load(tmp_path / "config.toml", {})
    looks: list[Look] = []

    async def look(found: Look) -> int:
        looks.append(found)
        return await customers(found)

    assert looking.looked(settings, look, before_upgrade=pytest.fail) == 1
    assert looks[0].policies.common.general.wilson_z > 0
    assert looks[0].now.tzinfo is not None


@NEEDS_FILE
def test_a_look_writes_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)

    async def writing(look: Look) -> None:
        await look.connection.execute(text("DELETE FROM customers"))

    with pytest.raises(Refused, match="readonly"):
        looking.looked(settings, writing, before_upgrade=lambda: None)


@NEEDS_FILE
def test_a_newer_database_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    looking.looked(settings, customers, before_upgrade=lambda: None)
    with closing(sqlite3.connect(tmp_path / "test.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(Refused, match="newer than this program knows"):
        looking.looked(settings, customers, before_upgrade=lambda: None)
    with closing(sqlite3.connect(tmp_path / "test.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
    assert schema.NEWEST != "9999"
