"""Processes that write one file take turns, so that no commit meets another's checkpoint."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from sesauditd.errors import Busy
from sesauditd.store.engine import Database

if TYPE_CHECKING:
    from pathlib import Path

ADD = """
import asyncio, sys
from sqlalchemy import text
from sesauditd.store.engine import Database

async def add(url):
    database = Database.open(url)
    for _ in range(100):
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO t VALUES (zeroblob(60000))"))
    await database.close()

asyncio.run(add(sys.argv[1]))
"""


@pytest.mark.slow
async def test_two_processes_that_write_and_checkpoint_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    database = Database.open(url)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE t (a)"))

    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", ADD, url) for _ in range(2)
    ]
    codes = await asyncio.gather(*(one.wait() for one in writers))

    assert codes == [0, 0]
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM t")) == 200
        assert await connection.scalar(text("PRAGMA integrity_check")) == "ok"
    await database.close()


async def test_a_writer_waits_for_its_turn_and_then_says_why_not(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'a.db'}", lock_wait_seconds=0.05)
    number = os.open(tmp_path / "a.db.turns", os.O_CREAT | os.O_RDWR)
    fcntl.flock(number, fcntl.LOCK_EX)

    with pytest.raises(Busy, match="locked by another process"):
        async with database.write():
            pass
    os.close(number)
    async with database.write() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await database.close()
