"""Actions: what verdicts and operators ask for, and everything that became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, or_, select, update

from sesauditd.model.actions import (
    LIVE,
    NOT_STARTED,
    REVERSES,
    STARTED,
    Circumstances,
    Fate,
    State,
    action_id,
    fate_of,
    lever_of,
    newest_evidence,
)
from sesauditd.model.verdicts import Does
from sesauditd.store import casebook
from sesauditd.store.register import own_addresses
from sesauditd.store.statements import upsert
from sesauditd.store.tables import actions, blocks, journal, verdicts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.occasion import Occasion


async def act(
    connection: AsyncConnection, verdict: Verdict, decisions: Decisions, occasion: Occasion
) -> None:
    """Store what a verdict asks for, in the state that the circumstances give it."""
    fate = fate_of(verdict, await circumstances(connection, verdict, decisions, occasion))
    name = await _same_action(connection, verdict, fate)
    if name is None:
        name = await _insert(connection, verdict, fate, occasion)
    else:
        newest = newest_evidence(verdict)
        await connection.execute(
            update(actions)
            .where(actions.c.id == name, actions.c.evidence_at < newest)
            .values(evidence_at=newest)
        )
    await connection.execute(
        update(verdicts).where(verdicts.c.key == verdict.key).values(action=name)
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


async def circumstances(
    connection: AsyncConnection, verdict: Verdict, decisions: Decisions, occasion: Occasion
) -> Circumstances:
    """Return what decides beside the verdict itself."""
    stance = occasion.stance
    return Circumstances(
        mode="enforce" if decisions.shadow_since is None else "shadow",
        confirm_terminations=stance.confirms(verdict.customer),
        from_replay=occasion.from_replay,
        now=occasion.now,
        stale_after=stance.stale_after,
        overtaken=await _overtaken(connection, verdict, decisions),
    )


async def _overtaken(connection: AsyncConnection, verdict: Verdict, decisions: Decisions) -> bool:
    """Say whether an operator undid the like for this subject after the verdict's window."""
    end = verdict.window.end
    match verdict.does:
        case Does.DISABLE:
            return decisions.next_after(verdict.domain, end) is not None
        case Does.BLOCK:
            kinds = ["lift"]
        case Does.TERMINATE:
            kinds = ["restore"]
        case _:
            return False
    found = await connection.scalar(
        select(journal.c.sequence)
        .where(journal.c.kind.in_(kinds), journal.c.subject == verdict.subject, journal.c.at > end)
        .limit(1)
    )
    return found is not None


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


async def _insert(
    connection: AsyncConnection, verdict: Verdict, fate: Fate, occasion: Occasion
) -> str:
    earlier = await connection.scalar(
        select(func.count()).select_from(actions).where(actions.c.cause == verdict.key)
    )
    name = action_id(str(verdict.does), verdict.subject, verdict.key, int(earlier or 0))
    lever = await _lever(connection, verdict) if verdict.does is Does.BLOCK else None
    suffix = "replay" if occasion.from_replay else str(verdict.lane)
    await connection.execute(
        insert(actions).values(
            id=name,
            kind=str(verdict.does),
            customer=verdict.customer,
            domain=verdict.domain,
            recipient=verdict.recipient,
            spelling=verdict.spelling,
            lever=lever,
            state=str(fate.state),
            actor=f"{occasion.actor}:{suffix}",
            cause=verdict.key,
            reason=verdict.reason,
            evidence_at=newest_evidence(verdict),
            until=verdict.until,
            approved=False,
            requested_at=occasion.now,
            changed_at=occasion.now,
            attempts=0,
            outcome=fate.why,
        )
    )
    hidden = fate.state in {State.SHADOW, State.SUPERSEDED}
    if verdict.does is Does.BLOCK and not hidden:
        await _insert_block(connection, name, verdict, lever or "")
    if verdict.does in {Does.DISABLE, Does.TERMINATE} and not hidden:
        await casebook.open_by_verdict(connection, name, verdict)
    return name


async def _lever(connection: AsyncConnection, verdict: Verdict) -> str:
    own = await own_addresses(connection, verdict.customer)
    return str(lever_of(verdict, own))


async def _insert_block(
    connection: AsyncConnection, action: str, verdict: Verdict, lever: str
) -> None:
    await connection.execute(
        insert(blocks).values(
            action=action,
            customer=verdict.customer,
            recipient=verdict.recipient,
            spelling=verdict.spelling or verdict.recipient,
            domain=verdict.domain,
            rule=str(verdict.rule),
            lever=lever,
            since=verdict.window.end,
            until=verdict.until,
        )
    )
