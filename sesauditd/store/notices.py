"""The outbox of notices: asked for once, attempted once, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from sesauditd.model.addresses import canonical
from sesauditd.model.events import Outcome
from sesauditd.model.notice import Audience, DeadContact, Notice, NoticeKind, NoticeState, Posting
from sesauditd.store.statements import upsert
from sesauditd.store.tables import domains, event_recipients, events, notices, observations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

DEAD_CONTACT = "dead_contact:"
"""Before the address, the name of the observation that an address takes no mail."""
DEAD_FOR = timedelta(days=90)
"""A mailbox may come back: one notice a quarter finds out."""
BOUNCES_LATE = timedelta(days=30)
OPEN = (NoticeState.REQUESTED, NoticeState.ATTEMPTED, NoticeState.UNKNOWN)


async def request(connection: AsyncConnection, notice: Notice, now: datetime) -> bool:
    """Ask for a notice in the caller's transaction; return False if it was asked for before."""
    statement = upsert(connection, notices).on_conflict_do_nothing(index_elements=["id"])
    inserted = await connection.execute(
        statement.values(
            id=notice.id,
            kind=str(notice.kind),
            audience=str(notice.audience),
            customer=notice.customer,
            domain=notice.domain,
            subject=notice.subject,
            state=str(NoticeState.REQUESTED),
            facts=dict(notice.facts),
            requested_at=now,
            changed_at=now,
            attempts=0,
            due_at=notice.due_at,
        )
    )
    return inserted.rowcount == 1


@dataclass(frozen=True, slots=True)
class Outbox:
    """The notices as their sender sees them, each step committed before it returns."""

    database: Database
    operators: Sequence[str] = ()

    async def abandoned(self, now: datetime) -> int:
        """Mark as unknown what a process that died was about to send; return how many."""
        async with self.database.write() as connection:
            found = await connection.execute(
                update(notices)
                .where(notices.c.state == str(NoticeState.ATTEMPTED))
                .values(
                    state=str(NoticeState.UNKNOWN),
                    outcome="the program ended while it was being sent",
                    changed_at=now,
                )
            )
            return found.rowcount

    async def due(self, now: datetime, limit: int) -> Sequence[Posting]:
        """Return at most so many notices that may be sent now, the oldest first."""
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(notices)
                .where(
                    notices.c.state == str(NoticeState.REQUESTED),
                    or_(notices.c.due_at.is_(None), notices.c.due_at <= now),
                )
                .order_by(notices.c.requested_at, notices.c.id)
                .limit(limit)
            )
            found = rows.fetchall()
            if not found:
                return ()
            contacts = await _contacts(connection)
            dead = await _dead(connection, now - DEAD_FOR)
        return tuple(self._posting(row, contacts, dead) for row in found)

    async def begin(self, notice: str, now: datetime) -> bool:
        """Take a requested notice for the one attempt; False if somebody else has it."""
        changes = {
            "state": str(NoticeState.ATTEMPTED),
            "attempts": notices.c.attempts + 1,
            "changed_at": now,
        }
        return await self._change(notice, (NoticeState.REQUESTED,), changes)

    async def put_back(self, notice: str, outcome: str, due_at: datetime, now: datetime) -> bool:
        """Let a notice that was surely not sent be tried again, not before `due_at`."""
        changes = {
            "state": str(NoticeState.REQUESTED),
            "outcome": outcome,
            "due_at": due_at,
            "changed_at": now,
        }
        return await self._change(notice, (NoticeState.ATTEMPTED,), changes)

    async def finish(
        self,
        notice: str,
        state: NoticeState,
        now: datetime,
        *,
        outcome: str | None = None,
        message_id: str | None = None,
    ) -> bool:
        """Write what became of a notice; False if that was written before."""
        changes = {
            "state": str(state),
            "outcome": outcome,
            "message_id": message_id,
            "changed_at": now,
        }
        return await self._change(notice, OPEN, changes)

    async def newly_dead(self, now: datetime) -> Sequence[DeadContact]:
        """Remember and return the addresses to which our own notices bounced since last asked."""
        async with self.database.read() as connection:
            bounced = await _bounced(connection, now - BOUNCES_LATE)
            known = await _dead(connection, None)
        new = {
            one.address: one
            for one in bounced
            if one.address not in known or known[one.address] < one.at
        }
        if new:
            async with self.database.write() as connection:
                await _bury(connection, new.values())
        return tuple(new.values())

    async def _change(
        self, notice: str, before: Iterable[NoticeState], changes: Mapping[str, object]
    ) -> bool:
        async with self.database.write() as connection:
            changed = await connection.execute(
                update(notices)
                .where(notices.c.id == notice, notices.c.state.in_([str(one) for one in before]))
                .values(**changes)
            )
            return changed.rowcount == 1

    def _posting(
        self,
        row: Row[Any],
        contacts: Mapping[tuple[str, str | None], Sequence[str]],
        dead: Mapping[str, datetime],
    ) -> Posting:
        known: Sequence[str] = self.operators
        if row.audience == Audience.CUSTOMER:
            known = contacts.get((row.customer, row.domain), ())
        return Posting(
            notice=Notice(
                kind=NoticeKind(row.kind),
                customer=row.customer,
                domain=row.domain,
                subject=row.subject,
                facts=row.facts,
                due_at=row.due_at,
            ),
            attempts=row.attempts,
            to=tuple(one for one in known if canonical(one) not in dead),
            dead=tuple(one for one in known if canonical(one) in dead),
        )


async def _contacts(
    connection: AsyncConnection,
) -> Mapping[tuple[str, str | None], Sequence[str]]:
    """Return whom to write to, by customer and domain, and by customer alone; from the register."""
    rows = await connection.execute(
        select(domains).order_by(domains.c.closed_at.is_not(None), domains.c.name)
    )
    found: dict[tuple[str, str | None], dict[str, None]] = {}
    for row in rows:
        found[row.customer, row.name] = {row.contact: None}
        # Whom to tell about a domain that was offboarded is told of others only if nobody else is.
        if row.closed_at is None or (row.customer, None) not in found:
            found.setdefault((row.customer, None), {})[row.contact] = None
    return {key: tuple(each) for key, each in found.items()}


async def _dead(connection: AsyncConnection, since: datetime | None) -> dict[str, datetime]:
    query = select(observations.c.name, observations.c.at).where(
        observations.c.name.startswith(DEAD_CONTACT, autoescape=True)
    )
    if since is not None:
        query = query.where(observations.c.at > since)
    rows = await connection.execute(query)
    return {row.name.removeprefix(DEAD_CONTACT): row.at for row in rows}


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


async def _bury(connection: AsyncConnection, new: Iterable[DeadContact]) -> None:
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
