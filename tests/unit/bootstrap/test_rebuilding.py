"""From journal and archive the same register, events, verdicts and decisions come out again."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd.bootstrap.program import application
from sesauditd.config import load
from sesauditd.store import rebuilt as remade
from sesauditd.store.compare import compare
from sesauditd.store.executions import Executions
from tests.support.lost import A, rebuilt
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 12, 1, tzinfo=UTC)
REPLACE = ("db", "rebuild", "--json", "--from")
STATES = "SELECT state, count(*) FROM actions WHERE before IS NULL GROUP BY state"
SWAP = """
import datetime, pathlib, sys
from sesauditd.store.swap import swap
now = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)
swap(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), now)
"""


def differences(one: Path, other: Path) -> list[str]:
    """Return what two databases say otherwise."""
    return compare(one, other, lambda _rows: None).first


def test_a_rebuild_says_the_same_in_every_table(lost: Path) -> None:
    document = rebuilt(lost)
    assert document["not_played"] == []

    found = compare(lost / "test.db", lost / "again.db", lambda _rows: None)

    assert found.first == []
    assert found.rows["events"] > 500
    for table in ("verdicts", "actions", "blocks", "cases", "quarantine", "strikes", "standings"):
        assert found.rows[table] > 0, table


def test_the_old_file_stays_and_nothing_acts_before_aws_was_compared(lost: Path) -> None:
    program = Program(lost)
    ran = program.run(*REPLACE, str(lost / "archive"))
    assert ran.code == 0, ran.err
    old = lost / ran.json["kept"].rpartition("/")[2]

    assert differences(old, lost / "test.db") == []
    with closing(sqlite3.connect(lost / "test.db")) as opened:
        states = dict(opened.execute(STATES))
    assert states["proposed"] > 0
    assert not {"requested", "attempted", "pending", "unknown"} & set(states)
    assert program.run("actions", "--verify").code == 0
    assert "nothing is enforced before" in program.run("status").out
    asyncio.run(acts_only_when_compared(lost))


async def acts_only_when_compared(folder: Path) -> None:
    """Approve an action and see it become due when AWS was compared, and not before."""
    async with application(load(folder / "config.toml", {}), clock=lambda: NOW) as program:
        async with program.database.write() as connection:
            proposed = (
                await connection.exec_driver_sql("SELECT id FROM actions WHERE state = 'proposed'")
            ).scalars()
            name = next(iter(proposed))
        async with program.deciding() as decisions:
            await decisions.approve(name)
        outbox = Executions(program.database)
        assert await outbox.due(NOW, 10) == []
        async with program.database.write() as connection:
            await remade.reconciled(connection, 3, 0, NOW)
        assert [one.id for one in await outbox.due(NOW, 10)] == [name]


def test_a_kept_journal_that_lacks_a_row_is_not_rebuilt_from(lost: Path) -> None:
    first = sorted((lost / "archive" / "journal").rglob("*.jsonl"))[1]
    first.unlink()

    ran = Program(lost).run(*REPLACE, str(lost / "archive"))

    assert ran.code == 1
    assert "is missing in the archive" in ran.err
    assert differences(lost / "test.db", lost / "test.db") == []


@pytest.mark.parametrize(
    "failpoint",
    [
        pytest.param("rebuild.kept", marks=pytest.mark.slow),
        "rebuild.alone",
        pytest.param("rebuild.swapped", marks=pytest.mark.slow),
    ],
)
def test_a_kill_while_files_change_places_loses_neither(tmp_path: Path, failpoint: str) -> None:
    old, new = tmp_path / "test.db", tmp_path / "new.db"
    for file, name in ((old, "old"), (new, "new")):
        with closing(sqlite3.connect(file)) as opened:
            opened.execute("CREATE TABLE t (a)")
            opened.execute("INSERT INTO t VALUES (?)", (name,))
            opened.commit()
    # The log of a daemon that was killed holds what the file does not.
    with closing(sqlite3.connect(old, isolation_level=None)) as left:
        left.execute("PRAGMA journal_mode=WAL")
        left.execute("INSERT INTO t VALUES ('in the log')")
        ended = subprocess.run(
            [sys.executable, "-c", SWAP, new, old],
            env={**os.environ, "SESAUDITD_FAILPOINT": failpoint},
            check=False,
        )
    assert ended.returncode == -9

    found = {}
    for file in tmp_path.iterdir():
        if not file.name.endswith(("-wal", "-shm")):
            with closing(sqlite3.connect(file)) as opened:
                found[file.name] = [row[0] for row in opened.execute("SELECT a FROM t")]
    assert ["old", "in the log"] in found.values()
    assert ["new"] in found.values()


def test_a_domain_of_a_copy_without_its_journal_is_nobodys(lost: Path) -> None:
    for one in (lost / "archive" / "journal").rglob("*.jsonl"):
        one.unlink()

    assert rebuilt(lost)["journal"] == 0
    with closing(sqlite3.connect(lost / "again.db")) as opened:
        (owned,) = opened.execute("SELECT count(*) FROM events WHERE domain = ?", (A,)).fetchone()
    assert owned == 0
