"""Turns at a service that bears so many calls a second, however many processes ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from sesauditd.model.calendar import aware
from sesauditd.store.statements import upsert
from sesauditd.store.tables import paces

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

FARTHEST: Final = timedelta(minutes=5)
"""A turn further ahead is from before the clock was set back: nobody waits for it."""


async def take(
    connection: AsyncConnection, name: str, interval: timedelta, now: datetime
) -> datetime:
    """Take the next turn inside a writing transaction, and return when it is."""
    known = await connection.scalar(
        select(paces.c.next_at).where(paces.c.name == name).with_for_update()
    )
    mine = aware(now)
    if known is not None and now < known <= now + FARTHEST:
        mine = known
    fresh = {"next_at": mine + interval}
    await connection.execute(
        upsert(connection, paces)
        .values(name=name, **fresh)
        .on_conflict_do_update(index_elements=["name"], set_=fresh)
    )
    return mine


@dataclass(frozen=True, slots=True)
class Paces:
    """The turns of one database; each is taken in a transaction of its own."""

    database: Database

    async def take(self, name: str, interval: timedelta, now: datetime) -> datetime:
        """Take the next turn, and return when it is; raises what the database raises."""
        # Nothing is decided by a turn, so there is nothing to seal.
        async with self.database.write(sealed=False) as connection:
            return await take(connection, name, interval, now)
