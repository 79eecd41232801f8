"""Drives standing stops and blocks once more, when there is more to stop than there was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select, update

from sesauditd.model.actions import OVERFLOWN, STARTED, Lever, State
from sesauditd.model.verdicts import Does
from sesauditd.store.statements import chunks
from sesauditd.store.tables import actions, blocks, domains, iam_users

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

BEGUN = tuple(str(one) for one in sorted(STARTED))
STOPS = (str(Does.DISABLE), str(Does.TERMINATE))


def standing_blocks(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an action is a block in IAM policies which has not ended."""
    holding = (
        select(blocks.c.action)
        .where(
            blocks.c.action == actions.c.id,
            blocks.c.lifted_at.is_(None),
            or_(blocks.c.until.is_(None), blocks.c.until > now),
        )
        .exists()
    )
    return and_(actions.c.kind == str(Does.BLOCK), actions.c.lever == str(Lever.IAM_DENY), holding)


async def for_customer(connection: AsyncConnection, customer: str, now: datetime) -> int:
    """Have the executor look at every stop and IAM block of a customer; return how many.

    For whoever registers a user or a domain, in the same transaction: what stands holds for
    the newcomer at once. A block that failed for want of a user gets its second chance.
    """
    wanted = or_(actions.c.kind.in_(STOPS), standing_blocks(now))
    return await _drive(connection, and_(actions.c.customer == customer, wanted), now)


async def whoever_shares(
    connection: AsyncConnection, user: str, customer: str, now: datetime
) -> int:
    """Have the executor look at the stops and blocks of all others with the same IAM user.

    What denies a customer by a user of its own must let go of one that is shared now.
    """
    others = (
        select(domains.c.customer)
        .join(iam_users, iam_users.c.domain == domains.c.name)
        .where(iam_users.c.name == user, domains.c.customer != customer)
        .distinct()
    )
    found = (await connection.execute(others)).scalars().all()
    return sum([await for_customer(connection, one, now) for one in found])


async def terminations_at(connection: AsyncConnection, domain: str, now: datetime) -> int:
    """Have the executor look at a termination of a domain's customer: there is a new key."""
    owner = select(domains.c.customer).where(domains.c.name == domain).scalar_subquery()
    wanted = and_(actions.c.customer == owner, actions.c.kind == str(Does.TERMINATE))
    return await _drive(connection, wanted, now)


async def without_room(
    connection: AsyncConnection, now: datetime, customer: str | None = None
) -> int:
    """Have the executor try blocks again that found no room, of one customer or of all.

    For whoever makes room, in the same transaction; where there is none still, they fail as
    before and nobody is told anew.
    """
    failed = str(State.FAILED)
    wanted = and_(
        actions.c.state == failed, standing_blocks(now), actions.c.outcome.startswith(OVERFLOWN)
    )
    if customer is not None:
        wanted = and_(wanted, actions.c.customer == customer)
    return await _drive(connection, wanted, now, begun=(failed,))


async def some(connection: AsyncConnection, ids: Sequence[str], now: datetime) -> int:
    """Have the executor look at some actions that were done; return how many still stand so."""
    return sum(
        [
            await _drive(
                connection,
                and_(actions.c.id.in_(part), actions.c.state == str(State.DONE)),
                now,
                begun=(str(State.DONE),),
            )
            for part in chunks(ids)
        ]
    )


async def _drive(
    connection: AsyncConnection,
    wanted: ColumnElement[bool],
    now: datetime,
    *,
    begun: tuple[str, ...] = BEGUN,
) -> int:
    """Make actions due as if the process had died at them: looking again is harmless.

    Not requested anew: an operator who lifts one that never began asks for no reverse.
    """
    changed = await connection.execute(
        update(actions)
        .where(wanted, actions.c.state.in_(begun))
        .values(state=str(State.ATTEMPTED), changed_at=now, next_try_at=None)
    )
    return changed.rowcount
