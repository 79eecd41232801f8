"""Loads the figures of behaviour reports, a customer at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.calendar import WEEK, hour_of, hour_start
from sesauditd.model.events import Outcome
from sesauditd.model.history import SHIFT, DomainsHistory, Reach
from sesauditd.report.behaviour import Figures, Kind, looks_back_to
from sesauditd.report.score import DISABLES_REMEMBERED
from sesauditd.store import history, precedents
from sesauditd.store.reports import counts, decided
from sesauditd.store.tables import rollups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.limits import Limits
    from sesauditd.model.register import Register
    from sesauditd.report.figures import Span


async def figures_of(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    span: Span,
    limits: Limits,
    *,
    whole: bool = True,
) -> Figures:
    """Return the figures of one customer; those of its domains are a part of them.

    Without `whole` the sketches of weeks without strikes stay out, which is enough for a score.
    """
    domains = register.domains_of(customer)
    monday = looks_back_to(span)
    before = monday - _longest_window(limits)
    return Figures(
        kind=Kind.CUSTOMER,
        name=customer,
        customer=customer,
        domains=domains,
        span=span,
        counted=await counts.by_day(connection, monday, span.end, domains=domains),
        history=await _history(connection, register, customer, (before, span.end), whole=whole),
        infected=await _infected(connection, domains, monday, span.end),
        verdicts=await decided.verdicts_since(
            connection,
            min(monday - _warnings_remembered(limits), span.end - DISABLES_REMEMBERED),
            customer=customer,
        ),
        actions=await decided.sending_actions(connection, customer),
        blocks=await decided.all_blocks(connection, active_at=span.end, customer=customer),
    )


async def _history(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    within: tuple[datetime, datetime],
    *,
    whole: bool,
) -> DomainsHistory:
    start, end = within
    domains = register.domains_of(customer)
    # Only reinstatements are asked for here, and those do not depend on the mode.
    decisions = await precedents.decisions_of(connection, register, customer, "")
    strikes = await history.strikes_between(connection, domains, start, end)
    found = await history.domains_history(
        connection, register, customer, strikes, decisions, receiving=True
    )
    if not whole:
        return found
    hourly = await counts.sketches(connection, domains, start - SHIFT, end)
    return replace(found, reach=Reach(hourly=hourly))


async def _infected(
    connection: AsyncConnection, domains: Sequence[str], start: datetime, end: datetime
) -> tuple[tuple[str, datetime], ...]:
    """Return the (domain, hour) of every Reject for a virus, from the roll-ups."""
    query = (
        select(rollups.c.domain, rollups.c.hour)
        .where(
            rollups.c.domain.in_(domains),
            rollups.c.hour >= hour_of(start),
            rollups.c.hour <= hour_of(end),
            rollups.c.outcome == str(Outcome.VIRUS),
        )
        .distinct()
        .order_by(rollups.c.hour, rollups.c.domain)
    )
    rows = await connection.execute(query)
    return tuple((row.domain, hour_start(row.hour)) for row in rows)


def _longest_window(limits: Limits) -> timedelta:
    return max(
        timedelta(hours=limits.hard_bounce.surge.within_hours),
        timedelta(hours=limits.complaint.surge.within_hours),
        timedelta(minutes=limits.guessing.disable.within_minutes),
    )


def _warnings_remembered(limits: Limits) -> timedelta:
    weeks = max(limits.hard_bounce.disable.warnings_weeks, limits.complaint.disable.warnings_weeks)
    return weeks * WEEK
