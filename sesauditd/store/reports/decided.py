"""Verdicts, actions, blocks and cases as they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from sesauditd.model.actions import State
from sesauditd.model.verdicts import Does, Rule
from sesauditd.report.figures import Block, Case, StoredAction, StoredVerdict
from sesauditd.report.sending import VERBS
from sesauditd.store.tables import actions, blocks, cases, verdicts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection


async def verdicts_since(
    connection: AsyncConnection, since: datetime, *, customer: str | None = None
) -> tuple[StoredVerdict, ...]:
    """Return every verdict whose window ended since then, withdrawn ones too, oldest first."""
    query = (
        select(verdicts, actions.c.state.label("action_state"))
        .join(actions, actions.c.id == verdicts.c.action, isouter=True)
        .where(verdicts.c.window_end >= since)
        .order_by(verdicts.c.window_end, verdicts.c.key)
    )
    if customer is not None:
        query = query.where(verdicts.c.customer == customer)
    return tuple(_verdict(row) for row in await connection.execute(query))


async def all_actions(connection: AsyncConnection) -> tuple[StoredAction, ...]:
    """Return every action, the newest first."""
    query = select(actions).order_by(actions.c.requested_at.desc(), actions.c.id)
    return tuple(action(row) for row in await connection.execute(query))


async def sending_actions(
    connection: AsyncConnection, customer: str | None = None
) -> tuple[StoredAction, ...]:
    """Return the disables, terminations and their reverses, of one customer or of all."""
    query = select(actions).where(actions.c.kind.in_(sorted(VERBS))).order_by(actions.c.id)
    if customer is not None:
        query = query.where(actions.c.customer == customer)
    return tuple(action(row) for row in await connection.execute(query))


async def actions_in(
    connection: AsyncConnection, states: frozenset[State]
) -> tuple[StoredAction, ...]:
    """Return the actions in these states, the oldest evidence first."""
    query = (
        select(actions)
        .where(actions.c.state.in_(sorted(str(one) for one in states)))
        .order_by(actions.c.evidence_at, actions.c.id)
    )
    return tuple(action(row) for row in await connection.execute(query))


async def all_blocks(
    connection: AsyncConnection, *, active_at: datetime | None = None, customer: str | None = None
) -> tuple[Block, ...]:
    """Return every block, or those neither lifted nor over then, by customer and recipient."""
    query = (
        select(blocks, actions.c.state, actions.c.reason)
        .join(actions, actions.c.id == blocks.c.action)
        .order_by(blocks.c.customer, blocks.c.recipient, blocks.c.since, blocks.c.action)
    )
    if active_at is not None:
        endless_or_later = or_(blocks.c.until.is_(None), blocks.c.until > active_at)
        query = query.where(blocks.c.lifted_at.is_(None), endless_or_later)
    if customer is not None:
        query = query.where(blocks.c.customer == customer)
    return tuple(_block(row) for row in await connection.execute(query))


async def all_cases(connection: AsyncConnection) -> tuple[Case, ...]:
    """Return every case, open ones first, then the newest first."""
    query = select(cases).order_by(
        cases.c.closed_at.is_not(None), cases.c.opened_at.desc(), cases.c.id
    )
    return tuple(
        Case(
            id=row.id,
            customer=row.customer,
            domain=row.domain,
            rule=row.rule,
            action=row.action,
            state=row.state,
            opened_at=row.opened_at,
            explanation=row.explanation,
            closed_at=row.closed_at,
        )
        for row in await connection.execute(query)
    )


def _verdict(row: Row[Any]) -> StoredVerdict:
    return StoredVerdict(
        key=row.key,
        rule=Rule(row.rule),
        lane=row.lane,
        does=Does(row.does),
        customer=row.customer,
        domain=row.domain,
        recipient=row.recipient,
        incident=row.incident,
        window_start=row.window_start,
        window_end=row.window_end,
        reason=row.reason,
        evidence=row.evidence,
        until=row.until,
        mode=row.mode,
        policy=row.policy,
        judged_at=row.judged_at,
        withdrawn_at=row.withdrawn_at,
        withdrawn_because=row.withdrawn_because,
        action=row.action,
        action_state=State(row.action_state) if row.action_state else None,
    )


def action(row: Row[Any]) -> StoredAction:
    """Return an action out of its row."""
    return StoredAction(
        id=row.id,
        kind=row.kind,
        customer=row.customer,
        domain=row.domain,
        recipient=row.recipient,
        lever=row.lever,
        state=State(row.state),
        actor=row.actor,
        cause=row.cause,
        reason=row.reason,
        evidence_at=row.evidence_at,
        until=row.until,
        approved=row.approved,
        requested_at=row.requested_at,
        changed_at=row.changed_at,
        attempts=row.attempts,
        outcome=row.outcome,
        before=row.before,
        after=row.after,
    )


def _block(row: Row[Any]) -> Block:
    return Block(
        action=row.action,
        customer=row.customer,
        recipient=row.recipient,
        domain=row.domain,
        rule=row.rule,
        lever=row.lever,
        state=State(row.state),
        since=row.since,
        until=row.until,
        lifted_at=row.lifted_at,
        reason=row.reason,
    )
