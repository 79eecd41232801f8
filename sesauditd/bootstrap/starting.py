"""Looks at the database before a daemon works on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from sesauditd.config.settings import Settings

log = structlog.get_logger()


async def check_database(settings: Settings, *, ended: bool) -> None:
    """Log which SQLite this is; after an end that was no end, have it check the whole file.

    `ended` says whether the daemon before came to its end. Raises Broken for a damaged file,
    lest anybody be stopped for what it says; whatever else is wrong is found by who opens it.
    """
    from sesauditd.errors import Broken
    from sesauditd.store import soundness
    from sesauditd.store.engine import Database, file_of

    file = file_of(settings.database.url)
    if file is None:
        return
    unclean = file.exists() and (not ended or soundness.was_left_open(file))
    log.info("database_opening", sqlite=soundness.VERSION, ended_well=not unclean)
    if not unclean:
        return
    began = time.monotonic()
    database = Database.open(settings.database.url)
    try:
        async with database.read() as connection:
            found = await soundness.flaw(connection)
    finally:
        await database.close()
    if found is not None:
        raise Broken(
            f"the database {file} is damaged ({found}): nothing is enforced from it; "
            "`sesauditd db rebuild` makes it anew from the archive, or put a backup in its place"
        )
    log.info("database_checked", seconds=round(time.monotonic() - began, 1))
