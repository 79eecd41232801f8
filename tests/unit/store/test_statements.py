"""Conditions that the database can answer from an index, and each dialect can read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from sesauditd.store.statements import among, chunks, insert_rows, listed, upsert
from sesauditd.store.tables import customers, deliveries, reached, rollups

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

SQLITE: type[Dialect] = sqlite.dialect
POSTGRESQL: type[Dialect] = postgresql.dialect
NOON = datetime(2026, 11, 30, 12, 0, 0, 1, UTC)
PLACE = (reached.c.domain, reached.c.receiving_domain)


def speaking(dialect: Any) -> AsyncConnection:
    """Return something that knows its dialect, as a connection does."""
    return cast("AsyncConnection", SimpleNamespace(dialect=dialect))


def test_chunks_hold_everything_in_order() -> None:
    items = list(range(1001))
    parts = list(chunks(items))
    assert [one for part in parts for one in part] == items
    assert max(len(part) for part in parts) <= 499
    assert list(chunks([])) == []


async def test_rows_are_found_by_several_columns_together(database: Database) -> None:
    hours = rollups.c.domain, rollups.c.hour
    async with database.write() as connection:
        query = select(rollups).where(among(connection, hours, {("a", 1), ("b", 2)}))
        assert (await connection.execute(query)).all() == []
        nothing = select(rollups).where(among(connection, hours, []))
        assert (await connection.execute(nothing)).all() == []


def test_postgresql_is_asked_in_its_own_words() -> None:
    dialect = POSTGRESQL()
    condition = among(speaking(dialect), PLACE, {("a", "x")})
    said = str(condition.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert said == "(reached.domain, reached.receiving_domain) IN (('a', 'x'))"


def test_each_dialect_ignores_what_is_there_already() -> None:
    for dialect in (SQLITE(), POSTGRESQL()):
        statement = upsert(speaking(dialect), deliveries).on_conflict_do_nothing()
        assert "ON CONFLICT DO NOTHING" in str(statement.compile(dialect=dialect))


async def test_rows_are_inserted_as_they_would_be_one_by_one(database: Database) -> None:
    rows: list[dict[str, object]] = [
        {"id": "baker", "registered_at": NOON, "since": None},
        {"id": "smith", "registered_at": NOON, "since": NOON - timedelta(days=1)},
    ]
    async with database.write() as connection:
        await insert_rows(connection, customers, rows)
        await insert_rows(connection, customers, [])
        found = await connection.execute(select(customers).order_by(customers.c.id))
        assert [row._asdict() for row in found] == rows


async def test_of_a_row_that_is_there_only_what_is_named_is_overwritten(
    database: Database,
) -> None:
    first: dict[str, object] = {"id": "baker", "registered_at": NOON, "since": NOON}
    later = NOON + timedelta(days=1)
    again: dict[str, object] = {"id": "baker", "registered_at": later, "since": later}
    async with database.write() as connection:
        await insert_rows(connection, customers, [first])
        await insert_rows(connection, customers, [again], ignoring=True)
        assert (await connection.execute(select(customers))).one()._asdict() == first
        await insert_rows(connection, customers, [again], replacing=("since",))
        found = (await connection.execute(select(customers))).one()._asdict()
        assert found == first | {"since": later}


async def test_a_time_without_a_zone_is_not_inserted(database: Database) -> None:
    naive = {"id": "baker", "registered_at": NOON.replace(tzinfo=None)}
    async with database.write() as connection:
        with pytest.raises(ValueError, match="without a time zone"):
            await insert_rows(connection, customers, [naive])


async def test_listed_values_are_joined_by_what_they_are(database: Database) -> None:
    rows: list[dict[str, object]] = [
        {"id": name, "registered_at": NOON} for name in ("baker", "miller", "smith")
    ]
    columns = customers.c.id, customers.c.registered_at
    async with database.write() as connection:
        await insert_rows(connection, customers, rows)
        wanted = listed(
            connection, columns, [("smith", NOON), ("baker", NOON + timedelta(microseconds=1))]
        )
        query = select(customers.c.id).join(
            wanted,
            (customers.c.id == wanted.c.id) & (customers.c.registered_at >= wanted.c.registered_at),
        )
        assert list(await connection.scalars(query)) == ["smith"]
