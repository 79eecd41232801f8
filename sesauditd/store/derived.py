"""What follows from events: strikes, deliveries beside strikes, first contacts, roll-ups."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, select, tuple_, update

from sesauditd.model.classify import OUT_OF_OFFICE_SUBTYPES
from sesauditd.model.events import STRIKING, Outcome, Suffered
from sesauditd.model.touched import Touched
from sesauditd.store import contacts, rollups
from sesauditd.store.statements import chunks, upsert
from sesauditd.store.tables import deliveries, event_recipients, events, strikes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.register import Register

Pair = tuple[str, str]
"""Customer and recipient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event as far as anything follows from it."""

    key: bytes
    at: datetime
    customer: str | None
    domain: str | None
    message_id: str
    type: str | None
    subtype: str | None
    suffered: tuple[Suffered, ...]

    @property
    def soft_recipients(self) -> tuple[str, ...]:
        """Return the recipients whose soft bounce may turn out to be an auto-reply."""
        if self.type != "Transient" or self.subtype not in OUT_OF_OFFICE_SUBTYPES:
            return ()
        return tuple(one.recipient for one in self.suffered if one.outcome is Outcome.SOFT_BOUNCE)

    def settled(self, delivered: set[tuple[str, str]]) -> Entry:
        """Return the entry with every soft bounce of a delivered message as auto-reply."""
        answered = {one for one in self.soft_recipients if (self.message_id, one) in delivered}
        if not answered:
            return self
        return replace(
            self,
            suffered=tuple(
                replace(one, outcome=Outcome.AUTO_REPLY) if one.recipient in answered else one
                for one in self.suffered
            ),
        )


async def derive(
    connection: AsyncConnection,
    register: Register,
    entries: Sequence[Entry],
    *,
    no_feedback: frozenset[str],
) -> Touched:
    """Store what follows from attributed entries that are recorded; return what they touch."""
    owned = [entry for entry in entries if entry.domain is not None]
    delivered = [
        (entry, one)
        for entry in owned
        for one in entry.suffered
        if one.outcome is Outcome.DELIVERED
    ]
    struck = [(entry, one) for entry in owned for one in entry.suffered if one.outcome in STRIKING]
    earliest = await _earliest_soft(connection, [*delivered, *struck])
    if struck:
        await connection.execute(strikes.insert(), [_strike_row(*each) for each in struck])
    answered, recount = await _answer_later(connection, delivered)
    await rollups.add(connection, owned, no_feedback=no_feedback)
    await rollups.recount(connection, recount, no_feedback=no_feedback)
    softened = await _keep_deliveries(connection, register, delivered, struck, earliest)
    await contacts.reach(connection, delivered, struck)
    pairs = {(str(entry.customer), one.recipient) for entry, one in struck}
    return Touched(
        recipients=frozenset(pairs | answered | softened),
        domains=_spans([*((str(entry.domain), entry.at) for entry in owned), *recount]),
        infected=frozenset(
            str(entry.customer)
            for entry in owned
            if any(one.outcome is Outcome.VIRUS for one in entry.suffered)
        ),
    )


async def delivered_messages(
    connection: AsyncConnection, messages: Iterable[str]
) -> set[tuple[str, str]]:
    """Return (message, recipient) of the stored Deliveries of the messages."""
    found: set[tuple[str, str]] = set()
    for part in chunks(sorted(set(messages))):
        rows = await connection.execute(
            select(events.c.message_id, event_recipients.c.recipient)
            .join(event_recipients, event_recipients.c.event == events.c.key)
            .where(
                events.c.message_id.in_(part),
                events.c.domain.is_not(None),
                event_recipients.c.outcome == str(Outcome.DELIVERED),
            )
        )
        found |= {(row.message_id, row.recipient) for row in rows}
    return found


async def _earliest_soft(
    connection: AsyncConnection, found: Iterable[tuple[Entry, Suffered]]
) -> dict[Pair, datetime]:
    """Return the first stored soft bounce of each pair, before this batch."""
    earliest: dict[Pair, datetime] = {}
    for part in chunks(sorted({(str(entry.customer), one.recipient) for entry, one in found})):
        rows = await connection.execute(
            select(strikes.c.customer, strikes.c.recipient, func.min(strikes.c.at).label("at"))
            .where(
                tuple_(strikes.c.customer, strikes.c.recipient).in_(part),
                strikes.c.outcome == str(Outcome.SOFT_BOUNCE),
            )
            .group_by(strikes.c.customer, strikes.c.recipient)
        )
        earliest |= {(row.customer, row.recipient): row.at for row in rows}
    return earliest


async def _answer_later(
    connection: AsyncConnection, delivered: Sequence[tuple[Entry, Suffered]]
) -> tuple[set[Pair], list[tuple[str, datetime]]]:
    """Turn stored soft bounces into auto-replies whose message turns out to be delivered."""
    messages = {(str(entry.customer), one.recipient, entry.message_id) for entry, one in delivered}
    pairs = sorted({(customer, recipient) for customer, recipient, _ in messages})
    answered: list[Any] = []
    for part in chunks(pairs):
        rows = await connection.execute(
            select(strikes).where(
                tuple_(strikes.c.customer, strikes.c.recipient).in_(part),
                strikes.c.outcome == str(Outcome.SOFT_BOUNCE),
                strikes.c.subtype.in_(sorted(OUT_OF_OFFICE_SUBTYPES)),
            )
        )
        answered += [
            row for row in rows if (row.customer, row.recipient, row.message_id) in messages
        ]
    for row in answered:
        of_row = and_(strikes.c.event == row.event, strikes.c.recipient == row.recipient)
        await connection.execute(delete(strikes).where(of_row))
        await connection.execute(
            update(event_recipients)
            .where(
                event_recipients.c.event == row.event,
                event_recipients.c.recipient == row.recipient,
            )
            .values(outcome=str(Outcome.AUTO_REPLY))
        )
    return (
        {(row.customer, row.recipient) for row in answered},
        [(row.domain, row.at) for row in answered],
    )


async def _keep_deliveries(
    connection: AsyncConnection,
    register: Register,
    delivered: Sequence[tuple[Entry, Suffered]],
    struck: Sequence[tuple[Entry, Suffered]],
    earliest: dict[Pair, datetime],
) -> set[Pair]:
    """Keep deliveries to addresses with a soft bounce: they end its streak.

    Every mail's delivery is not indexed by address, that would cost more than all the rest;
    an address gets its deliveries looked up when its first soft bounce comes.
    """
    rows = {
        (str(entry.customer), one.recipient, entry.at)
        for entry, one in delivered
        if (str(entry.customer), one.recipient) in earliest
    }
    since: dict[Pair, datetime] = {}
    for entry, one in struck:
        pair = (str(entry.customer), one.recipient)
        known = min(earliest.get(pair, entry.at), since.get(pair, entry.at))
        is_earlier = pair not in earliest or entry.at < earliest[pair]
        if one.outcome is Outcome.SOFT_BOUNCE and is_earlier:
            since[pair] = min(known, entry.at)
    rows |= await _stored_deliveries(connection, register, since)
    if rows:
        await connection.execute(
            upsert(connection, deliveries).on_conflict_do_nothing(),
            [
                {"customer": customer, "recipient": recipient, "at": at}
                for customer, recipient, at in sorted(rows)
            ],
        )
    return {(customer, recipient) for customer, recipient, _ in rows}


async def _stored_deliveries(
    connection: AsyncConnection, register: Register, since: dict[Pair, datetime]
) -> set[tuple[str, str, datetime]]:
    by_customer: dict[str, dict[str, datetime]] = defaultdict(dict)
    for (customer, recipient), at in since.items():
        by_customer[customer][recipient] = at
    found: set[tuple[str, str, datetime]] = set()
    for customer, wanted in by_customer.items():
        for part in chunks(sorted(wanted)):
            rows = await connection.execute(
                select(event_recipients.c.recipient, events.c.at)
                .join(events, events.c.key == event_recipients.c.event)
                .where(
                    events.c.domain.in_(register.domains_of(customer)),
                    events.c.at >= min(wanted[one] for one in part),
                    events.c.kind == "Delivery",
                    event_recipients.c.recipient.in_(part),
                    event_recipients.c.outcome == str(Outcome.DELIVERED),
                )
            )
            found |= {
                (customer, row.recipient, row.at) for row in rows if row.at >= wanted[row.recipient]
            }
    return found


def _strike_row(entry: Entry, one: Suffered) -> dict[str, object]:
    return {
        "event": entry.key,
        "recipient": one.recipient,
        "customer": entry.customer,
        "domain": entry.domain,
        "at": entry.at,
        "outcome": str(one.outcome),
        "message_id": entry.message_id,
        "subtype": entry.subtype,
        "status": one.status,
        "diagnostic": one.diagnostic,
        "spelling": one.spelling,
        "blockable": one.blockable,
        "counted_as": one.counted_as,
    }


def _spans(moments: Iterable[tuple[str, datetime]]) -> dict[str, tuple[datetime, datetime]]:
    spans: dict[str, tuple[datetime, datetime]] = {}
    for domain, at in moments:
        start, end = spans.get(domain, (at, at))
        spans[domain] = (min(start, at), max(end, at))
    return spans
