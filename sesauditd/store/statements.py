"""Small pieces of SQL that several modules need."""

from __future__ import annotations

import json
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sesauditd.store.columns import Moment, microseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

CHUNK = 400
"""Entries of one IN list; old SQLite takes 999 variables in all."""

Item = TypeVar("Item")


def upsert(connection: AsyncConnection, table: sa.Table) -> Insert:
    """Return an INSERT of the connection's own dialect, which knows ON CONFLICT."""
    return _dialects_insert(connection.dialect, table)


def _dialects_insert(dialect: sa.Dialect, table: sa.Table) -> Insert:
    if dialect.name == "postgresql":
        # The dialect comes with all of its drivers' parts, and who keeps a file needs none.
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        # Both have the same methods, which no common base class promises.
        return cast("Insert", postgresql_insert(table))
    return sqlite_insert(table)


async def insert_rows(
    connection: AsyncConnection,
    table: sa.Table,
    rows: Sequence[Mapping[str, object]],
    *,
    ignoring: bool = False,
    replacing: tuple[str, ...] = (),
) -> None:
    """Insert rows that all have the same columns, none of them JSON.

    Of a row whose primary key is there already either nothing is inserted (`ignoring`), or some
    columns are overwritten (`replacing`). The statement is compiled once a connection, and rows
    go to the driver as tuples, which for many of them takes a fraction of the time in which
    SQLAlchemy prepares each row.
    """
    if not rows:
        return
    names = tuple(rows[0])
    told = _insert(connection.dialect, table, names, ignoring=ignoring, replacing=replacing)
    pick = itemgetter(*told.names)
    await connection.exec_driver_sql(
        told.text, [_with_moments(pick(row), told.moments) for row in rows]
    )


class _Insert(NamedTuple):
    """An INSERT as the driver gets it."""

    text: str
    names: Sequence[str]
    """Of the columns, in the order of its parameters."""
    moments: Sequence[int]
    """Which of them are times."""


@lru_cache(maxsize=64)
def _insert(
    dialect: sa.Dialect,
    table: sa.Table,
    names: tuple[str, ...],
    *,
    ignoring: bool,
    replacing: tuple[str, ...],
) -> _Insert:
    statement = _dialects_insert(dialect, table)
    if ignoring:
        statement = statement.on_conflict_do_nothing()
    elif replacing:
        statement = statement.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={name: statement.excluded[name] for name in replacing},
        )
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = compiled.positiontup or ()
    moments = [place for place, name in enumerate(order) if isinstance(table.c[name].type, Moment)]
    return _Insert(str(compiled), order, moments)


def _with_moments(row: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    plain = list(row)
    for place in places:
        if plain[place] is not None:
            plain[place] = microseconds(plain[place])
    return tuple(plain)


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
    return sa.tuple_(*columns).in_(_from_json(columns, rows))


def listed(
    connection: AsyncConnection,
    columns: Sequence[sa.Column[Any]],
    rows: Iterable[tuple[str | int | datetime, ...]],
) -> sa.FromClause:
    """Return rows of values as a table with columns named as those, to be joined with others."""
    if connection.dialect.name == "sqlite":
        return _from_json(columns, rows).subquery("listed")
    named = [sa.column(one.name, one.type) for one in columns]
    return sa.values(*named, name="listed").data(sorted(rows))


def _from_json(
    columns: Sequence[sa.Column[Any]], rows: Iterable[tuple[str | int | datetime, ...]]
) -> sa.Select[Any]:
    row = sa.func.json_each(json.dumps(sorted(rows), default=microseconds)).table_valued("value")
    values = [sa.func.json_extract(row.c.value, f"$[{place}]") for place in range(len(columns))]
    return sa.select(
        *(
            sa.cast(value, column.type).label(column.name)
            for value, column in zip(values, columns, strict=True)
        )
    )
