"""What the state of an action means for customers and operators, asked for as notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from sesauditd.model.actions import STARTED, Reverse, State
from sesauditd.model.calendar import iso
from sesauditd.model.notice import Audience, Notice, NoticeKind
from sesauditd.model.verdicts import Does
from sesauditd.store import evidence
from sesauditd.store.notices import request
from sesauditd.store.tables import actions, domains, notices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

TO_CUSTOMERS = {
    str(Does.WARN): NoticeKind.WARNED,
    str(Does.DISABLE): NoticeKind.DISABLED,
    str(Does.TERMINATE): NoticeKind.TERMINATED,
    str(Reverse.REINSTATE): NoticeKind.REINSTATED,
    str(Reverse.RESTORE): NoticeKind.RESTORED,
}
WHOLE_CUSTOMER = frozenset({str(Does.TERMINATE), str(Reverse.RESTORE)})
MANY = frozenset({str(Does.BLOCK), str(Reverse.UNBLOCK)})
"""Kinds of action that come by the hundred: told together, never one by one."""
WEIGHTY = (Does.DISABLE, Does.TERMINATE)
TROUBLED = frozenset({State.FAILED, State.UNKNOWN})
HELD = frozenset({State.WAITING, State.PROPOSED, "pending"})
TOLD = frozenset({State.DONE, *TROUBLED, *HELD})
ACTIONS_TOLD = 100


async def of_action(connection: AsyncConnection, action: str, now: datetime) -> int:
    """Ask for what the action's present state means; return how many notices are new.

    For whoever writes the state, in the same transaction; repeating it asks for nothing twice.
    Blocks that were set are left to the daily digest.
    """
    row = (await connection.execute(select(actions).where(actions.c.id == action))).one()
    if row.state not in TOLD or (row.kind in MANY and row.state == State.DONE):
        return 0
    facts = await _facts(connection, row)
    wanted = list(_wanted(row, facts))
    untrue = row.kind == Reverse.REINSTATE and (
        await _is_part_of_restore(connection, row) or await _is_still_stopped(connection, row)
    )
    if untrue:
        wanted = [one for one in wanted if one.kind is not NoticeKind.REINSTATED]
    if await _has_left(connection, row, facts):
        wanted = [one for one in wanted if one.audience is Audience.OPERATOR]
    return sum([await request(connection, one, now) for one in wanted])


async def of_waiting(connection: AsyncConnection, now: datetime) -> int:
    """Tell operators once of each disable and termination that waits for them; return how many.

    All that are new are told in one notice.
    """
    rows = await connection.execute(
        select(actions)
        .where(
            actions.c.state.in_([str(State.WAITING), str(State.PROPOSED)]),
            actions.c.kind.in_([str(one) for one in WEIGHTY]),
        )
        .order_by(actions.c.evidence_at, actions.c.id)
    )
    told = await _told_to_wait(connection)
    new = [row for row in rows if row.id not in told][:ACTIONS_TOLD]
    if not new:
        return 0
    notice = _waiting(new[0].id, [await _facts(connection, row) for row in new])
    await request(connection, notice, now)
    return len(new)


def _wanted(row: Row[Any], facts: dict[str, object]) -> Iterator[Notice]:
    state, customer = row.state, row.customer
    many = row.kind in MANY
    # An outage fails every block of a storm: one mail for those of a day says so, and it is not
    # said anew each time that a block which waits is tried again.
    subject = f"blocks/{customer}/{row.requested_at:%Y-%m-%d}" if many else row.id
    if state == State.DONE and not many:
        domain = None if row.kind in WHOLE_CUSTOMER else row.domain
        kind = TO_CUSTOMERS[row.kind]
        yield Notice(kind=kind, customer=customer, domain=domain, subject=row.id, facts=facts)
        if kind is not NoticeKind.WARNED:
            yield Notice(kind=NoticeKind.ACTION_DONE, subject=row.id, facts=facts)
    elif state in TROUBLED:
        yield Notice(kind=NoticeKind.ACTION_FAILED, subject=subject, facts=facts)
    elif state in HELD:
        yield _waiting(subject, [facts])


def _waiting(subject: str, told: Sequence[dict[str, object]]) -> Notice:
    return Notice(kind=NoticeKind.ACTION_WAITING, subject=subject, facts={"actions": list(told)})


async def _facts(connection: AsyncConnection, row: Row[Any]) -> dict[str, object]:
    names = await connection.execute(
        select(domains.c.name)
        .where(domains.c.customer == row.customer, domains.c.closed_at.is_(None))
        .order_by(domains.c.name)
    )
    return {
        "action": row.id,
        "kind": row.kind,
        "state": row.state,
        "actor": row.actor,
        "customer": row.customer,
        "domain": row.domain,
        "domains": list(names.scalars()),
        "stopped": await _stopped(connection, row.customer),
        "recipient": row.recipient,
        "reason": row.reason[: evidence.LONGEST],
        "outcome": (row.outcome or "")[: evidence.LONGEST],
        "at": iso(row.changed_at),
        "grounds": await evidence.grounds_of(connection, row.id),
    }


async def _has_left(
    connection: AsyncConnection, row: Row[Any], facts: Mapping[str, object]
) -> bool:
    """Say whether what an action is about was offboarded: its people have no mail to mend."""
    if row.kind in WHOLE_CUSTOMER:
        return not facts["domains"]
    closed_at = await connection.scalar(
        select(domains.c.closed_at).where(domains.c.name == row.domain)
    )
    return closed_at is not None


async def _stopped(connection: AsyncConnection, customer: str) -> list[str]:
    """Return the customer's domains with a disable of their own that stands."""
    rows = await connection.execute(
        select(actions.c.domain)
        .distinct()
        .where(
            actions.c.customer == customer,
            actions.c.kind == str(Does.DISABLE),
            actions.c.state.in_([str(one) for one in sorted(STARTED)]),
        )
        .order_by(actions.c.domain)
    )
    return list(rows.scalars())


async def _is_part_of_restore(connection: AsyncConnection, row: Row[Any]) -> bool:
    """Say whether the domain came back with its whole customer, who is told once."""
    found = await connection.scalar(
        select(actions.c.id)
        .where(
            actions.c.kind == str(Reverse.RESTORE),
            actions.c.customer == row.customer,
            actions.c.requested_at == row.requested_at,
        )
        .limit(1)
    )
    return found is not None


async def _is_still_stopped(connection: AsyncConnection, row: Row[Any]) -> bool:
    """Say whether something else keeps the domain from sending."""
    found = await connection.scalar(
        select(actions.c.id)
        .where(
            actions.c.customer == row.customer,
            actions.c.state.in_([str(one) for one in sorted(STARTED)]),
            or_(
                actions.c.kind == str(Does.TERMINATE),
                and_(actions.c.kind == str(Does.DISABLE), actions.c.domain == row.domain),
            ),
        )
        .limit(1)
    )
    return found is not None


async def _told_to_wait(connection: AsyncConnection) -> set[str]:
    rows = await connection.execute(
        select(notices.c.facts).where(notices.c.kind == str(NoticeKind.ACTION_WAITING))
    )
    return {one["action"] for facts in rows.scalars() for one in facts.get("actions", ())}
