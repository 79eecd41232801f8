"""The journal: nothing in it can be changed or taken out unnoticed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, text, update

from sesauditd.store import journal
from sesauditd.store.tables import journal as rows

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

NOW = datetime(2026, 11, 24, 9, 30, 15, 123456, tzinfo=UTC)


async def write(database: Database, count: int) -> list[int]:
    """Append so many rows, each in a transaction of its own; return their numbers."""
    numbers = []
    for index in range(count):
        async with database.write() as connection:
            numbers.append(
                await journal.append(
                    connection,
                    at=NOW + timedelta(minutes=index),
                    actor="operator",
                    kind="reinstate",
                    subject="a.example",
                    facts={"explanation": f"Pilzsuppe № {index}", "nested": {"b": [1, None]}},
                )
            )
    return numbers


async def broken_in(database: Database) -> list[int]:
    """Return where the chain is broken."""
    async with database.read() as connection:
        return await journal.verify(connection)


async def test_an_empty_journal_is_whole(database: Database) -> None:
    assert await broken_in(database) == []


async def test_rows_are_numbered_and_whole(database: Database) -> None:
    assert await write(database, 4) == [1, 2, 3, 4]
    assert await broken_in(database) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"actor": "somebody else"}, id="actor"),
        pytest.param({"kind": "terminate"}, id="kind"),
        pytest.param({"subject": "b.example"}, id="subject"),
        pytest.param({"facts": {"explanation": "none"}}, id="facts"),
        pytest.param({"at": NOW}, id="time"),
    ],
)
async def test_a_changed_row_is_found(database: Database, change: dict[str, object]) -> None:
    await write(database, 4)
    async with database.write() as connection:
        await connection.execute(update(rows).where(rows.c.sequence == 3).values(**change))
    assert await broken_in(database) == [3]


async def test_a_row_changed_with_its_hash_breaks_the_next(database: Database) -> None:
    await write(database, 4)
    async with database.write() as connection:
        await connection.execute(update(rows).where(rows.c.sequence == 3).values(hash=b"\x01" * 32))
    assert await broken_in(database) == [3, 4]


@pytest.mark.parametrize("removed", [1, 2, 3])
async def test_a_removed_row_is_found(database: Database, removed: int) -> None:
    await write(database, 4)
    async with database.write() as connection:
        await connection.execute(delete(rows).where(rows.c.sequence == removed))
    assert await broken_in(database) == [removed + 1]


async def test_a_renumbered_journal_is_found(database: Database) -> None:
    await write(database, 3)
    async with database.write() as connection:
        await connection.execute(delete(rows).where(rows.c.sequence == 1))
        await connection.execute(text("UPDATE journal SET sequence = sequence - 1"))
    assert await broken_in(database) == [1, 2]


async def test_a_time_of_another_zone_is_the_same_time(database: Database) -> None:
    async with database.write() as connection:
        await journal.append(
            connection,
            at=NOW.astimezone(timezone(timedelta(hours=2))),
            actor="operator",
            kind="arm",
            subject="k",
            facts={},
        )
    assert await broken_in(database) == []


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="time zone"):
        async with database.write() as connection:
            await journal.append(
                connection,
                at=NOW.replace(tzinfo=None),
                actor="operator",
                kind="arm",
                subject="k",
                facts={},
            )
