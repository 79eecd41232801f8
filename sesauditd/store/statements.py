"""Small pieces of SQL that several modules need."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection

CHUNK = 400
"""Entries of one IN list; old SQLite takes 999 variables in all, a pair takes two."""

Item = TypeVar("Item")


def upsert(connection: AsyncConnection, table: Table) -> Insert:
    """Return an INSERT of the connection's own dialect, which knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        # Both have the same methods, which no common base class promises.
        return cast("Insert", postgresql_insert(table))
    return sqlite_insert(table)


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in pieces that fit into one IN list."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
