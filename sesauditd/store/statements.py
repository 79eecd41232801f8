"""Small pieces of SQL that several modules need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

CHUNK = 400
"""Entries of one IN list; old SQLite takes 999 variables in all."""

Item = TypeVar("Item")


def upsert(connection: AsyncConnection, table: sa.Table) -> Insert:
    """Return an INSERT of the connection's own dialect, which knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        # Both have the same methods, which no common base class promises.
        return cast("Insert", postgresql_insert(table))
    return sqlite_insert(table)


def chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """Yield the items in pieces, by default such that fit into one IN list."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def among(
    connection: AsyncConnection,
    columns: Sequence[sa.Column[Any]],
    rows: Collection[tuple[str | int, ...]],
) -> sa.ColumnElement[bool]:
    """Return the condition that the columns together are one of any number of rows.

    SQLite walks the whole table for an IN list of several rows of values, but uses an index
    for a subquery whose columns have the types of the index.
    """
    if connection.dialect.name != "sqlite":
        return sa.tuple_(*columns).in_(sorted(rows))
    row = sa.func.json_each(json.dumps(sorted(rows))).table_valued("value")
    wanted = [
        sa.cast(sa.func.json_extract(row.c.value, f"$[{place}]"), column.type)
        for place, column in enumerate(columns)
    ]
    return sa.tuple_(*columns).in_(sa.select(*wanted))
