"""The register as it is stored: customers, domains, contacts, IAM users."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from sesauditd.errors import Failed, Refused
from sesauditd.model.register import Register, Term, plain
from sesauditd.store import again, handover, journal
from sesauditd.store.statements import chunks
from sesauditd.store.tables import customers, domains, iam_users

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

Change = tuple[str, str, dict[str, object]] | None
"""What goes into the journal: kind, subject, facts; None where nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A domain that is set up already, and whose it is."""

    domain: str
    customer: str
    contact: str
    iam_user: str | None = None
    since: datetime | None = None


async def snapshot(connection: AsyncConnection) -> Register:
    """Return the register as it is now; only as much is read as every batch needs."""
    rows = (await connection.execute(_OWNERS)).all()
    owners = {name: customer for name, customer, _, _ in rows}
    callers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, domain in await connection.execute(_CALLERS):
        callers[name].append((owners[domain], domain))
    since = await connection.execute(select(customers.c.id, customers.c.since))
    offboarded = {plain(name) for name, _, _, closed in rows if closed}
    return Register(
        owners=owners,
        callers={name: tuple(pairs) for name, pairs in callers.items()},
        since=dict(since.all()),
        contacts={name: contact for name, _, contact, _ in rows},
        terms=await _terms(connection, offboarded) if offboarded else {},
    )


_OWNERS = select(
    domains.c.name, domains.c.customer, domains.c.contact, domains.c.closed_at.is_not(None)
).order_by(domains.c.registered_at)
_CALLERS = select(iam_users.c.name, iam_users.c.domain).order_by(
    iam_users.c.registered_at, iam_users.c.domain
)


async def _terms(connection: AsyncConnection, names: set[str]) -> dict[str, tuple[Term, ...]]:
    """Return whose the domains were that were ever offboarded, in the order of time."""
    found: dict[str, list[Term]] = defaultdict(list)
    rows = await connection.execute(
        select(domains.c.name, domains.c.registered_at, domains.c.closed_at).order_by(
            domains.c.registered_at
        )
    )
    for name, registered_at, closed_at in rows:
        if plain(name) in names:
            # SES tells the time of a mail to the millisecond, and its key holds whole seconds.
            since = registered_at.replace(microsecond=0)
            found[plain(name)].append(Term(name=name, since=since, closed_at=closed_at))
    return {name: tuple(terms) for name, terms in found.items()}


async def adopt(
    connection: AsyncConnection, adoption: Adoption, *, now: datetime, actor: str
) -> bool:
    """Register a domain; return whether anything changed.

    Repeating it changes nothing. One that was offboarded goes to whoever has it next. Raises
    Failed if the domain belongs to another customer.
    """
    row = (
        await connection.execute(select(domains).where(domains.c.name == adoption.domain))
    ).first()
    if row is not None and row.customer != adoption.customer and row.closed_at is None:
        message = (
            f"{adoption.domain} belongs to customer {row.customer} already: "
            f"it cannot be adopted for {adoption.customer} before `sesauditd offboard "
            f"{adoption.domain}`"
        )
        raise Failed(message)
    changed = [
        await _customer(connection, adoption, now),
        await _domain(connection, adoption, row, now),
        await _iam_user(connection, adoption, now),
    ]
    for kind, subject, facts in filter(None, changed):
        await journal.append(
            connection, at=now, actor=actor, kind=kind, subject=subject, facts=facts
        )
    if any(changed):
        await again.for_customer(connection, adoption.customer, now)
    if changed[-1] and adoption.iam_user:
        await again.whoever_shares(connection, adoption.iam_user, adoption.customer, now)
    return any(changed)


async def owner_of(connection: AsyncConnection, domain: str) -> str:
    """Return whose a domain is; raises Refused if it is not registered, or was offboarded."""
    row = await _registered(connection, domain)
    if row.closed_at is not None:
        message = (
            f"{domain} was offboarded on {row.closed_at:%Y-%m-%d}: nothing of it sends any more"
        )
        raise Refused(message)
    return str(row.customer)


async def last_owner_of(connection: AsyncConnection, domain: str) -> str:
    """Return whose a domain is, or was when it was offboarded; raises Refused if nobody's."""
    return str((await _registered(connection, domain)).customer)


