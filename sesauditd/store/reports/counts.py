"""Counts by domain and day, and sketches by hour, from the roll-ups; never from events."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import func, literal, select

from sesauditd.model.calendar import hour_of, hour_start
from sesauditd.model.events import OUTCOMES
from sesauditd.model.statistics import different
from sesauditd.report.figures import Counted
from sesauditd.store.history import hourly
from sesauditd.store.tables import domains as registered
from sesauditd.store.tables import rollups

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Outcome
    from sesauditd.model.history import Hourly

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
            domain=domain,
            day=_date(day_number),
            outcome=OUTCOMES[outcome],
            feeds_back=fed,
            count=int(recipients),
        )
        for domain, day_number, outcome, fed, recipients in (await connection.execute(query)).all()
    )


@lru_cache(maxsize=1024)
def _date(day: int) -> date:
    return hour_start(day * HOURS_A_DAY).date()


async def sketches(
    connection: AsyncConnection, domains: Sequence[str], start: datetime, end: datetime
) -> tuple[Hourly, ...]:
    """Return the roll-ups of the domains from the hour of `start` to the hour of `end`."""
    return await hourly(connection, domains, hour_of(start), hour_of(end))


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
