"""Proposals that go ahead by themselves, because what they are about goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from sesauditd.model.actions import State, fate_of, newest_evidence
from sesauditd.store.outbox import circumstances
from sesauditd.store.tables import actions

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions
    from sesauditd.model.verdicts import Verdict
    from sesauditd.store.ledger import Occasion

BY_ITSELF = frozenset({State.REQUESTED, State.WAITING})


async def renew(
    connection: AsyncConnection,
    action: str,
    verdict: Verdict,
    decisions: Decisions,
    occasion: Occasion,
) -> None:
    """Let a proposed action go ahead if live evidence newer than the proposal supports it.

    An incident has one verdict: without this, what a replay or old events only proposed would
    keep a virus or a complainer of today from ever being stopped.
    """
    if occasion.from_replay:
        return
    fate = fate_of(verdict, await circumstances(connection, verdict, decisions, occasion))
    if fate.state not in BY_ITSELF:
        return
    await connection.execute(
        update(actions)
        .where(
            actions.c.id == action,
            actions.c.state == str(State.PROPOSED),
            actions.c.evidence_at < newest_evidence(verdict),
        )
        .values(
            state=str(fate.state),
            outcome=fate.why,
            # Whoever holds the blast radius must not take it for a replay any more.
            actor=f"{occasion.actor}:{verdict.lane}",
            changed_at=occasion.now,
        )
    )
