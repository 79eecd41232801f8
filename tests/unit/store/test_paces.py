"""Turns at a service: one after the other, whoever takes them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.aws.pace import Pace, SharedPace
from sesauditd.errors import Busy
from sesauditd.store.paces import FARTHEST, Paces
from tests.unit.store.making import START

if TYPE_CHECKING:
    from datetime import datetime

    from sesauditd.store.engine import Database

SECOND = timedelta(seconds=1)


async def take(database: Database, now: datetime = START, name: str = "ses/x") -> float:
    """Take a turn, and return how many seconds after START it is."""
    return (await Paces(database).take(name, SECOND, now) - START).total_seconds()


async def test_turns_are_taken_one_after_the_other(database: Database) -> None:
    assert [await take(database) for _ in range(3)] == [0.0, 1.0, 2.0]
    assert await take(database, name="ses/y") == 0.0


async def test_rest_earns_no_burst(database: Database) -> None:
    await take(database)
    later = START + timedelta(minutes=1)
    assert [await take(database, later) for _ in range(2)] == [60.0, 61.0]


async def test_a_clock_that_was_set_back_holds_nobody_up(database: Database) -> None:
    await take(database, START + FARTHEST + 2 * SECOND)
    assert await take(database) == 0.0


class Broken:
    """A place of turns that does not answer."""

    async def take(self, name: str, interval: timedelta, now: datetime) -> datetime:
        raise Busy(f"{name} {interval} {now}")


async def test_without_the_database_each_keeps_its_own_pace() -> None:
    own = Pace(per_second=1000, burst=1)
    pace = SharedPace(name="ses/x", slots=Broken(), own=own, clock=lambda: START)
    for _ in range(3):
        await pace.turn()
