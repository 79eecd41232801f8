"""Brings a database to the newest schema with Alembic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from sesauditd.errors import Refused
from sesauditd.shipped import migrations_folder
from sesauditd.store.server import check_order

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

NEWEST = "0004"
"""The newest revision in `migrations/versions`; a test holds them equal."""
VERSION_TABLE = "alembic_version"


async def upgrade(database: Database) -> str:
    """Upgrade to the newest schema, create it in an empty database; return its revision.

    Raises Refused for a database that a newer program, or another one, has written. Two
    processes may do it at once: the second finds it done.
    """
    async with database.read() as connection:
        if await is_newest(connection):
            return NEWEST
    async with database.write(sealed=False) as connection:
        await connection.run_sync(_upgrade)
    return NEWEST


async def is_newest(connection: AsyncConnection) -> bool:
    """Say whether nothing has to be done to the schema."""
    return await connection.run_sync(_revision) == NEWEST


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    # Alembic takes a while to import and is needed once in the life of a schema.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    found = _revision(connection)
    if found is None and set(inspect(connection).get_table_names()) - {VERSION_TABLE}:
        message = (
            "the database belongs to another program: its tables are not of sesauditd; "
            "set database.url to a file of its own"
        )
        raise Refused(message)
    if found is not None and found not in known:
        message = (
            f"the database has schema {found}, which is newer than this program knows "
            f"({NEWEST}): install the newer sesauditd"
        )
        raise Refused(message)
    if found is None:
        check_order(connection)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
