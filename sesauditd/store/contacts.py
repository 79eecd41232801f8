"""First contact: when a domain's mail first reached each receiving domain for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, tuple_

from sesauditd.model.addresses import domain_of
from sesauditd.model.events import Outcome
from sesauditd.store.statements import chunks, upsert
from sesauditd.store.tables import event_recipients, events, reached, strikes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Suffered
    from sesauditd.store.derived import Entry

Place = tuple[str, str]
"""A customer's domain and a receiving domain."""
Delivered = tuple["datetime", str, str]
"""Time, message, recipient: sorts by time."""


async def reach(
    connection: AsyncConnection,
    delivered: Sequence[tuple[Entry, Suffered]],
    struck: Sequence[tuple[Entry, Suffered]],
) -> None:
    """Keep the first Delivery at each place that was not itself followed by a hard bounce.

    Many servers accept a message first and bounce it later: that is no delivery.
    """
    found: dict[Place, set[Delivered]] = {}
    for entry, one in delivered:
        place = (str(entry.domain), domain_of(one.recipient))
        found.setdefault(place, set()).add((entry.at, entry.message_id, one.recipient))
    bounced = {
        (entry.message_id, one.recipient): (str(entry.domain), domain_of(one.recipient))
        for entry, one in struck
        if one.outcome is Outcome.HARD_BOUNCE
    }
    known = await _known(connection, sorted({*found, *bounced.values()}))
    for place in sorted(set(bounced.values())):
        first = known.get(place)
        if first is not None and (first[1], first[2]) in bounced:
            await _again(connection, place)
            known.pop(place)
            found.pop(place, None)
    earlier = {
        place: {one for one in candidates if place not in known or one < known[place]}
        for place, candidates in found.items()
    }
    failed = await _bounced(connection, set().union(*earlier.values()))
    best = {
        place: min(kept)
        for place, candidates in earlier.items()
        if (kept := {one for one in candidates if one[1:] not in failed})
    }
    await _store(connection, best)


async def _known(connection: AsyncConnection, places: Sequence[Place]) -> dict[Place, Delivered]:
    known: dict[Place, Delivered] = {}
    for part in chunks(places):
        rows = await connection.execute(
            select(reached).where(tuple_(reached.c.domain, reached.c.receiving_domain).in_(part))
        )
        for row in rows:
            place = (row.domain, row.receiving_domain)
            known[place] = (row.first_at, row.message_id, row.recipient)
    return known


async def _bounced(connection: AsyncConnection, candidates: set[Delivered]) -> set[tuple[str, str]]:
    """Return (message, recipient) of those that bounced hard after all."""
    found: set[tuple[str, str]] = set()
    for part in chunks(sorted({recipient for _, _, recipient in candidates})):
        rows = await connection.execute(
            select(strikes.c.message_id, strikes.c.recipient).where(
                strikes.c.recipient.in_(part),
                strikes.c.outcome == str(Outcome.HARD_BOUNCE),
            )
        )
        found |= {(row.message_id, row.recipient) for row in rows}
    return found


async def _again(connection: AsyncConnection, place: Place) -> None:
    domain, receiving_domain = place
    await connection.execute(
        delete(reached).where(
            reached.c.domain == domain, reached.c.receiving_domain == receiving_domain
        )
    )
    rows = await connection.execute(
        select(events.c.at, events.c.message_id, event_recipients.c.recipient)
        .join(event_recipients, event_recipients.c.event == events.c.key)
        .where(
            events.c.domain == domain,
            events.c.kind == "Delivery",
            event_recipients.c.outcome == str(Outcome.DELIVERED),
            event_recipients.c.recipient.endswith(f"@{receiving_domain}", autoescape=True),
        )
    )
    candidates = {(row.at, row.message_id, row.recipient) for row in rows}
    failed = await _bounced(connection, candidates)
    kept = {one for one in candidates if one[1:] not in failed}
    await _store(connection, {place: min(kept)} if kept else {})


async def _store(connection: AsyncConnection, firsts: Mapping[Place, Delivered]) -> None:
    if not firsts:
        return
    statement = upsert(connection, reached)
    changing = ("first_at", "message_id", "recipient")
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["domain", "receiving_domain"],
            set_={name: statement.excluded[name] for name in changing},
        ),
        [
            {
                "domain": domain,
                "receiving_domain": receiving_domain,
                "first_at": at,
                "message_id": message_id,
                "recipient": recipient,
            }
            for (domain, receiving_domain), (at, message_id, recipient) in firsts.items()
        ],
    )
