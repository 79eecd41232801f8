"""A period is done once, whoever says so and however often."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.model.owed import daily
from sesauditd.store import periods
from sesauditd.store.periods import Periods
from tests.unit.store.making import START, Message, adopt, adoption, keep

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

DAY = daily("00:30").holding(START)


async def test_a_period_is_done_once_and_for_one_job(database: Database) -> None:
    async with database.write() as connection:
        assert await periods.finish(connection, "rollup", DAY, START)
        assert not await periods.finish(connection, "rollup", DAY, START)
    table = Periods(database)
    await table.finish("rollup", DAY, START)
    assert await table.done("rollup") == {"2026-11-16"}
    assert await table.done("digest") == set()


async def test_the_first_run_is_remembered(database: Database) -> None:
    assert await Periods(database).first_run(START) == START
    assert await Periods(database).first_run(START + timedelta(days=1)) == START


async def test_the_first_event_is_the_oldest(database: Database) -> None:
    table = Periods(database)
    assert await table.first_event() is None
    await adopt(database, adoption("a.example", "k"))
    await keep(database, Message(name="m").delivered())
    assert await table.first_event() == START
