"""The blast radius: how many disables and terminations go ahead without an operator."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update

from sesauditd.model.actions import LIVE, State, Weighty, within_blast_radius
from sesauditd.model.limits import Lane
from sesauditd.model.verdicts import Does
from sesauditd.store.tables import actions, customers, verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.occasion import Occasion

WEIGHTY = (str(Does.DISABLE), str(Does.TERMINATE))
TOO_MANY = "more disables and terminations than one run may do on its own"
NEAR = timedelta(hours=48)
GOING_AHEAD = frozenset({State.ATTEMPTED, State.DONE, State.UNKNOWN, State.PENDING})


async def limit_blast(
    connection: AsyncConnection, lane: Lane, occasion: Occasion, *, since: datetime | None = None
) -> None:
    """Let at most so many disables and terminations go ahead; the rest waits for an operator.

    For the fast lane any 24 hours of event time count; for a weekly run, what was requested
    at `occasion.now`. `since` bounds what is looked at.
    """
    counted = await connection.scalar(select(func.count(customers.c.id)))
    cap = occasion.stance.policies.common.blast_radius.cap(int(counted or 0))
    rows = await _competing(connection, lane, occasion, since)
    weighty = [
        Weighty(
            id=row.id,
            at=occasion.now if lane is Lane.WEEKLY else row.evidence_at,
            fixed=row.state in GOING_AHEAD,
        )
        for row in rows
    ]
    granted = within_blast_radius(weighty, cap)
    for row in rows:
        await _grant(connection, row, occasion, granted=row.id in granted)


async def _competing(
    connection: AsyncConnection, lane: Lane, occasion: Occasion, since: datetime | None
) -> Sequence[Row[Any]]:
    """Return what the policy itself disables or terminates; what an operator approved is free."""
    held_back = (actions.c.state == str(State.WAITING)) & (actions.c.outcome == TOO_MANY)
    query = (
        select(actions)
        .join(verdicts, verdicts.c.action == actions.c.id)
        .where(
            actions.c.kind.in_(WEIGHTY),
            actions.c.approved.is_(False),
            verdicts.c.withdrawn_at.is_(None),
            or_(actions.c.state.in_([str(one) for one in (*LIVE, State.PROPOSED)]), held_back),
        )
        .group_by(actions.c.id)
        .having(func.min(verdicts.c.lane) == str(lane))
    )
    if lane is Lane.WEEKLY:
        query = query.where(actions.c.requested_at == occasion.now)
    elif since is not None:
        query = query.where(actions.c.evidence_at >= since - NEAR)
    return (await connection.execute(query)).fetchall()


async def _grant(
    connection: AsyncConnection, row: Row[Any], occasion: Occasion, *, granted: bool
) -> None:
    waits = row.state == State.WAITING
    if row.state in GOING_AHEAD or granted != waits:
        return
    stale = occasion.now - row.evidence_at > occasion.stance.stale_after
    state = State.PROPOSED if row.actor.endswith(":replay") or stale else State.REQUESTED
    await connection.execute(
        update(actions)
        .where(actions.c.id == row.id)
        .values(
            state=str(state if granted else State.WAITING),
            outcome=None if granted else TOO_MANY,
            changed_at=occasion.now,
        )
    )
