"""Observations: what the daemon saw and said last, so that a restart repeats nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.calendar import aware
from sesauditd.store import notices
from sesauditd.store.statements import upsert
from sesauditd.store.tables import events, observations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.notice import Notice
    from sesauditd.store.engine import Database

FIRST_RUN = "first_run"
MESSAGES = "messages"


async def recall(connection: AsyncConnection, name: str) -> Mapping[str, object] | None:
    """Return what was remembered under a name, None if nothing was."""
    facts = await connection.scalar(select(observations.c.facts).where(observations.c.name == name))
    return None if facts is None else dict(facts)


async def remember(
    connection: AsyncConnection, name: str, facts: Mapping[str, object], now: datetime
) -> None:
    """Keep facts under a name, in the place of what was there."""
    fresh = {"facts": dict(facts), "at": aware(now)}
    await connection.execute(
        upsert(connection, observations)
        .values(name=name, **fresh)
        .on_conflict_do_update(index_elements=["name"], set_=fresh)
    )


async def seen_at(connection: AsyncConnection, name: str) -> datetime | None:
    """Return when the facts under a name were kept, None if there are none."""
    found = await connection.execute(select(observations.c.at).where(observations.c.name == name))
    return found.scalar_one_or_none()


async def since(connection: AsyncConnection, name: str, now: datetime) -> datetime:
    """Return when this name was first asked about; it is now if never before."""
    await connection.execute(
        upsert(connection, observations)
        .values(name=name, facts={}, at=aware(now))
        .on_conflict_do_nothing()
    )
    return await seen_at(connection, name) or now


async def saw_messages(connection: AsyncConnection, now: datetime) -> None:
    """Remember that the queue gave messages just now, whatever was in them."""
    await remember(connection, MESSAGES, {}, now)


async def last_message(connection: AsyncConnection) -> datetime | None:
    """Return when a message last came out of the queue, None if none ever did.

    Of a database whose daemon noted nothing yet, the newest event tells.
    """
    noted = await connection.scalar(
        select(observations.c.at).where(observations.c.name == MESSAGES)
    )
    # Keys sort by time; the column of receive times has no index.
    newest = await connection.scalar(select(events.c.at).order_by(events.c.key.desc()).limit(1))
    return max((one for one in (noted, newest) if one is not None), default=None)


@dataclass(frozen=True, slots=True)
class Memory:
    """What was observed, each look and each note in a transaction of its own."""

    database: Database

    async def recall(self, name: str) -> Mapping[str, object] | None:
        """Return what was remembered under a name, None if nothing was."""
        async with self.database.read() as connection:
            return await recall(connection, name)

    async def remember(self, name: str, facts: Mapping[str, object], now: datetime) -> None:
        """Keep facts under a name, in the place of what was there."""
        async with self.database.write() as connection:
            await remember(connection, name, facts, now)

    async def tell(
        self, name: str, facts: Mapping[str, object], notice: Notice, now: datetime
    ) -> None:
        """Keep facts and ask for the notice about them, both or neither."""
        async with self.database.write() as connection:
            await remember(connection, name, facts, now)
            await notices.request(connection, notice, now)

    async def last_message(self) -> datetime | None:
        """Return when a message last came out of the queue, None if none ever did."""
        async with self.database.read() as connection:
            return await last_message(connection)
