"""Whether the database can be written, at which schema it is, and how large."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import String, column, select, table

from sesauditd.store.engine import file_of
from sesauditd.store.schema import VERSION_TABLE

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

VERSION = select(column("version_num", String())).select_from(table(VERSION_TABLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A database that was written a moment ago; sizes in bytes, None for a server's."""

    schema: str
    size_bytes: int | None
    free_bytes: int | None


async def health(database: Database, url: str) -> Health:
    """Take the right to write, change nothing, and say how the database is.

    Raises Busy, Refused, Failed or Broken as any writing does.
    """
    async with database.write() as connection:
        schema = str(await connection.scalar(VERSION))
    file = file_of(url)
    if file is None:
        return Health(schema=schema, size_bytes=None, free_bytes=None)
    parts = [file, file.with_name(f"{file.name}-wal")]
    return Health(
        schema=schema,
        size_bytes=sum(one.stat().st_size for one in parts if one.exists()),
        free_bytes=shutil.disk_usage(file.parent).free,
    )
