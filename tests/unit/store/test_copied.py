"""The journal as the archive gets it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.store import journal
from sesauditd.store.copied import COPIED, JournalRows
from sesauditd.store.watch import Memory
from tests.unit.store.making import START

if TYPE_CHECKING:
    from datetime import datetime

    from sesauditd.store.engine import Database


async def written(database: Database, *times: datetime) -> None:
    """Append an entry at each of these times."""
    async with database.write() as connection:
        for at in times:
            await journal.append(
                connection, at=at, actor="operator", kind="lift", subject="a", facts={"n": 1}
            )


async def test_entries_come_in_order_and_a_day_at_a_time(database: Database) -> None:
    day = timedelta(days=1)
    await written(database, START, START, START + day, START + day)
    rows = JournalRows(database)
    assert [one["sequence"] for one in await rows.after(0, 10)] == [1, 2]
    assert [one["sequence"] for one in await rows.after(1, 10)] == [2]
    assert [one["sequence"] for one in await rows.after(2, 1)] == [3]
    assert await rows.after(4, 10) == []


async def test_an_entry_is_json_with_its_chain(database: Database) -> None:
    await written(database, START, START)
    first, second = await JournalRows(database).after(0, 10)
    assert json.loads(json.dumps(first)) == first
    assert first["at"] == "2026-11-16T10:00:00Z"
    assert first["previous"] == "00" * 32
    assert second["previous"] == first["hash"]


async def test_what_was_copied_is_remembered(database: Database) -> None:
    rows = JournalRows(database)
    assert await rows.copied() == 0
    await Memory(database).remember(COPIED, {"sequence": 7}, START)
    assert await rows.copied() == 7
