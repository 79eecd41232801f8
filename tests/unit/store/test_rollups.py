"""A day's roll-ups are held against its events, and put right where they differ."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, insert, update

from sesauditd.model.calendar import HOUR, hour_of
from sesauditd.model.statistics import sketch
from sesauditd.store.rollups import close_day
from sesauditd.store.tables import rollups
from tests.unit.store.making import NO_FEEDBACK, START, Message, adopt, adoption, keep, rows

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Executable

    from sesauditd.store.engine import Database

DAY = timedelta(days=1)
PHANTOM = {
    "domain": "b.example",
    "hour": hour_of(START),
    "outcome": "sent",
    "feeds_back": True,
    "count": 3,
    "sketch": sketch(["nobody@x.example"]),
}


@pytest.fixture
async def filled(database: Database) -> Database:
    """Return a database with mail of two domains on two days."""
    await adopt(database, adoption("a.example", "k"), adoption("b.example", "l"))
    for day in range(2):
        for hour in (0, 1, 5):
            at = START + day * DAY + hour * HOUR
            first = Message(name=f"a{day}{hour}", to=("ann@x.example", "cy@gmail.com"), at=at)
            await keep(database, first.tells("Send"), first.delivered())
    await keep(database, Message(name="u", domain="u.example").delivered())
    return database


async def closed(database: Database, day: datetime = START) -> dict[str, object]:
    """Close a day."""
    async with database.write() as connection:
        return await close_day(connection, day, no_feedback=NO_FEEDBACK)


async def test_a_day_that_is_right_stays_as_it_is(filled: Database) -> None:
    before = await rows(filled, rollups)
    assert await closed(filled) == {"day": "2026-11-16", "rows": 12, "mended": 0}
    assert await rows(filled, rollups) == before


async def test_a_day_without_mail_has_nothing_to_close(filled: Database) -> None:
    found = await closed(filled, START - 10 * DAY)
    assert found == {"day": "2026-11-06", "rows": 0, "mended": 0}


@pytest.mark.parametrize(
    ("damage", "mended"),
    [
        pytest.param(update(rollups).values(count=99), 12, id="wrong counts"),
        pytest.param(
            update(rollups).where(rollups.c.outcome == "sent").values(sketch=sketch(["x"])),
            6,
            id="wrong sketches",
        ),
        pytest.param(delete(rollups).where(rollups.c.feeds_back), 6, id="missing"),
        pytest.param(insert(rollups).values(**PHANTOM), 1, id="groundless"),
    ],
)
async def test_what_differs_is_put_right(filled: Database, damage: Executable, mended: int) -> None:
    before = [row for row in await rows(filled, rollups) if row["hour"] < hour_of(START + DAY)]
    async with filled.write() as connection:
        await connection.execute(damage)
    assert (await closed(filled))["mended"] == mended
    after = [row for row in await rows(filled, rollups) if row["hour"] < hour_of(START + DAY)]
    assert after == before
