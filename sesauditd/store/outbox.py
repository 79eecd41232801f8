"""Actions: what verdicts and operators ask for, and everything that became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, or_, select, update

from sesauditd.model.actions import (
    LIVE,
    NOT_STARTED,
    REVERSES,
    STARTED,
    Fate,
    State,
    action_id,
    fate_of,
    lever_of,
    newest_evidence,
)
from sesauditd.model.verdicts import Does
from sesauditd.store import casebook, circumstances
from sesauditd.store.register import own_addresses_of
from sesauditd.store.statements import chunks, insert_rows, upsert
from sesauditd.store.tables import actions, blocks, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.occasion import Occasion


async def act(
    connection: AsyncConnection,
    wanted: Sequence[Verdict],
    decided: Mapping[str, Decisions],
    occasion: Occasion,
) -> None:
    """Store what verdicts ask for, each in the state that the circumstances give it.

    `decided` holds each customer's decisions. Of disables and terminations one at a time.
    """
    undone = await circumstances.overtaken(connection, wanted, decided)
    fresh: list[tuple[Verdict, Fate]] = []
    names: dict[str, str] = {}
    for verdict in wanted:
        decisions = decided[verdict.customer]
        around = circumstances.around(verdict, decisions, occasion, overtaken=verdict.key in undone)
        fate = fate_of(verdict, around)
        name = await _same_action(connection, verdict, fate)
        if name is None:
            fresh.append((verdict, fate))
        else:
            names[verdict.key] = name
            await _renew_evidence(connection, name, verdict)
    names |= await _insert(connection, fresh, occasion)
    named = [{"b_key": key, "b_action": name} for key, name in names.items()]
    await connection.execute(
        update(verdicts)
        .where(verdicts.c.key == bindparam("b_key"))
        .values(action=bindparam("b_action")),
        named,
    )


async def correct(connection: AsyncConnection, action: str, verdict: Verdict) -> None:
    """Bring an action and its block up to a verdict that was corrected.

    What AWS has to be told anew is asked for again: a block that moves to another lever, and
    one that was taken away as over and is not.
    """
    lever = await _lever(connection, verdict) if verdict.does is Does.BLOCK else None
    moved = and_(
        actions.c.kind == str(Does.BLOCK),
        actions.c.state.in_([str(one) for one in STARTED]),
        actions.c.lever.is_distinct_from(lever),
    )
    over = and_(actions.c.state == str(State.EXPIRED), actions.c.attempts > 0)
    revived = and_(over, actions.c.until.is_distinct_from(verdict.until))
    await connection.execute(
        update(actions)
        .where(actions.c.id == action, or_(moved, revived))
        .values(state=str(State.REQUESTED), outcome=None, next_try_at=None)
    )
    await connection.execute(
        update(actions)
        .where(actions.c.id == action)
        .values(
            until=verdict.until,
            reason=verdict.reason,
            evidence_at=newest_evidence(verdict),
            lever=lever,
        )
    )
    if lever is not None:
        await connection.execute(
            update(blocks)
            .where(blocks.c.action == action)
            .values(since=verdict.window.end, until=verdict.until, lever=lever)
        )


async def undo(
    connection: AsyncConnection, action: str, reason: str, actor: str, now: datetime
) -> str | None:
    """Take an action back: cancel what has not begun, ask for the reverse of what has.

    Returns the id of the reverse action, None if nothing had begun.
    """
    row = (await connection.execute(select(actions).where(actions.c.id == action))).one()
    await connection.execute(
        update(blocks)
        .where(blocks.c.action == action, blocks.c.lifted_at.is_(None))
        .values(lifted_at=now)
    )
    withdrawn = actor == "policy:withdrawal"
    await casebook.undone(connection, action, now, withdrawn=withdrawn)
    begun = row.state in STARTED
    if row.state in NOT_STARTED or begun:
        await connection.execute(
            update(actions)
            .where(actions.c.id == action)
            .values(
                state=str(State.REVERSED if begun else State.CANCELLED),
                changed_at=now,
                outcome=reason,
            )
        )
    if not begun or Does(row.kind) not in REVERSES:
        return None
    return await request_reverse(connection, row, reason, actor, now)


async def request_reverse(
    connection: AsyncConnection, row: Row[Any], reason: str, actor: str, now: datetime
) -> str:
    """Ask for the exact reverse of an action that had begun; return the reverse's id.

    A block that was taken away as over, came back and ends again has the same reverse again.
    """
    kind = str(REVERSES[Does(row.kind)])
    subject = row.recipient or row.domain or row.customer
    name = action_id(kind, f"{row.customer}/{subject}", row.id, 0)
    asked: dict[str, object] = {
        "lever": row.lever,
        "state": str(State.REQUESTED),
        "actor": actor,
        "reason": reason,
        "evidence_at": now,
        "requested_at": now,
        "changed_at": now,
        "attempts": 0,
        "outcome": None,
        "next_try_at": None,
    }
    await connection.execute(
        upsert(connection, actions)
        .values(
            id=name,
            kind=kind,
            customer=row.customer,
            domain=row.domain,
            recipient=row.recipient,
            spelling=row.spelling,
            cause=row.cause,
            approved=True,
            **asked,
        )
        .on_conflict_do_update(index_elements=["id"], set_=asked)
    )
    return name


async def _same_action(connection: AsyncConnection, verdict: Verdict, fate: Fate) -> str | None:
    """Return an action that already does this, so that it is done once for several rules."""
    if verdict.does not in {Does.DISABLE, Does.TERMINATE}:
        return None
    states = {str(one) for one in LIVE} if fate.state is not State.SHADOW else set()
    query = select(actions.c.id).where(
        actions.c.kind == str(verdict.does),
        actions.c.customer == verdict.customer,
        actions.c.state.in_(sorted(states | {str(fate.state)})),
    )
    if verdict.does is Does.DISABLE:
        query = query.where(actions.c.domain == verdict.domain)
    name = await connection.scalar(query.order_by(actions.c.evidence_at.desc()).limit(1))
    return None if name is None else str(name)


async def _renew_evidence(connection: AsyncConnection, action: str, verdict: Verdict) -> None:
    newest = newest_evidence(verdict)
    await connection.execute(
        update(actions)
        .where(actions.c.id == action, actions.c.evidence_at < newest)
        .values(evidence_at=newest)
    )


async def _insert(
    connection: AsyncConnection, fresh: Sequence[tuple[Verdict, Fate]], occasion: Occasion
) -> dict[str, str]:
    """Store new actions with their blocks and cases; return their ids by the verdicts' keys."""
    earlier = await _earlier(connection, [verdict.key for verdict, _ in fresh])
    blocking = [verdict for verdict, _ in fresh if verdict.does is Does.BLOCK]
    own = await own_addresses_of(connection, {one.customer for one in blocking})
    levers = {one.key: str(lever_of(one, own[one.customer])) for one in blocking}
    names = {
        one.key: action_id(str(one.does), one.subject, one.key, earlier.get(one.key, 0))
        for one, _ in fresh
    }
    rows = [_row(names[one.key], one, fate, levers.get(one.key), occasion) for one, fate in fresh]
    await insert_rows(connection, actions, rows)
    shown = [one for one, fate in fresh if fate.state not in {State.SHADOW, State.SUPERSEDED}]
    standing = [
        _block(names[one.key], one, levers[one.key]) for one in shown if one.does is Does.BLOCK
    ]
    await insert_rows(connection, blocks, standing)
    for one in shown:
        if one.does in {Does.DISABLE, Does.TERMINATE}:
            await casebook.open_by_verdict(connection, names[one.key], one)
    return names


