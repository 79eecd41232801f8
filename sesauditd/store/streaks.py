"""Keeps the deliveries that can end a streak of soft bounces, and no others."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, select

from sesauditd.model.events import Outcome
from sesauditd.store.entries import those_with
from sesauditd.store.statements import chunks, insert_rows, listed
from sesauditd.store.tables import deliveries, event_recipients, events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.register import Register
    from sesauditd.store.entries import Entry
    from sesauditd.store.replies import SoftBounce

Pair = tuple[str, str]
"""Customer and recipient."""
Firsts = dict[Pair, datetime]
"""The first soft bounce of each pair that has one."""


async def keep_deliveries(
    connection: AsyncConnection,
    register: Register,
    entries: Sequence[Entry],
    known: Sequence[SoftBounce],
    answered: Sequence[SoftBounce],
) -> set[Pair]:
    """Keep every Delivery from a pair's first soft bounce on; return pairs with a new one.

    To index every Delivery by its address would cost more than all the rest; so an address
    has its Deliveries looked up when a soft bounce comes that is its first. `known` are the
    soft bounces stored before these entries, `answered` those of them that are none any more.
    """
    before = _firsts(register, known)
    after = _firsts(register, set(known) - set(answered), entries)
    await _forget(connection, before, after)
    earlier = {pair: at for pair, at in after.items() if pair not in before or at < before[pair]}
    found = await _stored(connection, register, earlier)
    found |= {
        (*pair, entry.at)
        for entry, one in those_with(entries, Outcome.DELIVERED)
        if (pair := (str(entry.customer), one.recipient)) in after and entry.at >= after[pair]
    }
    await insert_rows(
        connection,
        deliveries,
        [
            {"customer": customer, "recipient": recipient, "at": at}
            for customer, recipient, at in sorted(found)
        ],
        ignoring=True,
    )
    return {(customer, recipient) for customer, recipient, _ in found}


def _firsts(
    register: Register, known: Iterable[SoftBounce], entries: Sequence[Entry] = ()
) -> Firsts:
    seen = [
        ((register.owners[one.domain], one.recipient), one.at)
        for one in known
        if one.domain is not None
    ]
    seen += [
        ((str(entry.customer), one.recipient), entry.at)
        for entry, one in those_with(entries, Outcome.SOFT_BOUNCE)
    ]
    firsts: Firsts = {}
    for pair, at in seen:
        firsts[pair] = min(at, firsts.get(pair, at))
    return firsts


async def _forget(
    connection: AsyncConnection, before: Mapping[Pair, datetime], after: Mapping[Pair, datetime]
) -> None:
    """Drop what was kept for a soft bounce that turned out to be an answer."""
    later = [pair for pair, at in before.items() if pair not in after or at < after[pair]]
    if not later:
        return
    end = datetime.max.replace(tzinfo=next(iter(before.values())).tzinfo)
    await connection.execute(
        delete(deliveries).where(
            deliveries.c.customer == bindparam("b_customer"),
            deliveries.c.recipient == bindparam("b_recipient"),
            deliveries.c.at < bindparam("b_before"),
        ),
        [
            {
                "b_customer": customer,
                "b_recipient": recipient,
                "b_before": after.get((customer, recipient), end),
            }
            for customer, recipient in sorted(later)
        ],
    )


async def _stored(
    connection: AsyncConnection, register: Register, since: Mapping[Pair, datetime]
) -> set[tuple[str, str, datetime]]:
    """Return the stored Deliveries of each pair from the given time on."""
    first: dict[str, datetime] = {}
    for (customer, _), at in since.items():
        for domain in register.domains_of(customer):
            first[domain] = min(at, first.get(domain, at))
    starts = listed(connection, (events.c.domain, events.c.at), first.items())
    found: set[tuple[str, str, datetime]] = set()
    for part in chunks(sorted({recipient for _, recipient in since})):
        rows = await connection.execute(
            select(events.c.domain, event_recipients.c.recipient, events.c.at)
            .select_from(starts)
            .join(events, and_(events.c.domain == starts.c.domain, events.c.at >= starts.c.at))
            .join(event_recipients, events.c.key == event_recipients.c.event)
            .where(
                events.c.kind == "Delivery",
                event_recipients.c.recipient.in_(part),
                event_recipients.c.outcome == str(Outcome.DELIVERED),
            )
        )
        found |= {(register.owners[row.domain], row.recipient, row.at) for row in rows}
    return {one for one in found if one[:2] in since and one[2] >= since[one[:2]]}
