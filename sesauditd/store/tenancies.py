"""Which domains name a tenant of SES, and what their events said of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import structs
from sqlalchemy import delete, or_, select, update

from sesauditd.model.events import Flag
from sesauditd.model.tenancy import Tenancy
from sesauditd.store import journal
from sesauditd.store.statements import upsert
from sesauditd.store.tables import tenancies

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Column, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Event
    from sesauditd.model.register import Attribution


@dataclass(slots=True)
class Sightings:
    """What one batch says of tenants, gathered event by event, oldest mail first."""

    known: dict[str, Tenancy]
    _inside: dict[str, list[datetime]] = field(default_factory=dict, init=False)
    _outside: dict[str, list[datetime]] = field(default_factory=dict, init=False)

    def told(self, event: Event, found: Attribution | None) -> Event:
        """Take note of one event; return it, flagged if its mail left outside its tenant."""
        if not self.known or found is None or found.foreign_caller:
            return event
        tenancy, at = self.known.get(found.domain), _sent(event)
        if tenancy is None:
            return event
        if tenancy.names(event.feedback):
            self._inside.setdefault(found.domain, []).append(at)
            first = min(tenancy.first_seen_at or at, at)
            self.known[found.domain] = replace(tenancy, first_seen_at=first)
        elif tenancy.misses(event.feedback, at):
            self._outside.setdefault(found.domain, []).append(at)
            return structs.replace(event, flags=event.flags | {Flag.OUTSIDE_TENANT})
        return event

    async def keep(self, connection: AsyncConnection) -> None:
        """Keep when domains were seen in their tenants, first and last, and when outside."""
        for domain, times in self._inside.items():
            await _earliest(connection, domain, min(times))
            await _latest(connection, domain, tenancies.c.last_seen_at, max(times))
        for domain, times in self._outside.items():
            await _latest(connection, domain, tenancies.c.outside_at, max(times))


async def known(
    connection: AsyncConnection, domains: Iterable[str] | None = None
) -> dict[str, Tenancy]:
    """Return the tenancies by domain, all or those of some domains."""
    query = select(tenancies)
    if domains is not None:
        query = query.where(tenancies.c.domain.in_(tuple(domains)))
    return {row.domain: _tenancy(row) for row in await connection.execute(query)}


async def ask(connection: AsyncConnection, domain: str, tenant: str, now: datetime) -> bool:
    """Keep that a domain is to name a tenant; return whether that is new.

    What was seen of another tenant says nothing of this one.
    """
    held = (await known(connection, [domain])).get(domain)
    if held is not None and held.tenant == tenant:
        return False
    fresh = {
        "tenant": tenant,
        "asked_at": now,
        "first_seen_at": None,
        "last_seen_at": None,
        "outside_at": None,
    }
    await connection.execute(
        upsert(connection, tenancies)
        .values(domain=domain, **fresh)
        .on_conflict_do_update(index_elements=["domain"], set_=fresh)
    )
    facts: dict[str, object] = {"tenant": tenant}
    await journal.append(
        connection, at=now, actor="operator", kind="tenant", subject=domain, facts=facts
    )
    return True


async def forget(connection: AsyncConnection, domain: str) -> None:
    """Forget the tenant of a domain that was taken down."""
    await connection.execute(delete(tenancies).where(tenancies.c.domain == domain))


async def leave(connection: AsyncConnection, domain: str, now: datetime) -> None:
    """Forget the tenant of a domain that goes on without one, and say so in the journal."""
    if domain not in await known(connection, [domain]):
        return
    await forget(connection, domain)
    facts: dict[str, object] = {"tenant": None}
    await journal.append(
        connection, at=now, actor="operator", kind="tenant", subject=domain, facts=facts
    )


def _sent(event: Event) -> datetime:
    """Return when the mail was sent: what bounces today may have left before its header came."""
    sent = event.feedback.mail_at
    if sent is None or Flag.TIME_REPLACED in event.flags:
        return event.at
    return min(sent, event.at)


async def _earliest(connection: AsyncConnection, domain: str, at: datetime) -> None:
    first = tenancies.c.first_seen_at
    await connection.execute(
        update(tenancies)
        .where(tenancies.c.domain == domain, or_(first.is_(None), first > at))
        .values(first_seen_at=at)
    )


async def _latest(
    connection: AsyncConnection, domain: str, column: Column[datetime], at: datetime
) -> None:
    await connection.execute(
        update(tenancies)
        .where(tenancies.c.domain == domain, or_(column.is_(None), column < at))
        .values({column: at})
    )


def _tenancy(row: Row[tuple[object, ...]]) -> Tenancy:
    return Tenancy(
        domain=row.domain,
        tenant=row.tenant,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        outside_at=row.outside_at,
    )
