"""Actions: what verdicts and operators ask for, and everything that became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, or_, select, update

from sesauditd.model.actions import (
    LIVE,
    NOT_STARTED,
    REVERSES,
    STARTED,
    Circumstances,
    Fate,
    State,
    Weighty,
    action_id,
    fate_of,
    lever_of,
    newest_evidence,
    within_blast_radius,
)
from sesauditd.model.limits import Lane
from sesauditd.model.verdicts import Does
from sesauditd.store.tables import actions, blocks, cases, customers, journal, verdicts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.ledger import Occasion

WEIGHTY = (str(Does.DISABLE), str(Does.TERMINATE))
TOO_MANY = "more disables and terminations than one run may do on its own"
NEAR = timedelta(hours=48)


async def act(
    connection: AsyncConnection, verdict: Verdict, decisions: Decisions, occasion: Occasion
) -> None:
    """Store what a verdict asks for, in the state that the circumstances give it."""
    fate = fate_of(verdict, await _circumstances(connection, verdict, decisions, occasion))
    name = await _same_action(connection, verdict, fate)
    if name is None:
        name = await _insert(connection, verdict, fate, occasion)
    await connection.execute(
        update(verdicts).where(verdicts.c.key == verdict.key).values(action=name)
    )


async def correct(connection: AsyncConnection, action: str, verdict: Verdict) -> None:
    """Bring an action and its block up to a verdict that was corrected."""
    await connection.execute(
        update(actions)
        .where(actions.c.id == action)
        .values(
            until=verdict.until,
            reason=verdict.reason,
            evidence_at=newest_evidence(verdict),
        )
    )
    if verdict.does is Does.BLOCK:
        await connection.execute(
            update(blocks)
            .where(blocks.c.action == action)
            .values(since=verdict.window.end, until=verdict.until, lever=str(lever_of(verdict)))
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
    await connection.execute(
        update(cases)
        .where(cases.c.action == action, cases.c.closed_at.is_(None))
        .values(state="withdrawn" if withdrawn else "reinstated", closed_at=now)
    )
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
    """Ask for the exact reverse of an action that had begun; return the new action's id."""
    kind = str(REVERSES[Does(row.kind)])
    subject = row.recipient or row.domain or row.customer
    name = action_id(kind, f"{row.customer}/{subject}", row.id, 0)
    await connection.execute(
        insert(actions).values(
            id=name,
            kind=kind,
            customer=row.customer,
            domain=row.domain,
            recipient=row.recipient,
            spelling=row.spelling,
            lever=row.lever,
            state=str(State.REQUESTED),
            actor=actor,
            cause=row.cause,
            reason=reason,
            evidence_at=now,
            approved=True,
            requested_at=now,
            changed_at=now,
            attempts=0,
        )
    )
    return name


async def limit_blast(
    connection: AsyncConnection, lane: Lane, occasion: Occasion, *, since: datetime | None = None
) -> None:
    """Let at most so many disables and terminations go ahead; the rest waits for an operator.

    For the fast lane any 24 hours of event time count; for a weekly run, what was requested
    at `occasion.now`. `since` bounds what is looked at.
    """
    owned = func.count(customers.c.id)
    cap = occasion.stance.policies.common.blast_radius.cap(
        int(await connection.scalar(select(owned)) or 0)
    )
    query = (
        select(actions, func.min(verdicts.c.lane).label("lane"))
        .join(verdicts, verdicts.c.action == actions.c.id)
        .where(
            actions.c.kind.in_(WEIGHTY),
            verdicts.c.withdrawn_at.is_(None),
            or_(
                actions.c.state.in_([str(one) for one in (*LIVE, State.PROPOSED)]),
                (actions.c.state == str(State.WAITING)) & (actions.c.outcome == TOO_MANY),
            ),
        )
        .group_by(actions.c.id)
        .having(func.min(verdicts.c.lane) == str(lane))
    )
    if lane is Lane.WEEKLY:
        query = query.where(actions.c.requested_at == occasion.now)
    elif since is not None:
        query = query.where(actions.c.evidence_at >= since - NEAR)
    rows = list(await connection.execute(query))
    weighty = [
        Weighty(
            id=row.id,
            at=occasion.now if lane is Lane.WEEKLY else row.evidence_at,
            fixed=row.approved or row.state in {State.ATTEMPTED, State.DONE, State.UNKNOWN},
        )
        for row in rows
        if not row.approved
    ]
    granted = within_blast_radius(weighty, cap)
    for row in rows:
        await _grant(connection, row, row.id in granted, occasion)


async def _grant(
    connection: AsyncConnection,
    row: Row[Any],
    granted: bool,
    occasion: Occasion,  # noqa: FBT001
) -> None:
    waits = row.state == State.WAITING
    movable = row.state in {State.REQUESTED, State.PROPOSED, State.WAITING}
    if row.approved or not movable or granted != waits:
        return
    stale = occasion.now - row.evidence_at > occasion.stance.stale_after
    held_back = row.actor.endswith(":replay") or stale
    state = State.PROPOSED if held_back else State.REQUESTED
    await connection.execute(
        update(actions)
        .where(actions.c.id == row.id)
        .values(
            state=str(state if granted else State.WAITING),
            outcome=None if granted else TOO_MANY,
            changed_at=occasion.now,
        )
    )


async def _circumstances(
    connection: AsyncConnection, verdict: Verdict, decisions: Decisions, occasion: Occasion
) -> Circumstances:
    stance = occasion.stance
    armed = decisions.armed_at is not None
    return Circumstances(
        mode="enforce" if armed else "shadow",
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
        actions.c.evidence_at >= verdict.window.start,
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
    lever = str(lever_of(verdict)) if verdict.does is Does.BLOCK else None
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
        await _open_case(connection, name, verdict)
    return name


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


async def _open_case(connection: AsyncConnection, action: str, verdict: Verdict) -> None:
    await connection.execute(
        insert(cases).values(
            id=f"case-{action}",
            customer=verdict.customer,
            domain=verdict.domain,
            rule=str(verdict.rule),
            action=action,
            state="terminated" if verdict.does is Does.TERMINATE else "opened",
            opened_at=verdict.window.end,
        )
    )
