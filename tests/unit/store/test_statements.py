"""Conditions that the database can answer from an index, and each dialect can read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from sesauditd.store.statements import among, chunks, upsert
from sesauditd.store.tables import deliveries, reached, rollups

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

SQLITE: type[Dialect] = sqlite.dialect
POSTGRESQL: type[Dialect] = postgresql.dialect
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
