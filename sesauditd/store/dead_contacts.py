"""Addresses to which one of our own notices came back for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.events import Outcome
from sesauditd.model.notice import DeadContact, NoticeState
from sesauditd.store.statements import upsert
from sesauditd.store.tables import event_recipients, events, notices, observations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

DEAD_CONTACT = "dead_contact:"
"""Before the address, the name of the observation that an address takes no mail."""
DEAD_FOR = timedelta(days=90)
"""A mailbox may come back: one notice a quarter finds out."""
BOUNCES_LATE = timedelta(days=30)


async def dead(connection: AsyncConnection, since: datetime | None) -> dict[str, datetime]:
    """Return the addresses that were found dead, after `since` if given, and when."""
    query = select(observations.c.name, observations.c.at).where(
        observations.c.name.startswith(DEAD_CONTACT, autoescape=True)
    )
    if since is not None:
        query = query.where(observations.c.at > since)
    rows = await connection.execute(query)
    return {row.name.removeprefix(DEAD_CONTACT): row.at for row in rows}


async def newly_dead(connection: AsyncConnection, now: datetime) -> list[DeadContact]:
    """Return the addresses to which a notice has bounced since they were last found dead."""
    bounced = await _bounced(connection, now - BOUNCES_LATE)
    known = await dead(connection, None)
    new = {
        one.address: one
        for one in bounced
        if one.address not in known or known[one.address] < one.at
    }
    return list(new.values())


async def bury(connection: AsyncConnection, new: Iterable[DeadContact]) -> None:
    """Remember that addresses are dead."""
    statement = upsert(connection, observations)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={name: statement.excluded[name] for name in ("facts", "at")},
        ),
        [
            {"name": DEAD_CONTACT + one.address, "facts": {"customer": one.customer}, "at": one.at}
            for one in new
        ],
    )


async def _bounced(connection: AsyncConnection, since: datetime) -> list[DeadContact]:
    rows = await connection.execute(
        select(
            event_recipients.c.recipient,
            event_recipients.c.diagnostic,
            notices.c.customer,
            events.c.at,
        )
        .join(events, events.c.message_id == notices.c.message_id)
        .join(event_recipients, event_recipients.c.event == events.c.key)
        .where(
            notices.c.state == str(NoticeState.SENT),
            notices.c.changed_at >= since,
            events.c.kind == "Bounce",
            events.c.type == "Permanent",
            event_recipients.c.outcome == str(Outcome.NOTICE),
        )
        .order_by(events.c.at)
    )
    return [
        DeadContact(
            address=row.recipient, customer=row.customer, at=row.at, diagnostic=row.diagnostic
        )
        for row in rows
    ]
