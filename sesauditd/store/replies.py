"""Tells out-of-office answers from soft bounces: the message was delivered all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, text, update

from sesauditd.model.events import Outcome
from sesauditd.store.entries import Copy, could_answer, those_with
from sesauditd.store.statements import chunks
from sesauditd.store.tables import event_recipients, events, strikes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import BindParameter
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Suffered
    from sesauditd.store.entries import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftBounce:
    """A soft bounce that is stored already."""

    event: bytes
    recipient: str
    domain: str | None
    at: datetime
    message_id: str
    doubtful: bool

    @property
    def copy(self) -> Copy:
        """Return which copy of the message bounced."""
        return self.message_id, self.recipient


async def stored_soft_bounces(
    connection: AsyncConnection, events_suffered: Iterable[Sequence[Suffered]]
) -> list[SoftBounce]:
    """Return every stored soft bounce of those who were now delivered to or bounced softly."""
    about = {
        one.recipient
        for suffered in events_suffered
        for one in suffered
        if one.outcome in {Outcome.DELIVERED, Outcome.SOFT_BOUNCE}
    }
    found: list[SoftBounce] = []
    for part in chunks(sorted(about)):
        rows = await connection.execute(
            select(
                event_recipients.c.event,
                event_recipients.c.recipient,
                events.c.domain,
                events.c.at,
                events.c.message_id,
                events.c.type,
                events.c.subtype,
            )
            .join(events, events.c.key == event_recipients.c.event)
            # Word for word the condition of the index: a parameter would keep it from being used.
            .where(event_recipients.c.recipient.in_(part), text("outcome = 'soft_bounce'"))
        )
        found += [
            SoftBounce(
                event=row.event,
                recipient=row.recipient,
                domain=row.domain,
                at=row.at,
                message_id=row.message_id,
                doubtful=could_answer(row.type, row.subtype),
            )
            for row in rows
        ]
    return found


async def settled(connection: AsyncConnection, entries: Sequence[Entry]) -> list[Entry]:
    """Return new entries with each soft bounce of a delivered copy as the answer that it is."""
    delivered = {
        entry.copy_of(one.recipient) for entry, one in those_with(entries, Outcome.DELIVERED)
    }
    delivered |= await _delivered(connection, [one for one in entries if one.doubtful])
    return [entry.settled(delivered) for entry in entries]


async def _delivered(connection: AsyncConnection, entries: Sequence[Entry]) -> set[Copy]:
    """Return the copies that stored Deliveries tell about.

    Message ids begin with SES's own clock, so their index grows at its end like the key.
    """
    found: set[Copy] = set()
    for part in chunks(sorted({entry.message_id for entry in entries})):
        rows = await connection.execute(
            select(events.c.message_id, event_recipients.c.recipient)
            .join(event_recipients, event_recipients.c.event == events.c.key)
            .where(
                events.c.message_id.in_(part),
                event_recipients.c.outcome == str(Outcome.DELIVERED),
            )
        )
        found |= {(row.message_id, row.recipient) for row in rows}
    return found


async def answer(
    connection: AsyncConnection, entries: Sequence[Entry], known: Iterable[SoftBounce]
) -> list[SoftBounce]:
    """Make auto-replies of the known soft bounces that the entries deliver; return those."""
    delivered: Collection[Copy] = {
        entry.copy_of(one.recipient) for entry, one in those_with(entries, Outcome.DELIVERED)
    }
    answered = [one for one in known if one.doubtful and one.copy in delivered]
    if answered:
        named = [{"b_event": one.event, "b_recipient": one.recipient} for one in answered]
        of_event: BindParameter[bytes] = bindparam("b_event")
        of_recipient: BindParameter[str] = bindparam("b_recipient")
        await connection.execute(
            update(event_recipients)
            .where(
                event_recipients.c.event == of_event,
                event_recipients.c.recipient == of_recipient,
            )
            .values(outcome=str(Outcome.AUTO_REPLY)),
            named,
        )
        await connection.execute(
            delete(strikes).where(strikes.c.event == of_event, strikes.c.recipient == of_recipient),
            named,
        )
    return answered
