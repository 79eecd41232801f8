"""The register as it is shown: customers, and domains with whether they may send."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.report.figures import Customer, Domain
from sesauditd.report.sending import (
    OF_CUSTOMERS,
    OFFBOARDED,
    ONBOARDING,
    SENDING,
    sending_state,
)
from sesauditd.store import tenancies
from sesauditd.store.reports import newcomers
from sesauditd.store.reports.decided import sending_actions
from sesauditd.store.tables import customers, domains, iam_users

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.report.figures import StoredAction


async def all_customers(connection: AsyncConnection) -> tuple[Customer, ...]:
    """Return every customer with its domains that were not offboarded, by name."""
    owned: dict[str, list[str]] = defaultdict(list)
    left = set()
    for row in await connection.execute(select(domains).order_by(domains.c.name)):
        left.add(row.customer)
        if row.closed_at is None:
            owned[row.customer].append(row.name)
    rows = await connection.execute(select(customers).order_by(customers.c.id))
    return tuple(
        Customer(
            name=row.id,
            since=row.since,
            registered_at=row.registered_at,
            domains=tuple(owned[row.id]),
            is_closed=row.id in left and not owned[row.id],
        )
        for row in rows
    )


async def owner_of(connection: AsyncConnection, domain: str) -> str | None:
    """Return the customer of a domain, an offboarded one too, None where it is not registered."""
    query = select(domains.c.customer).where(domains.c.name == domain)
    found = await connection.scalar(query)
    return None if found is None else str(found)


async def all_domains(
    connection: AsyncConnection, customer: str | None = None
) -> tuple[Domain, ...]:
    """Return every domain, offboarded ones too, of one customer or of all, by name."""
    rows = select(domains).order_by(domains.c.name)
    own: list[str] | None = None
    if customer is not None:
        rows = rows.where(domains.c.customer == customer)
        own = [row.name for row in await connection.execute(rows)]
    users = await _users(connection, own)
    tenants = await tenancies.known(connection, own)
    of_domain: dict[str | None, list[StoredAction]] = defaultdict(list)
    of_customer: dict[str, list[StoredAction]] = defaultdict(list)
    for action in await sending_actions(connection, customer):
        if action.kind in OF_CUSTOMERS:
            of_customer[action.customer].append(action)
        else:
            of_domain[action.domain].append(action)
    steps = await newcomers.steps_of_domains(connection, own)
    found = []
    for row in await connection.execute(rows):
        state, stopped = sending_state([*of_domain[row.name], *of_customer[row.customer]])
        waits = None if row.closed_at else newcomers.waits_for(row.name, steps[row.name])
        if waits is not None and state == SENDING:
            state = ONBOARDING
        found.append(
            Domain(
                name=row.name,
                customer=row.customer,
                contact=row.contact,
                registered_at=row.registered_at,
                iam_users=tuple(users[row.name]),
                state=OFFBOARDED if row.closed_at else state,
                stopped=stopped,
                tenancy=tenants.get(row.name),
                waits_for=waits,
                closed_at=row.closed_at,
            )
        )
    return tuple(found)


async def _users(
    connection: AsyncConnection, of_domains: Sequence[str] | None
) -> Mapping[str, list[str]]:
    query = select(iam_users.c.domain, iam_users.c.name).order_by(iam_users.c.name)
    if of_domains is not None:
        query = query.where(iam_users.c.domain.in_(of_domains))
    found: dict[str, list[str]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.domain].append(row.name)
    return found


async def shown_domains(connection: AsyncConnection) -> tuple[Domain, ...]:
    """Return every domain, with those that are being onboarded and not registered yet."""
    registered = await all_domains(connection)
    known = {one.name for one in registered if one.closed_at is None}
    coming = newcomers.unregistered(await newcomers.steps_of_domains(connection), known)
    return tuple(sorted((*registered, *coming), key=lambda one: one.name))


async def domains_to_look_at(connection: AsyncConnection) -> tuple[Domain, ...]:
    """Return the domains that are not simply sending."""
    return tuple(
        one
        for one in await shown_domains(connection)
        if one.state not in {SENDING, OFFBOARDED} or (one.waits_for and not one.closed_at)
    )
