"""Verdicts as the JSON documents that scripts read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from sesauditd.model.actions import State
from sesauditd.model.calendar import iso, last_ended_week
from sesauditd.model.limits import Lane
from sesauditd.store.tables import actions, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

WOULD_BE = "would-be"


async def of_week(
    connection: AsyncConnection, as_of: datetime, *, judged_at: datetime | None = None
) -> list[Mapping[str, object]]:
    """Return verdicts whose window ended in the last ended ISO week or since, up to `as_of`.

    A weekly verdict's window ends on the Monday after its week and belongs to that week. With
    `judged_at`, what was judged at that very moment, in a dry run, is shown as would-be.
    """
    start = last_ended_week(as_of).start
    weekly = and_(verdicts.c.lane == str(Lane.WEEKLY), verdicts.c.window_end > start)
    fast = and_(verdicts.c.lane == str(Lane.FAST), verdicts.c.window_end >= start)
    return await found(
        connection, and_(or_(weekly, fast), verdicts.c.window_end <= as_of), judged_at=judged_at
    )


async def everything(connection: AsyncConnection) -> list[Mapping[str, object]]:
    """Return every verdict ever stored, withdrawn ones too, oldest first."""
    return await found(connection, true())


async def found(
    connection: AsyncConnection,
    wanted: ColumnElement[bool],
    *,
    judged_at: datetime | None = None,
) -> list[Mapping[str, object]]:
    """Return the wanted verdicts, withdrawn ones among them, in a stable order."""
    rows = await connection.execute(
        select(verdicts, actions.c.state.label("action_state"))
        .join(actions, actions.c.id == verdicts.c.action, isouter=True)
        .where(wanted)
        .order_by(
            verdicts.c.window_end,
            verdicts.c.customer,
            verdicts.c.domain,
            verdicts.c.rule,
            verdicts.c.recipient,
            verdicts.c.key,
        )
    )
    return [_document(row, judged_at) for row in rows]


def state_of(row: Row[Any], judged_at: datetime | None = None) -> str:
    """Return how a verdict stands, in the word that is shown."""
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.action_state is None:
        return str(row.mode)
    state = str(row.action_state)
    if row.judged_at == judged_at and state in {State.REQUESTED, State.PROPOSED}:
        return WOULD_BE
    return "executed" if state == State.DONE else state


def _document(row: Row[Any], judged_at: datetime | None) -> Mapping[str, object]:
    document: dict[str, object] = {
        "rule": row.rule,
        "lane": row.lane,
        "state": state_of(row, judged_at),
        "action": row.does,
        "customer": row.customer,
        "domain": row.domain,
        "recipient": row.recipient,
        "window": {"start": iso(row.window_start), "end": iso(row.window_end)},
        "reason": row.reason,
        "evidence": {**row.evidence, "until": iso(row.until) if row.until else None},
    }
    if row.withdrawn_because:
        document["withdrawn_because"] = row.withdrawn_because
    return document
