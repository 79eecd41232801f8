"""A copy of a database at work is whole, private, and never half."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Broken, Refused
from sesauditd.store.backup import back_up
from sesauditd.store.engine import Database
from sesauditd.store.schema import upgrade

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SEEN = "INSERT INTO observations VALUES (?, '{}', 0)"
NAMES = "SELECT name FROM observations ORDER BY name"
KILLED = """
import pathlib, sys
from sesauditd.store.backup import back_up
back_up(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), lambda *_: None)
"""


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[Path]:
    """Return the file of a database whose log holds what the file does not."""
    file = tmp_path / "at-work.db"
    database = Database.open(f"sqlite:///{file}")
    await upgrade(database)
    with closing(sqlite3.connect(file, isolation_level=None)) as beside:
        beside.execute(SEEN, ("first",))
        yield file
    await database.close()


def names_in(file: Path) -> list[str]:
    """Return the names of the observations in a file."""
    with closing(sqlite3.connect(file)) as opened:
        return [row[0] for row in opened.execute(NAMES)]


def test_a_copy_holds_what_only_the_log_had_and_is_private(at_work: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    made = back_up(at_work, tmp_path / "copy.db", lambda *pages: told.append(pages))

    assert names_in(made.path) == ["first"]
    assert made.rows["observations"] == 1
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert told[-1][0] == told[-1][1] > 0
    assert sorted(one.name for one in tmp_path.iterdir() if "copy" in one.name) == ["copy.db"]


def test_what_is_written_meanwhile_belongs_to_the_next_copy(at_work: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(at_work, isolation_level=None)) as beside:
        for number in range(400):
            beside.execute(SEEN, (f"{number:04}" + "x" * 4000,))

        def write(_done: int, _total: int) -> None:
            beside.execute("INSERT OR IGNORE INTO observations VALUES ('meanwhile', '{}', 0)")

        made = back_up(at_work, tmp_path / "copy.db", write)

    assert "meanwhile" not in names_in(made.path)
    assert made.rows["observations"] == 401
    assert "meanwhile" in names_in(at_work)


@pytest.mark.parametrize("failpoint", ["backup.copied", "backup.checked"])
def test_a_kill_leaves_the_older_copy(at_work: Path, tmp_path: Path, failpoint: str) -> None:
    target = tmp_path / "copy.db"
    back_up(at_work, target, lambda *_: None)
    before = target.read_bytes()
    with closing(sqlite3.connect(at_work, isolation_level=None)) as beside:
        beside.execute(SEEN, ("second",))

    ended = subprocess.run(
        [sys.executable, "-c", KILLED, at_work, target],
        env={**os.environ, "SESAUDITD_FAILPOINT": failpoint},
        check=False,
    )

    assert ended.returncode == -9
    assert target.read_bytes() == before
    assert names_in(back_up(at_work, target, lambda *_: None).path) == ["first", "second"]


def test_a_damaged_database_is_not_copied_over_a_whole_copy(tmp_path: Path) -> None:
    file, target = tmp_path / "damaged.db", tmp_path / "copy.db"
    target.write_bytes(b"older")
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("CREATE TABLE t (a)")
        opened.executemany("INSERT INTO t VALUES (?)", [("x" * 500,)] * 100)
        opened.commit()
    body = bytearray(file.read_bytes())
    body[4096 * 4 : 4096 * 5] = bytes(4096)
    file.write_bytes(body)

    with pytest.raises(Broken, match="damaged"):
        back_up(file, target, lambda *_: None)

    assert target.read_bytes() == b"older"


def test_a_copy_never_replaces_the_database_itself(at_work: Path) -> None:
    with pytest.raises(Refused, match="itself"):
        back_up(at_work, at_work, lambda *_: None)
