"""Leases: which of several processes does a work that one alone may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, select, text

from sesauditd.model.calendar import EPOCH, aware
from sesauditd.store.columns import MICROSECOND
from sesauditd.store.statements import upsert
from sesauditd.store.tables import leases

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

DAEMON = "daemon"
"""The lease that a running daemon holds."""
STALE = timedelta(seconds=30)
"""Without a heartbeat for so long, another owner may take a lease over."""
SERVER_TIME = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")


async def take(connection: AsyncConnection, name: str, owner: str, now: datetime) -> bool:
    """Acquire or renew a lease inside a writing transaction; False while another owner lives.

    Daemons on several machines share a server, and their clocks may differ by more than a lease
    lasts: there the server's clock counts, and `now` does not.
    """
    now = await _moment(connection, now)
    statement = upsert(connection, leases).values(name=name, owner=owner, heartbeat_at=now)
    # A heartbeat from the future is one from before the clock was set back: as good as none.
    free = or_(
        leases.c.owner == owner,
        leases.c.heartbeat_at < now - STALE,
        leases.c.heartbeat_at > now + STALE,
    )
    taken = await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "heartbeat_at": now},
            where=free,
        )
    )
    return taken.rowcount == 1


async def release(connection: AsyncConnection, name: str, owner: str) -> None:
    """Give a lease back; a lease of another owner stays."""
    await connection.execute(delete(leases).where(leases.c.name == name, leases.c.owner == owner))


async def holder(connection: AsyncConnection, name: str, now: datetime) -> str | None:
    """Return the owner whose heartbeat is fresh, None if there is none."""
    row = (await connection.execute(select(leases).where(leases.c.name == name))).first()
    if row is None or abs(await _moment(connection, now) - row.heartbeat_at) > STALE:
        return None
    return str(row.owner)


async def alive(connection: AsyncConnection, name: str, now: datetime) -> bool:
    """Say whether somebody holds the lease and has not fallen silent."""
    return await holder(connection, name, now) is not None


async def _moment(connection: AsyncConnection, now: datetime) -> datetime:
    if connection.dialect.name == "sqlite":
        return aware(now)
    microseconds: int = (await connection.execute(SERVER_TIME)).scalar_one()
    return EPOCH + microseconds * MICROSECOND


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of one database, each step in a transaction of its own."""

    database: Database

    async def take(self, name: str, owner: str, now: datetime) -> bool:
        """Acquire or renew a lease; return False while another owner lives."""
        async with self.database.write() as connection:
            return await take(connection, name, owner, now)

    async def release(self, name: str, owner: str) -> None:
        """Give a lease back; a lease of another owner stays."""
        async with self.database.write() as connection:
            await release(connection, name, owner)
