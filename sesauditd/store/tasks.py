"""Rows of actions as tasks, and which of them are to be carried out now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select, update

from sesauditd.model.actions import OVERFLOWN, Lever, Reverse, State
from sesauditd.model.execution import Task
from sesauditd.model.verdicts import Does
from sesauditd.store.tables import actions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

AT_ONCE = (str(State.REQUESTED), str(State.ATTEMPTED))
LATER = (str(State.PENDING), str(State.UNKNOWN))
ABOUT_BLOCKS = (str(Does.BLOCK), str(Reverse.UNBLOCK))


def due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an action is to be carried out now."""
    return or_(
        actions.c.state.in_(AT_ONCE), and_(actions.c.state.in_(LATER), actions.c.next_try_at <= now)
    )


def unchanged(task: Task) -> ColumnElement[bool]:
    """Return the condition that an action is as it was when it was found due."""
    lever = None if task.lever is None else str(task.lever)
    same_lever = actions.c.lever.is_not_distinct_from(lever)
    return and_(actions.c.state == str(task.state), same_lever)


async def intend(
    connection: AsyncConnection, task: Task, before: Mapping[str, object], now: datetime
) -> bool:
    """Write the intent of an action, and how things stood; False if it is not as it was found.

    Positions that an earlier attempt found stay: they are those before anything was done.
    """
    found = select(actions.c.before).where(actions.c.id == task.id, unchanged(task))
    row = (await connection.execute(found)).first()
    if row is None:
        return False
    await connection.execute(
        update(actions)
        .where(actions.c.id == task.id)
        .values(
            state=str(State.ATTEMPTED),
            attempts=task.attempts + 1,
            attempted_at=now,
            changed_at=now,
            next_try_at=None,
            before={**before, **(row.before or {})},
        )
    )
    return True


def task_of(row: Row[Any]) -> Task:
    """Return a row of actions as a task."""
    kinds = {str(one): one for one in (*Does, *Reverse)}
    return Task(
        id=row.id,
        kind=kinds[row.kind],
        customer=row.customer,
        domain=row.domain,
        recipient=row.recipient,
        spelling=row.spelling,
        lever=None if row.lever is None else Lever(row.lever),
        state=State(row.state),
        actor=row.actor,
        attempts=row.attempts,
        overflown=_overflown(row),
    )


def _overflown(row: Row[Any]) -> str | None:
    said = str(row.outcome or "")
    return said if row.lever == Lever.ACCOUNT_LIST and said.startswith(OVERFLOWN) else None
