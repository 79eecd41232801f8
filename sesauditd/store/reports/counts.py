"""Counts by domain and day, and sketches by hour, from the roll-ups; never from events."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import case, func, literal, select

from sesauditd.model.calendar import WEEK, hour_of, hour_start
from sesauditd.model.events import OUTCOMES
from sesauditd.report.figures import Counted
from sesauditd.store.history import hourly
from sesauditd.store.tables import domains as registered
from sesauditd.store.tables import rollups

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import BindParameter
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Hourly
    from sesauditd.report.figures import Span

HOURS_A_DAY = 24
HOURS_A_WEEK = 7 * HOURS_A_DAY


async def by_day(
    connection: AsyncConnection,
    start: datetime,
    end: datetime,
    *,
    domains: Sequence[str] | None = None,
) -> tuple[Counted, ...]:
    """Return the counts from the hour of `start` to the hour of `end`, of some domains or all."""
    day = (rollups.c.hour // _written(HOURS_A_DAY)).label("day")
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


async def by_week(
    connection: AsyncConnection, start: datetime, span: Span, *, domains: Sequence[str]
) -> tuple[Counted, ...]:
    """Return the counts from the Monday `start` to the end of a span, by ISO week.

    A week in which the span begins is counted in two parts. The day of each part is the first of
    its days, so that sums over the span and over weeks are those of counts by day, out of a
    seventh of the rows.
    """
    columns = rollups.c
    since_monday = columns.hour - _written(hour_of(start))
    kinds = (
        columns.domain,
        (since_monday // _written(HOURS_A_WEEK)).label("week"),
        case((columns.hour >= _written(hour_of(span.start)), 1), else_=0).label("inside"),
        columns.outcome,
        columns.feeds_back,
    )
    query = (
        select(*kinds, func.sum(columns["count"]).label("recipients"))
        .where(
            columns.domain.in_(domains),
            columns.hour >= hour_of(start),
            columns.hour <= hour_of(span.end),
        )
        .group_by(*kinds)
    )
    rows = (await connection.execute(query)).all()
    return tuple(
        Counted(
            domain=domain,
            day=_first_day(start.date() + week * WEEK, span if is_inside else None),
            outcome=OUTCOMES[outcome],
            feeds_back=fed,
            count=int(recipients),
        )
        for domain, week, is_inside, outcome, fed, recipients in rows
    )


def _written(number: int) -> BindParameter[int]:
    """Return a number of the text: PostgreSQL takes parameters for others in each clause."""
    return literal(number, literal_execute=True)


def _first_day(monday: date, span: Span | None) -> date:
    """Return the first day of the week, or of its part inside the span."""
    return monday if span is None else max(monday, span.start.date())


@lru_cache(maxsize=1024)
def _date(day: int) -> date:
    return hour_start(day * HOURS_A_DAY).date()


async def sketches(
    connection: AsyncConnection, domains: Sequence[str], start: datetime, end: datetime
) -> tuple[Hourly, ...]:
    """Return the roll-ups of the domains from the hour of `start` to the hour of `end`."""
    return await hourly(connection, domains, hour_of(start), hour_of(end))
