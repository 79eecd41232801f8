"""Backs up, compares and rebuilds the database, for commands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.bootstrap.rebuilding import Made
    from sesauditd.config.settings import Settings
    from sesauditd.store.backup import Backup

Told = Callable[[int], None]
INSTEAD_OF_REBUILDING = (
    "restore a dump (docs/postgresql.md), or make a file from the archive with --out FILE"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild left."""

    made: Made
    path: Path
    kept: Path | None
    """The old database, None if there was none or it was not replaced."""


def file_or_refuse(settings: Settings, instead: str) -> Path:
    """Return the SQLite file of the configuration.

    Raises Refused for a server's database, saying what is done there instead.
    """
    from sesauditd.errors import Refused
    from sesauditd.store.engine import file_of

    file = file_of(settings.database.url)
    if file is None:
        raise Refused(f"this is for a database in SQLite's file; on PostgreSQL {instead}")
    return file


def backup(
    settings: Settings, target: Path | None, now: datetime, told: Callable[[int, int], None]
) -> Backup:
    """Copy the database; by default beside it, under the time of the copy."""
    from sesauditd.errors import Refused
    from sesauditd.store.backup import back_up

    file = file_or_refuse(settings, "pg_dump makes the copy (docs/postgresql.md)")
    if not file.exists():
        raise Refused(f"{file}: there is no database yet")
    chosen = target or file.with_name(f"{file.stem}-{now:%Y%m%dT%H%M%SZ}.backup.db")
    if chosen.is_dir():
        chosen /= f"{file.stem}-{now:%Y%m%dT%H%M%SZ}.backup.db"
    return back_up(file, chosen.absolute(), told)


async def rebuild(
    settings: Settings,
    *,
    source: str | None,
    since: datetime | None,
    out: Path | None,
    now: datetime,
    begun: Callable[[int], Told],
) -> Rebuilt:
    """Make the database anew from an archive; `begun` gets the objects and returns who is told.

    Into `out`, or in the place of the configured one, whose process lock is to be held then.
    """
    from sesauditd.bootstrap.rebuilding import journal_in, raw_in, rebuild_into
    from sesauditd.bootstrap.shelves import shelves_of
    from sesauditd.errors import Failed
    from sesauditd.store import swap
    from sesauditd.store.engine import Database

    file = (out or file_or_refuse(settings, INSTEAD_OF_REBUILDING)).absolute()
    new = file.with_name(f"{file.name}.rebuilding")
    async with shelves_of(settings, source) as shelves:
        entries = await journal_in(shelves)
        stamps = await raw_in(shelves, since)
        if not entries and not stamps:
            raise Failed(f"{shelves.name} holds neither journal/ nor raw/: is it the archive?")
        swap.discard(new)
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        database = Database.open(f"sqlite:///{new}", draft=True)
        try:
            made = await rebuild_into(
                settings, database, shelves, stamps, entries, now=now, told=begun(len(stamps))
            )
        finally:
            await database.close()
    kept = await asyncio.to_thread(swap.swap, new, file, now)
    swap.discard(new)
    return Rebuilt(made=made, path=file, kept=kept)
