"""First contact: when a domain's mail first reached each receiving domain for good."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from sesauditd.model.addresses import domain_of
from sesauditd.model.events import Outcome
from sesauditd.store.entries import those_with
from sesauditd.store.statements import among, chunks, insert_rows
from sesauditd.store.tables import event_recipients, events, reached, strikes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.entries import Entry

Place = tuple[str, str]
"""A customer's domain and a receiving domain."""
Delivered = tuple[datetime, str, str]
"""Time, message, recipient: sorts by time."""


async def reach(connection: AsyncConnection, entries: Sequence[Entry]) -> frozenset[str]:
    """Keep the first Delivery at each place that was not itself followed by a hard bounce.

    Many servers accept a message first and bounce it later: that is no delivery. Returns the
    domains that such a bounce took a first contact from.
    """
    delivered: dict[Place, set[Delivered]] = {}
    for entry, one in those_with(entries, Outcome.DELIVERED):
        place = (str(entry.domain), domain_of(one.recipient))
        delivered.setdefault(place, set()).add((entry.at, entry.message_id, one.recipient))
    bounced: dict[Place, set[tuple[str, str]]] = {}
    for entry, one in those_with(entries, Outcome.HARD_BOUNCE):
        place = (str(entry.domain), domain_of(one.recipient))
        bounced.setdefault(place, set()).add((entry.message_id, one.recipient))
    known = await _known(connection, {*delivered, *bounced})
    lost = [place for place in bounced if place in known and known[place][1:] in bounced[place]]
    firsts = {}
    for place in sorted(lost):
        next_one = await _next(connection, place, known[place][0])
        if next_one is not None:
            firsts[place] = next_one
    if lost:
        await connection.execute(delete(reached).where(_at(connection, lost)))
    earlier = {
        place: {one for one in found if place not in known or one < known[place]}
        for place, found in delivered.items()
        if place not in lost
    }
    failed = await _failed(connection, {one[2] for found in earlier.values() for one in found})
    for place, found in earlier.items():
        kept = [one for one in found if (place[0], *one[1:]) not in failed]
        if kept:
            firsts[place] = min(kept)
    await _store(connection, firsts)
    return frozenset(domain for domain, _ in lost)


async def _known(connection: AsyncConnection, places: set[Place]) -> dict[Place, Delivered]:
    rows = await connection.execute(select(reached).where(_at(connection, places)))
    return {
        (row.domain, row.receiving_domain): (row.first_at, row.message_id, row.recipient)
        for row in rows
    }


def _at(connection: AsyncConnection, places: Collection[Place]) -> ColumnElement[bool]:
    return among(connection, (reached.c.domain, reached.c.receiving_domain), places)


async def _failed(connection: AsyncConnection, recipients: set[str]) -> set[tuple[str, str, str]]:
    """Return (domain, message, recipient) of what bounced hard of the recipients' mail."""
    found: set[tuple[str, str, str]] = set()
    for part in chunks(sorted(recipients)):
        rows = await connection.execute(
            select(strikes.c.domain, strikes.c.message_id, strikes.c.recipient).where(
                strikes.c.recipient.in_(part), strikes.c.outcome == str(Outcome.HARD_BOUNCE)
            )
        )
        found |= {(row.domain, row.message_id, row.recipient) for row in rows}
    return found


async def _next(connection: AsyncConnection, place: Place, since: datetime) -> Delivered | None:
    """Return the first stored Delivery at the place, from the time on, that did not bounce."""
    domain, receiving_domain = place
    bounced = exists().where(
        strikes.c.recipient == event_recipients.c.recipient,
        strikes.c.domain == events.c.domain,
        strikes.c.message_id == events.c.message_id,
        strikes.c.outcome == str(Outcome.HARD_BOUNCE),
    )
    row = (
        await connection.execute(
            select(events.c.at, events.c.message_id, event_recipients.c.recipient)
            .join(event_recipients, event_recipients.c.event == events.c.key)
            .where(
                events.c.domain == domain,
                events.c.at >= since,
                events.c.kind == "Delivery",
                event_recipients.c.outcome == str(Outcome.DELIVERED),
                event_recipients.c.recipient.endswith(f"@{receiving_domain}", autoescape=True),
                ~bounced,
            )
            .order_by(events.c.at, events.c.message_id, event_recipients.c.recipient)
            .limit(1)
        )
    ).first()
    return None if row is None else (row.at, row.message_id, row.recipient)


async def _store(connection: AsyncConnection, firsts: Mapping[Place, Delivered]) -> None:
    await insert_rows(
        connection,
        reached,
        [
            {
                "domain": domain,
                "receiving_domain": receiving_domain,
                "first_at": at,
                "message_id": message_id,
                "recipient": recipient,
            }
            for (domain, receiving_domain), (at, message_id, recipient) in sorted(firsts.items())
        ],
        replacing=("first_at", "message_id", "recipient"),
    )
