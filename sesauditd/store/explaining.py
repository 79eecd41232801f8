"""What the table of actions can explain of the policies on AWS, and of whom it knows nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from sesauditd.model.actions import STARTED, Lever, State
from sesauditd.model.execution import Known, Untouched
from sesauditd.model.verdicts import Does
from sesauditd.store.tables import actions, domains, iam_users

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection


async def known(connection: AsyncConnection) -> Known:
    """Return whose blocks were ever set, and of which users nothing was ever asked."""
    blocked = await connection.execute(
        select(actions.c.customer)
        .distinct()
        .where(
            actions.c.kind == str(Does.BLOCK), actions.c.lever == str(Lever.IAM_DENY), _was_asked()
        )
    )
    stopped = await connection.execute(
        select(actions.c.kind, actions.c.customer, actions.c.domain).where(
            actions.c.kind.in_([str(Does.DISABLE), str(Does.TERMINATE)]), _was_asked()
        )
    )
    off, ended = set(), set()
    for kind, customer, domain in stopped:
        if kind == Does.TERMINATE:
            ended.add(customer)
        else:
            off.add(domain)
    return Known(
        blocked=frozenset(blocked.scalars()), users=await _untouched(connection, off, ended)
    )


async def ended_before(connection: AsyncConnection, at: datetime) -> Sequence[str]:
    """Return the domains, still open, of customers whose termination was asked for before."""
    ended = select(actions.c.customer).where(
        actions.c.kind == str(Does.TERMINATE),
        actions.c.state == str(State.DONE),
        actions.c.requested_at <= at,
    )
    rows = await connection.execute(
        select(domains.c.name)
        .where(domains.c.customer.in_(ended), domains.c.closed_at.is_(None))
        .order_by(domains.c.name)
    )
    return rows.scalars().all()


async def _untouched(
    connection: AsyncConnection, off: set[str], ended: set[str]
) -> tuple[Untouched, ...]:
    rows = (
        await connection.execute(
            select(iam_users.c.name, domains.c.customer)
            .join(domains, domains.c.name == iam_users.c.domain)
            .where(domains.c.closed_at.is_(None))
            .distinct()
        )
    ).all()
    owned: dict[str, list[str]] = defaultdict(list)
    for name, customer in await connection.execute(
        select(domains.c.name, domains.c.customer).where(domains.c.closed_at.is_(None))
    ):
        owned[customer].append(name)
    owners: dict[str, set[str]] = defaultdict(set)
    for user, customer in rows:
        owners[user].add(customer)
    return tuple(
        Untouched(
            name=user,
            never_off=tuple(
                sorted({name for one in owners[user] for name in owned[one]} - off)
                # A termination stops every domain of its customer.
                if ended.isdisjoint(owners[user])
                else ()
            ),
            never_ended=ended.isdisjoint(owners[user]),
        )
        for user in sorted(owners)
    )


def _was_asked() -> ColumnElement[bool]:
    """Return the condition that something was, or may have been, asked of AWS."""
    begun = actions.c.state.in_([str(one) for one in sorted(STARTED)])
    return or_(actions.c.attempts > 0, begun)
