"""The table of periods: what each job has done, whoever ran it and whenever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.calendar import hour_start
from sesauditd.store import history, watch
from sesauditd.store.statements import upsert
from sesauditd.store.tables import periods

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.owed import Period
    from sesauditd.store.engine import Database

DONE = "done"


async def done(connection: AsyncConnection, job: str) -> Collection[str]:
    """Return the names of the periods that a job has done."""
    rows = await connection.execute(
        select(periods.c.period).where(periods.c.job == job, periods.c.state == DONE)
    )
    return set(rows.scalars())


async def finish(connection: AsyncConnection, job: str, period: Period, now: datetime) -> bool:
    """Mark a period as done; return False if it was so before."""
    statement = upsert(connection, periods).on_conflict_do_nothing()
    inserted = await connection.execute(
        statement.values(
            job=job, period=period.name, starts_at=period.start, state=DONE, done_at=now
        )
    )
    return inserted.rowcount == 1


@dataclass(frozen=True, slots=True)
class Periods:
    """The calendar of jobs, each look and each mark in a transaction of its own."""

    database: Database

    async def first_event(self) -> datetime | None:
        """Return the hour of the oldest event, None while there is none."""
        async with self.database.read() as connection:
            hour = await history.first_hour(connection)
        return None if hour is None else hour_start(hour)

    async def first_run(self, now: datetime) -> datetime:
        """Return when this was asked for the first time: when a daemon first ran."""
        async with self.database.read() as connection:
            known = await watch.seen_at(connection, watch.FIRST_RUN)
        if known is not None:
            return known
        async with self.database.write() as connection:
            return await watch.since(connection, watch.FIRST_RUN, now)

    async def done(self, job: str) -> Collection[str]:
        """Return the names of the periods that a job has done."""
        async with self.database.read() as connection:
            return await done(connection, job)

    async def finish(self, job: str, period: Period, now: datetime) -> None:
        """Mark a period as done."""
        async with self.database.write() as connection:
            await finish(connection, job, period, now)
