"""Whether the database can be written, at which schema it is, and how large."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import String, column, select, table, text

from sesauditd.store.engine import file_of
from sesauditd.store.schema import VERSION_TABLE

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

VERSION = select(column("version_num", String())).select_from(table(VERSION_TABLE))

SERVER_SIZE = text("SELECT pg_database_size(current_database())")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A database that was written a moment ago; sizes in bytes."""

    schema: str
    size_bytes: int
    free_bytes: int | None
    """None for a server's: only it can know."""


async def health(database: Database, url: str) -> Health:
    """Take the right to write, change nothing, and say how the database is.

    Raises Busy, Refused, Failed or Broken as any writing does.
    """
    async with database.write() as connection:
        schema = str(await connection.scalar(VERSION))
        file = file_of(url)
        if file is None:
            size = int(await connection.scalar(SERVER_SIZE) or 0)
            return Health(schema=schema, size_bytes=size, free_bytes=None)
    parts = [file, file.with_name(f"{file.name}-wal")]
    return Health(
        schema=schema,
        size_bytes=sum(one.stat().st_size for one in parts if one.exists()),
        free_bytes=shutil.disk_usage(file.parent).free,
    )
