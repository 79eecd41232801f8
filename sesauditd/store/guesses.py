"""Loads what was mailed to the receiving domains that the guessing detector looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import exists, or_, select

from sesauditd.model.arrivals import Arrival
from sesauditd.model.events import Outcome
from sesauditd.model.guessed_week import suspected_places
from sesauditd.model.strangers import strangers_live_at
from sesauditd.store.retention import kept_since
from sesauditd.store.statements import chunks
from sesauditd.store.tables import event_recipients, events, strikes

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import DomainsHistory

PLACES = 50
"""Receiving domains of one query; each is a condition of its own."""
MAILED = ("Delivery", "Send")


async def with_arrivals(
    connection: AsyncConnection,
    domains: Sequence[str],
    whole: DomainsHistory,
    span: tuple[datetime, datetime],
    free_mail: Collection[str],
) -> DomainsHistory:
    """Return a week's history with what was mailed beside its unknown users, if that matters."""
    suspected = suspected_places(whole.strikes)
    companies = [one for one in suspected if not strangers_live_at(one, free_mail)]
    if not companies:
        return whole
    found = await arrivals(connection, domains, companies, whole.reached_at, span)
    return replace(whole, arrivals=found)


async def arrivals(
    connection: AsyncConnection,
    domains: Sequence[str],
    places: Collection[str],
    reached_at: Mapping[tuple[str, str], datetime],
    week: tuple[datetime, datetime],
) -> tuple[Arrival, ...]:
    """Return what the domains mailed to the places before the end of the week, but for bounces.

    Where a place was reached before the week, the search begins there: whoever was delivered to
    then is no guess now. A mail that bounced hard afterwards was not delivered.
    """
    # What lies before the horizon is forgotten bit by bit; no verdict may hang on how far.
    since = await kept_since(connection)
    start, end = max(week[0], since), week[1]
    earlier = {name: at for (_, name), at in sorted(reached_at.items()) if at < start}
    known = [one for one in sorted(places) if one in earlier]
    found: set[Arrival] = set()
    for part in chunks(known, PLACES):
        first = max(min(reached_at[key] for key in reached_at if key[1] in part), since)
        found |= await _mailed(connection, domains, part, (first, end))
    for part in chunks(sorted(set(places) - set(known)), PLACES):
        found |= await _mailed(connection, domains, part, (start, end))
    return tuple(sorted(found, key=lambda one: (one.at, one.recipient, one.domain, one.delivered)))


async def _mailed(
    connection: AsyncConnection,
    domains: Sequence[str],
    places: Sequence[str],
    span: tuple[datetime, datetime],
) -> set[Arrival]:
    bounced = exists().where(
        strikes.c.recipient == event_recipients.c.recipient,
        strikes.c.domain == events.c.domain,
        strikes.c.message_id == events.c.message_id,
        strikes.c.outcome == str(Outcome.HARD_BOUNCE),
    )
    rows = await connection.execute(
        select(events.c.domain, events.c.at, events.c.kind, event_recipients.c.recipient)
        .join(event_recipients, event_recipients.c.event == events.c.key)
        .where(
            events.c.domain.in_(domains),
            events.c.at >= span[0],
            events.c.at < span[1],
            events.c.kind.in_(MAILED),
            event_recipients.c.outcome.in_([str(Outcome.DELIVERED), str(Outcome.SENT)]),
            or_(
                *(
                    event_recipients.c.recipient.endswith(f"@{one}", autoescape=True)
                    for one in places
                )
            ),
            ~bounced,
        )
    )
    return {
        Arrival(
            domain=row.domain,
            recipient=row.recipient,
            at=row.at,
            delivered=row.kind == "Delivery",
        )
        for row in rows
    }