async def _earlier(connection: AsyncConnection, causes: Sequence[str]) -> dict[str, int]:
    """Return how many actions each verdict has had, for those that had any."""
    found: dict[str, int] = {}
    for part in chunks(causes):
        rows = await connection.execute(
            select(actions.c.cause, func.count().label("times"))
            .where(actions.c.cause.in_(part))
            .group_by(actions.c.cause)
        )
        found |= {row.cause: row.times for row in rows}
    return found


def _row(
    name: str, verdict: Verdict, fate: Fate, lever: str | None, occasion: Occasion
) -> dict[str, object]:
    suffix = "replay" if occasion.from_replay else str(verdict.lane)
    return {
        "id": name,
        "kind": str(verdict.does),
        "customer": verdict.customer,
        "domain": verdict.domain,
        "recipient": verdict.recipient,
        "spelling": verdict.spelling,
        "lever": lever,
        "state": str(fate.state),
        "actor": f"{occasion.actor}:{suffix}",
        "cause": verdict.key,
        "reason": verdict.reason,
        "evidence_at": newest_evidence(verdict),
        "until": verdict.until,
        "approved": False,
        "requested_at": occasion.now,
        "changed_at": occasion.now,
        "attempts": 0,
        "outcome": fate.why,
    }


async def _lever(connection: AsyncConnection, verdict: Verdict) -> str:
    own = await own_addresses_of(connection, [verdict.customer])
    return str(lever_of(verdict, own[verdict.customer]))


def _block(action: str, verdict: Verdict, lever: str) -> dict[str, object]:
    return {
        "action": action,
        "customer": verdict.customer,
        "recipient": verdict.recipient,
        "spelling": verdict.spelling or verdict.recipient,
        "domain": verdict.domain,
        "rule": str(verdict.rule),
        "lever": lever,
        "since": verdict.window.end,
        "until": verdict.until,
    }
