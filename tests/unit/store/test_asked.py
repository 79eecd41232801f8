"""What was asked for a domain: kept once, journaled once, and forgotten with the domain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.model.newcomer import Asked, AskedStage
from sesauditd.store import asked
from sesauditd.store.tables import journal as journal_rows
from tests.unit.store.making import START, rows

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

BAKERY = Asked(customer="bakery", contact="anna@home.example", by_hand=True)


async def ask(database: Database, wanted: Asked) -> Asked | None:
    async with database.write() as connection:
        await asked.ask(connection, "a.example", wanted, START)
    async with database.read() as connection:
        return await asked.of(connection, "a.example")


async def reached(database: Database, stage: AskedStage) -> Asked | None:
    async with database.write() as connection:
        await asked.reached(connection, "a.example", stage, START)
    async with database.read() as connection:
        return await asked.of(connection, "a.example")


async def test_the_same_words_are_journaled_once_and_lose_no_progress(database: Database) -> None:
    assert await ask(database, BAKERY) == BAKERY
    made = await reached(database, AskedStage.MADE)
    assert made == replace(BAKERY, stage=AskedStage.MADE)
    assert await ask(database, BAKERY) == made
    (row,) = await rows(database, journal_rows)
    assert (row["kind"], row["subject"]) == ("onboard", "a.example")
    assert row["facts"] == {"customer": "bakery", "contact": "anna@home.example", "by_hand": True}


async def test_other_words_begin_anew(database: Database) -> None:
    await ask(database, BAKERY)
    await reached(database, AskedStage.GRANTED)
    fresh = replace(BAKERY, contact="bob@home.example")
    assert await ask(database, fresh) == fresh
    assert len(await rows(database, journal_rows)) == 2


async def test_nobody_has_come_further_with_what_nobody_asked_for(database: Database) -> None:
    assert await reached(database, AskedStage.GRANTED) is None
