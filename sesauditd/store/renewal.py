"""Proposals: what goes ahead by itself since it goes on, and what is held back again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, literal, or_, true, update

from sesauditd.model.actions import State, fate_of, newest_evidence
from sesauditd.model.verdicts import Does
from sesauditd.model.virus import FED_FORM
from sesauditd.store import circumstances
from sesauditd.store.tables import actions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.actions import Fate
    from sesauditd.model.history import Decisions
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.occasion import Occasion

HELD_BACK = "shadow mode came before it was done"
BY_ITSELF = frozenset({State.REQUESTED, State.WAITING})
NOT_BEGUN = (State.REQUESTED, State.PROPOSED, State.WAITING)


async def renew(
    connection: AsyncConnection,
    action: str,
    verdict: Verdict,
    decisions: Decisions,
    occasion: Occasion,
) -> None:
    """Let a proposed action go ahead if live evidence newer than the proposal supports it.

    An incident has one verdict: without this, what a replay or old events only proposed would
    keep a virus or a complainer of today from ever being stopped. Likewise a termination that
    waits because only the customer's own people were mailed goes ahead once others were.
    """
    fate = fate_of(verdict, await circumstances.of(connection, verdict, decisions, occasion))
    await _measure(connection, action, fate, occasion)
    if occasion.from_replay or fate.state not in BY_ITSELF:
        return
    newer = and_(
        actions.c.state == str(State.PROPOSED), actions.c.evidence_at < newest_evidence(verdict)
    )
    fed = and_(actions.c.state == str(State.WAITING), actions.c.outcome == FED_FORM)
    others = and_(fed, literal(verdict.waits is None))
    await connection.execute(
        update(actions)
        .where(actions.c.id == action, or_(newer, others))
        .values(
            state=str(fate.state),
            outcome=fate.why,
            # Whoever holds the blast radius must not take it for a replay any more.
            actor=f"{occasion.actor}:{verdict.lane}",
            changed_at=occasion.now,
        )
    )


async def _measure(
    connection: AsyncConnection, action: str, fate: Fate, occasion: Occasion
) -> None:
    """End a block that nobody set yet and that is over now; ask for one that is not over after all.

    A late event moves the end of a block both ways: back to where the row really began, or on,
    because a mailbox is gone for good.
    """
    over = actions.c.state == str(State.EXPIRED)
    ends = fate.state is State.EXPIRED
    await connection.execute(
        update(actions)
        .where(
            actions.c.id == action,
            actions.c.attempts == 0,
            actions.c.state.in_([str(one) for one in NOT_BEGUN]) if ends else over,
        )
        .values(state=str(fate.state), outcome=fate.why, changed_at=occasion.now)
    )


async def hold_back(connection: AsyncConnection, customer: str | None, now: datetime) -> None:
    """Propose what the policy asked for and AWS did not do yet; of one customer, or of all.

    A stop that was begun is finished: half of it stands already.
    """
    waits = or_(
        actions.c.state == str(State.REQUESTED),
        and_(actions.c.state == str(State.PENDING), actions.c.kind == str(Does.BLOCK)),
    )
    by_policy = and_(
        actions.c.cause.is_not(None),
        actions.c.kind.in_([str(one) for one in Does]),
        actions.c.approved.is_(False),
    )
    whose = true() if customer is None else actions.c.customer == customer
    await connection.execute(
        update(actions)
        .where(waits, by_policy, whose)
        .values(state=str(State.PROPOSED), outcome=HELD_BACK, next_try_at=None, changed_at=now)
    )
