"""The outbox of notices: asked for once, attempted once, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, or_, select, update

from sesauditd.model.addresses import canonical
from sesauditd.model.calendar import iso
from sesauditd.model.notice import (
    PATIENT,
    Audience,
    DeadContact,
    Notice,
    NoticeKind,
    NoticeState,
    Posting,
)
from sesauditd.notices.folding import WHOLE, WINDOW, Digest, Hold, folding
from sesauditd.store import dead_contacts
from sesauditd.store.statements import chunks, upsert
from sesauditd.store.tables import domains, notices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

IN_ONE = 2_000
"""Notices of one digest at most."""
LONGEST = 500
"""Characters of what another mail server said."""
_URGENT_FIRST = case((notices.c.kind.in_([str(one) for one in PATIENT]), 1), else_=0)
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
        begun = notices.c.state == str(NoticeState.ATTEMPTED)
        one = select(notices.c.id).where(begun).limit(1)
        # Asked every other moment, and mostly in vain: no reason to keep others from writing.
        if await self.database.read_at_once(lambda connection: connection.scalar(one)) is None:
            return 0
        async with self.database.write() as connection:
            found = await connection.execute(
                update(notices)
                .where(begun)
                .values(
                    state=str(NoticeState.UNKNOWN),
                    outcome="the program ended while it was being sent",
                    changed_at=now,
                )
            )
            return found.rowcount

    async def fold(self, now: datetime) -> int:
        """Make one digest of the notices to operators if they are many; return how many."""
        if await self.database.read_at_once(lambda connection: _decided(connection, now)) is None:
            return 0
        async with self.database.write() as connection:
            # Another look: what was read before the lock may be told already.
            waiting, decision = await _decided(connection, now) or ((), None)
            match decision:
                case Digest(notice=digest) if await request(connection, digest, now):
                    told = {
                        "state": str(NoticeState.FOLDED),
                        "outcome": f"told in the digest {digest.id}",
                        "changed_at": now,
                        "due_at": None,
                    }
                    await _change_all(connection, waiting, told)
                    return len(waiting)
                case Hold(until=until):
                    await _change_all(connection, waiting, {"due_at": until})
                case _:
                    pass
        return 0

    async def due(self, now: datetime, limit: int) -> Sequence[Posting]:
        """Return at most so many notices that may be sent now, the oldest first."""

        async def look(connection: AsyncConnection) -> Sequence[Posting]:
            rows = await connection.execute(
                select(notices)
                .where(
                    notices.c.state == str(NoticeState.REQUESTED),
                    or_(notices.c.due_at.is_(None), notices.c.due_at <= now),
                )
                .order_by(_URGENT_FIRST, notices.c.requested_at, notices.c.id)
                .limit(limit)
            )
            found = rows.fetchall()
            if not found:
                return ()
            contacts = await _contacts(connection)
            dead = await dead_contacts.dead(connection, now - dead_contacts.DEAD_FOR)
            return tuple(self._posting(row, contacts, dead) for row in found)

        return await self.database.read_at_once(look)

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
        """Remember and return the addresses to which our own notices bounced since last asked.

        Operators are told of each in a notice, on other roads, too.
        """
        new = await self.database.read_at_once(
            lambda connection: dead_contacts.newly_dead(connection, now)
        )
        if new:
            async with self.database.write() as connection:
                await dead_contacts.bury(connection, new)
                for one in new:
                    await request(connection, _dead_contact(one), now)
        return new

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
            notice=notice_of(row),
            attempts=row.attempts,
            to=tuple(one for one in known if canonical(one) not in dead),
            dead=tuple(one for one in known if canonical(one) in dead),
        )


async def _decided(
    connection: AsyncConnection, now: datetime
) -> tuple[Sequence[Notice], Digest | Hold] | None:
    """Return what operators wait for and what becomes of it, None where it goes one by one."""
    operators = notices.c.audience == str(Audience.OPERATOR)
    single = notices.c.kind.not_in([str(one) for one in WHOLE])
    rows = await connection.execute(
        select(notices)
        .where(
            operators,
            single,
            notices.c.state == str(NoticeState.REQUESTED),
            notices.c.attempts == 0,
        )
        .order_by(notices.c.requested_at, notices.c.id)
        .limit(IN_ONE)
    )
    waiting = [notice_of(row) for row in rows]
    if not waiting:
        return None
    went = await connection.scalar(
        select(func.count())
        .select_from(notices)
        .where(operators, single, notices.c.attempts > 0, notices.c.changed_at > now - WINDOW)
    )
    last = await connection.scalar(
        select(func.max(notices.c.requested_at)).where(
            notices.c.kind == str(NoticeKind.OPERATOR_DIGEST)
        )
    )
    decision = folding(waiting, went_singly=int(went or 0), last=last, now=now)
    return None if decision is None else (waiting, decision)


async def _change_all(
    connection: AsyncConnection, changed: Sequence[Notice], changes: Mapping[str, object]
) -> None:
    for some in chunks([one.id for one in changed]):
        await connection.execute(update(notices).where(notices.c.id.in_(some)).values(**changes))


def notice_of(row: Row[Any]) -> Notice:
    """Return a row of the table as the notice that it keeps."""
    return Notice(
        kind=NoticeKind(row.kind),
        customer=row.customer,
        domain=row.domain,
        subject=row.subject,
        facts=row.facts,
        due_at=row.due_at,
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


def _dead_contact(dead: DeadContact) -> Notice:
    return Notice(
        kind=NoticeKind.CONTACT_DEAD,
        subject=f"{dead.address}/{iso(dead.at)}",
        facts={
            "address": dead.address,
            "customer": dead.customer,
            "at": iso(dead.at),
            "diagnostic": (dead.diagnostic or "")[:LONGEST],
        },
    )
