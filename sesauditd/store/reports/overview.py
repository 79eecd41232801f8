"""The state of the installation in a few numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from sesauditd.model.actions import State
from sesauditd.report.figures import Overview
from sesauditd.store.reports.observed import (
    newest_event_at,
    quarantined_count,
    unattributed_count,
)
from sesauditd.store.tables import ENFORCEMENT, actions, cases, journal, periods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

PENDING = frozenset(
    {
        State.REQUESTED,
        State.ATTEMPTED,
        State.PENDING,
        State.PROPOSED,
        State.WAITING,
        State.FAILED,
        State.UNKNOWN,
    }
)
"""States of actions that somebody, the daemon or the operator, has still to look after."""


async def overview(connection: AsyncConnection) -> Overview:
    """Return the few numbers that `status` begins with."""
    return Overview(
        newest_event_at=await newest_event_at(connection),
        last_judged_week=await last_judged_week(connection),
        quarantined=await quarantined_count(connection),
        unattributed=await unattributed_count(connection),
        journal_length=int(await connection.scalar(select(func.count()).select_from(journal)) or 0),
        pending=await pending(connection),
    )


async def last_judged_week(connection: AsyncConnection) -> str | None:
    """Return the name of the newest ISO week that was judged, None before the first."""
    name = await connection.scalar(
        select(periods.c.period)
        .where(periods.c.job == ENFORCEMENT)
        .order_by(periods.c.starts_at.desc())
        .limit(1)
    )
    return None if name is None else str(name)


async def pending(connection: AsyncConnection) -> dict[str, int]:
    """Return how many actions are in each state that is not settled."""
    wanted = sorted(str(one) for one in PENDING)
    query = (
        select(actions.c.state, func.count().label("number"))
        .where(actions.c.state.in_(wanted))
        .group_by(actions.c.state)
    )
    found = {row.state: int(row.number) for row in await connection.execute(query)}
    return {state: found[state] for state in wanted if state in found}


async def open_cases(connection: AsyncConnection) -> Mapping[str, int]:
    """Return how many open cases are in each state."""
    query = (
        select(cases.c.state, func.count().label("number"))
        .where(cases.c.closed_at.is_(None))
        .group_by(cases.c.state)
    )
    return {str(row.state): int(row.number) for row in await connection.execute(query)}


async def armings(connection: AsyncConnection) -> tuple[tuple[str, bool], ...]:
    """Return whom operators armed (True) or disarmed, a customer or `*` for all, in order."""
    query = (
        select(journal.c.kind, journal.c.subject)
        .where(journal.c.kind.in_(["arm", "disarm"]))
        .order_by(journal.c.sequence)
    )
    return tuple((row.subject, row.kind == "arm") for row in await connection.execute(query))
