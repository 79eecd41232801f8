"""The journal played again into a new database: the register and decisions, each at its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from sesauditd.errors import SesauditdError
from sesauditd.store import handover, register, retention, tenancies
from sesauditd.store.decisions import Decisions
from sesauditd.store.positions import KIND as SEALED
from sesauditd.store.positions import stand
from sesauditd.store.tables import actions, customers, domains, iam_users

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.journal_copies import Entry
    from sesauditd.store.log import EventLog

Played = Callable[["AsyncConnection", "Entry"], Awaitable[object]]


@dataclass(slots=True)
class Reenactment:
    """Plays entries in order; what cannot be played is told, and stands in the journal."""

    log: EventLog
    complaints: list[str] = field(default_factory=list)

    async def play(self, entries: Sequence[Entry]) -> None:
        """Play entries that follow on each other, in one transaction."""
        entries = [one for one in entries if _matters(one)]
        if not entries:
            return
        async with self.log.database.write() as connection:
            before = await register.snapshot(connection)
            for one in entries:
                await self._play(connection, one)
                if one.kind in REGISTER:
                    await self.log.catch_up(connection, before, one.at)
                    before = await register.snapshot(connection)

    async def _play(self, connection: AsyncConnection, entry: Entry) -> None:
        played = {**REGISTER, **DECISIONS}.get(entry.kind, stand)
        try:
            async with connection.begin_nested():
                await played(connection, entry)
        except SesauditdError as error:
            said = f"journal row {entry.sequence}, {entry.kind} {entry.subject}: {error}"
            self.complaints.append(said)


def _matters(entry: Entry) -> bool:
    if entry.kind == SEALED:
        return bool(entry.facts.get("levers") or entry.facts.get("holds"))
    return entry.kind in REGISTER or entry.kind in DECISIONS or entry.kind == "outcome"


async def _customer(connection: AsyncConnection, entry: Entry) -> None:
    told = entry.facts.get("since")
    since = datetime.fromisoformat(told) if told else None
    known = select(customers.c.id).where(customers.c.id == entry.subject)
    if await connection.scalar(known) is None:
        row = {"id": entry.subject, "since": since, "registered_at": entry.at}
        await connection.execute(insert(customers).values(**row))
    else:
        whose = customers.c.id == entry.subject
        await connection.execute(update(customers).where(whose).values(since=since))


async def _domain(connection: AsyncConnection, entry: Entry) -> None:
    named = domains.c.name == entry.subject
    row = (await connection.execute(select(domains).where(named))).first()
    fresh: dict[str, Any] = {
        "customer": entry.facts["customer"],
        "contact": entry.facts["contact"],
        "closed_at": None,
    }
    if row is None:
        new = {"name": entry.subject, "registered_at": entry.at, **fresh}
        await connection.execute(insert(domains).values(**new))
        return
    if "kept_as" in entry.facts:
        await handover.set_aside(connection, row)
        fresh["registered_at"] = datetime.fromisoformat(str(entry.facts["since"]))
    elif row.closed_at is not None:
        # The users that it had were deleted with it.
        await connection.execute(delete(iam_users).where(iam_users.c.domain == entry.subject))
    await connection.execute(update(domains).where(named).values(**fresh))


async def _iam_user(connection: AsyncConnection, entry: Entry) -> None:
    row = {"name": entry.subject, "domain": entry.facts["domain"], "registered_at": entry.at}
    await connection.execute(insert(iam_users).values(**row))


async def _offboarded(connection: AsyncConnection, entry: Entry) -> None:
    named = domains.c.name == entry.subject
    await connection.execute(update(domains).where(named).values(closed_at=entry.at))
    await tenancies.forget(connection, entry.subject)


async def _tenant(connection: AsyncConnection, entry: Entry) -> None:
    name = entry.facts["tenant"]
    if name is None:
        await tenancies.forget(connection, entry.subject)
    else:
        await tenancies.ask(connection, entry.subject, str(name), entry.at)


def _by(connection: AsyncConnection, entry: Entry) -> Decisions:
    return Decisions(connection, entry.actor, entry.at)


async def _block(connection: AsyncConnection, entry: Entry) -> None:
    # Both halves may hold a slash; the customer is known by the domain.
    customer = await register.last_owner_of(connection, entry.facts["domain"])
    address = entry.subject.removeprefix(f"{customer}/")
    take = _by(connection, entry)
    decide = take.block if entry.kind == "block" else take.unblock
    await decide(address, entry.facts["domain"], entry.facts["reason"])


async def _disable(connection: AsyncConnection, entry: Entry) -> None:
    await _by(connection, entry).disable(entry.subject, entry.facts["reason"])


async def _reinstate(connection: AsyncConnection, entry: Entry) -> None:
    await _by(connection, entry).reinstate(entry.subject, entry.facts["explanation"])


async def _terminate(connection: AsyncConnection, entry: Entry) -> None:
    await _by(connection, entry).terminate(entry.subject, entry.facts["reason"])


async def _restore(connection: AsyncConnection, entry: Entry) -> None:
    await _by(connection, entry).restore(entry.subject, entry.facts["explanation"])


async def _explain(connection: AsyncConnection, entry: Entry) -> None:
    await _by(connection, entry).explain(entry.subject, entry.facts["explanation"])


async def _arm(connection: AsyncConnection, entry: Entry) -> None:
    customer = None if entry.subject == "*" else entry.subject
    await _by(connection, entry).arm(customer, armed=entry.kind == "arm")


async def _approve(connection: AsyncConnection, entry: Entry) -> None:
    await _by(connection, entry).approve(entry.subject)


async def _retention(connection: AsyncConnection, entry: Entry) -> None:
    before = datetime.fromisoformat(str(entry.facts["before"]))
    await retention.stand(connection, before, entry.at)


async def _outcome(connection: AsyncConnection, entry: Entry) -> None:
    """Say of an action what came of it; the positions that it left stand in the seals."""
    whose = actions.c.id == entry.subject
    said = {
        "outcome": entry.facts.get("outcome"),
        "state": entry.facts["state"],
        "changed_at": entry.at,
    }
    await connection.execute(update(actions).where(whose).values(**said))


REGISTER: dict[str, Played] = {
    "customer": _customer,
    "domain": _domain,
    "iam_user": _iam_user,
    "offboarded": _offboarded,
    "tenant": _tenant,
}
DECISIONS: dict[str, Played] = {
    "block": _block,
    "lift": _block,
    "disable": _disable,
    "reinstate": _reinstate,
    "terminate": _terminate,
    "restore": _restore,
    "explain": _explain,
    "arm": _arm,
    "disarm": _arm,
    "approve": _approve,
    "outcome": _outcome,
    retention.KIND: _retention,
}
