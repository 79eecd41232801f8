"""Counts by domain and day, and sketches by hour, from the roll-ups; never from events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, literal, select

from sesauditd.model.calendar import hour_of, hour_start
from sesauditd.model.events import Outcome
from sesauditd.model.history import Hourly
from sesauditd.model.statistics import different
from sesauditd.report.figures import Counted
from sesauditd.store.tables import domains as registered
from sesauditd.store.tables import rollups

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

HOURS_A_DAY = 24


async def by_day(
    connection: AsyncConnection,
    start: datetime,
    end: datetime,
    *,
    domains: Sequence[str] | None = None,
) -> tuple[Counted, ...]:
    """Return the counts from the hour of `start` to the hour of `end`, of some domains or all."""
    # As a parameter, PostgreSQL would take it for another number in each clause.
    day = (rollups.c.hour // literal(HOURS_A_DAY, literal_execute=True)).label("day")
    kinds = (rollups.c.domain, day, rollups.c.outcome, rollups.c.feeds_back)
    query = (
        select(*kinds, func.sum(rollups.c["count"]).label("recipients"))
        .where(rollups.c.hour >= hour_of(start), rollups.c.hour <= hour_of(end))
        .group_by(*kinds)
        .order_by(*kinds)
    )
    # Named one by one, the domains lead into the key; hours alone would not.
    named = select(registered.c.name) if domains is None else domains
    query = query.where(rollups.c.domain.in_(named))
    return tuple(
        Counted(
            domain=row.domain,
            day=hour_start(row.day * HOURS_A_DAY).date(),
            outcome=Outcome(row.outcome),
            feeds_back=row.feeds_back,
            count=int(row.recipients),
        )
        for row in await connection.execute(query)
    )


async def sketches(
    connection: AsyncConnection, domains: Sequence[str], start: datetime, end: datetime
) -> tuple[Hourly, ...]:
    """Return the roll-ups of the domains from the hour of `start` to the hour of `end`."""
    query = select(rollups).where(
        rollups.c.domain.in_(domains),
        rollups.c.hour >= hour_of(start),
        rollups.c.hour <= hour_of(end),
    )
    return tuple(
        Hourly(
            domain=row.domain,
            hour=row.hour,
            outcome=Outcome(row.outcome),
            feeds_back=row.feeds_back,
            sketch=row.sketch,
        )
        for row in await connection.execute(query)
    )


async def different_recipients(
    connection: AsyncConnection,
    domains: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    outcomes: Iterable[Outcome],
) -> int:
    """Return how many different recipients had any of the outcomes, as the sketches tell."""
    wanted = frozenset(outcomes)
    found = await sketches(connection, domains, start, end)
    return different(row.sketch for row in found if row.outcome in wanted)
