"""Attributes events that came before their domain was registered."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, or_, select, update

from sesauditd.model.events import Feedback, Flag, Outcome, Suffered
from sesauditd.model.touched import Touched
from sesauditd.store.derived import derive
from sesauditd.store.entries import Entry, sent_at, written
from sesauditd.store.replies import stored_soft_bounces
from sesauditd.store.retention import kept_since
from sesauditd.store.statements import chunks
from sesauditd.store.tables import event_recipients, events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.register import Attribution, Register

BATCH = 1000
"""Events at a time: what waits for its domain may be the mail of years."""


async def attribute_late(
    connection: AsyncConnection, register: Register, *, no_feedback: frozenset[str]
) -> Touched:
    """Attribute every stored event that only now has somebody registered for it.

    What follows from the events is then the same as if the domain had been registered first.
    """
    touched = Touched()
    async for rows in _unattributed(connection, await kept_since(connection)):
        found = [
            (row, owner)
            for row in rows
            if Flag.UNATTRIBUTED in row.flags.split()
            and (owner := register.attribute(_sender(row), sent_at(row.key, row.at))) is not None
        ]
        if found:
            suffered = await _suffered(connection, [row.key for row, _ in found])
            soft = await stored_soft_bounces(connection, suffered.values())
            await _assign(connection, found)
            entries = [_entry(row, owner, suffered[row.key]) for row, owner in found]
            touched |= await derive(connection, register, entries, soft, no_feedback=no_feedback)
    return touched


async def _unattributed(
    connection: AsyncConnection, since: datetime
) -> AsyncIterator[Sequence[Row[Any]]]:
    """Yield stored events without a domain in pieces, in the order of the index on them.

    Of what is older than the horizon some may be forgotten, so none of it counts.
    """
    at, key = events.c.at, events.c.key
    query = select(events).where(events.c.domain.is_(None)).order_by(at, key).limit(BATCH)
    rows = (await connection.execute(query.where(at >= since))).all()
    while rows:
        yield rows
        last = rows[-1]
        after = and_(at >= last.at, or_(at > last.at, key > last.key))
        rows = (await connection.execute(query.where(after))).all()


def _sender(row: Row[Any]) -> Feedback:
    return Feedback(
        kind=row.kind,
        message_id=row.message_id,
        source=row.source,
        identity=row.identity,
        caller=row.caller,
    )


async def _assign(
    connection: AsyncConnection, found: Sequence[tuple[Row[Any], Attribution]]
) -> None:
    await connection.execute(
        update(events)
        .where(events.c.key == bindparam("b_key"))
        .values(domain=bindparam("b_domain"), flags=bindparam("b_flags")),
        [
            {"b_key": row.key, "b_domain": owner.domain, "b_flags": _flags(row, owner)}
            for row, owner in found
        ],
    )


def _flags(row: Row[Any], owner: Attribution) -> str:
    flags = {Flag(one) for one in row.flags.split()} - {Flag.UNATTRIBUTED}
    return written(flags | {Flag.FOREIGN_CALLER} if owner.foreign_caller else flags)


def _entry(row: Row[Any], owner: Attribution, suffered: Sequence[Suffered]) -> Entry:
    return Entry(
        key=row.key,
        at=row.at,
        customer=owner.customer,
        domain=owner.domain,
        message_id=row.message_id,
        type=row.type,
        subtype=row.subtype,
        suffered=tuple(suffered),
    )


async def _suffered(
    connection: AsyncConnection, keys: Sequence[bytes]
) -> dict[bytes, list[Suffered]]:
    found: dict[bytes, list[Suffered]] = defaultdict(list)
    for part in chunks(keys):
        rows = await connection.execute(
            select(event_recipients).where(event_recipients.c.event.in_(part))
        )
        for row in rows:
            found[row.event].append(
                Suffered(
                    recipient=row.recipient,
                    spelling=row.spelling or row.recipient,
                    outcome=Outcome(row.outcome),
                    blockable=row.blockable,
                    counted_as=row.counted_as or row.recipient,
                    status=row.status,
                    diagnostic=row.diagnostic,
                )
            )
    return found
