"""Domains that are about to be onboarded: whose they are, and whether they may send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, or_, select

from sesauditd.model.actions import LIVE, State
from sesauditd.model.newcomer import Asked, AskedStage, Newcomer
from sesauditd.model.verdicts import Does
from sesauditd.store import asked, onboarding, tenancies
from sesauditd.store.kept_domains import OFFBOARDING, REMOVING
from sesauditd.store.register import Adoption
from sesauditd.store.tables import actions, customers, domains, iam_users, onboarding_steps

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.log import EventLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomers:
    """The register as onboarding sees it."""

    log: EventLog
    clock: Callable[[], datetime]

    async def look(self, domain: str, customer: str) -> Newcomer:
        """Return what is known of a domain and of the customer that it is to belong to."""
        async with self.log.database.read() as connection:
            registered = (
                await connection.execute(
                    select(domains).where(
                        domains.c.name == domain,
                        # What was offboarded is nobody's, but those who had it find it again.
                        domains.c.closed_at.is_(None) | (domains.c.customer == customer),
                    )
                )
            ).first()
            users = await connection.scalars(
                select(iam_users.c.name).where(iam_users.c.domain == domain)
            )
            known = await connection.scalar(
                select(customers.c.id).where(customers.c.id == customer)
            )
            stops = await _stops(connection, domain, customer)
            return Newcomer(
                owner=None if registered is None else str(registered.customer),
                contact=None if registered is None else str(registered.contact),
                iam_users=frozenset() if _is_closed(registered) else frozenset(map(str, users)),
                is_new_customer=known is None,
                disabled=Does.DISABLE in stops,
                terminated=Does.TERMINATE in stops,
                tenancy=(await tenancies.known(connection, [domain])).get(domain),
                asked=await asked.of(connection, domain),
                interrupted=bool(
                    await onboarding.steps(connection, domain=domain, state=onboarding.BEGUN)
                ),
            )

    async def remembered(self, domain: str) -> Asked | None:
        """Return what was asked for a domain, with its owner and contact as they are by now.

        None for one that nobody asked for or registered.
        """
        async with self.log.database.read() as connection:
            known = await asked.of(connection, domain)
            row = (
                await connection.execute(
                    select(domains).where(domains.c.name == domain, domains.c.closed_at.is_(None))
                )
            ).first()
        if row is None:
            return known
        owner = Asked(customer=row.customer, contact=row.contact)
        return (
            owner if known is None else replace(known, customer=row.customer, contact=row.contact)
        )

    async def register(self, domain: str, customer: str, contact: str, iam_user: str) -> bool:
        """Register a domain with the user that it sends by; return whether anything changed.

        A customer who is new is one since now. Raises Failed if the domain is another's.
        """
        now = self.clock()
        seen = await self.look(domain, customer)
        adoption = Adoption(
            domain=domain,
            customer=customer,
            contact=contact,
            iam_user=iam_user,
            # For a customer of long ago a second domain is no new beginning.
            since=now if seen.is_new_customer else None,
        )
        return bool(await self.log.adopt([adoption], now=now, actor="operator"))

    async def ask(self, domain: str, wanted: Asked) -> None:
        """Keep what is asked for a domain, so that a death at any moment leaves word of it."""
        now = self.clock()
        async with self.log.database.write() as connection:
            await asked.ask(connection, domain, wanted, now)
            if wanted.tenant is not None:
                await tenancies.ask(connection, domain, wanted.tenant, now)
            # Whoever wants it again wants it no longer taken down.
            await connection.execute(
                delete(onboarding_steps).where(
                    onboarding_steps.c.domain == domain,
                    onboarding_steps.c.step == OFFBOARDING,
                    onboarding_steps.c.state == REMOVING,
                )
            )

    async def reached(self, domain: str, stage: AskedStage) -> None:
        """Keep how far that has come which was asked for a domain.

        Whoever says that it has come to its end has looked at all of it: what was begun before a
        death, and stands, is done.
        """
        now = self.clock()
        async with self.log.database.write() as connection:
            await asked.reached(connection, domain, stage, now)
            if stage is AskedStage.GRANTED:
                await onboarding.settle(connection, domain, now)


def _is_closed(row: Row[Any] | None) -> bool:
    return row is not None and row.closed_at is not None


async def _stops(connection: AsyncConnection, domain: str, customer: str) -> frozenset[Does]:
    """Return which stops hold, or will once the daemon has come to them."""
    stops = or_(
        and_(
            actions.c.kind == str(Does.DISABLE),
            actions.c.domain == domain,
            actions.c.customer == customer,
        ),
        and_(actions.c.kind == str(Does.TERMINATE), actions.c.customer == customer),
    )
    # A stop that AWS refused is wanted all the same.
    states = [str(one) for one in (*LIVE, State.FAILED)]
    found = await connection.scalars(
        select(actions.c.kind).where(stops, actions.c.state.in_(states))
    )
    return frozenset(Does(kind) for kind in found)