async def first_domain_of(connection: AsyncConnection, customer: str) -> str:
    """Return the customer's first domain by name; raises Refused if there is no such customer."""
    name = await connection.scalar(
        select(domains.c.name)
        .where(domains.c.customer == customer)
        .order_by(domains.c.closed_at.is_not(None), domains.c.name)
    )
    if name is None:
        message = f"there is no customer {customer!r}: see sesauditd customers"
        raise Refused(message)
    return str(name)


async def _registered(connection: AsyncConnection, domain: str) -> Row[Any]:
    row = (await connection.execute(select(domains).where(domains.c.name == domain))).first()
    if row is None:
        message = f"{domain} is not registered: see sesauditd domains, or adopt it first"
        raise Refused(message)
    return row


async def _customer(connection: AsyncConnection, adoption: Adoption, now: datetime) -> Change:
    row = (
        await connection.execute(select(customers).where(customers.c.id == adoption.customer))
    ).first()
    since = adoption.since
    facts: dict[str, object] = {"since": since.isoformat() if since else None}
    if row is None:
        await connection.execute(
            insert(customers).values(id=adoption.customer, since=since, registered_at=now)
        )
        return "customer", adoption.customer, facts
    if since is None or row.since == since:
        return None
    await connection.execute(
        update(customers).where(customers.c.id == adoption.customer).values(since=since)
    )
    return "customer", adoption.customer, facts


async def _domain(
    connection: AsyncConnection, adoption: Adoption, row: Row[Any] | None, now: datetime
) -> Change:
    facts: dict[str, object] = {"customer": adoption.customer, "contact": adoption.contact}
    fresh: dict[str, object] = {**facts, "closed_at": None}
    if row is None:
        await connection.execute(
            insert(domains).values(name=adoption.domain, registered_at=now, **fresh)
        )
        return "domain", adoption.domain, facts
    if row.customer != adoption.customer:
        since = await handover.begins(connection, row, now)
        former = await handover.set_aside(connection, row)
        fresh["registered_at"] = since
        facts |= {"since": since.isoformat(), "former": row.customer, "kept_as": former}
    elif row.closed_at is not None:
        # The users that it had were deleted with it.
        await connection.execute(delete(iam_users).where(iam_users.c.domain == adoption.domain))
    elif row.contact == adoption.contact:
        return None
    await connection.execute(
        update(domains).where(domains.c.name == adoption.domain).values(**fresh)
    )
    return "domain", adoption.domain, facts


async def _iam_user(connection: AsyncConnection, adoption: Adoption, now: datetime) -> Change:
    if adoption.iam_user is None:
        return None
    known = await connection.scalar(
        select(iam_users.c.name).where(
            iam_users.c.name == adoption.iam_user, iam_users.c.domain == adoption.domain
        )
    )
    if known is not None:
        return None
    await connection.execute(
        insert(iam_users).values(name=adoption.iam_user, domain=adoption.domain, registered_at=now)
    )
    return "iam_user", adoption.iam_user, {"domain": adoption.domain}


async def own_addresses(connection: AsyncConnection, customer: str) -> set[str]:
    """Return the customer's domains and contact addresses: a Deny never names them."""
    return (await own_addresses_of(connection, [customer]))[customer]


async def own_addresses_of(
    connection: AsyncConnection, whose: Iterable[str]
) -> dict[str, set[str]]:
    """Return the own addresses of each of the customers."""
    found: dict[str, set[str]] = {one: set() for one in whose}
    for part in chunks(sorted(found)):
        rows = await connection.execute(
            select(domains.c.customer, domains.c.name, domains.c.contact).where(
                domains.c.customer.in_(part), domains.c.closed_at.is_(None)
            )
        )
        for customer, name, contact in rows:
            found[customer] |= {name, contact}
    return found
