"""The schema of a new database in a few milliseconds: migrated once, then copied by statements."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import column, create_engine, inspect, table, text

from sesauditd.store import schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

by_alembic = schema._upgrade
OBJECTS = text(
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type <> 'table', rowid"
)


def copied(connection: Connection) -> None:
    """Bring a database to the newest schema; an empty one gets what Alembic made of another."""
    if connection.dialect.name != "sqlite" or inspect(connection).get_table_names():
        by_alembic(connection)
        return
    for statement in _statements():
        connection.exec_driver_sql(statement)
    version = table(schema.VERSION_TABLE, column("version_num"))
    connection.execute(version.insert().values(version_num=schema.NEWEST))


@cache
def _statements() -> tuple[str, ...]:
    with create_engine("sqlite://").begin() as connection:
        by_alembic(connection)
        return tuple(connection.scalars(OBJECTS))
