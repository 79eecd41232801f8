"""Closes the register's entry of a domain that was taken down; what happened stays known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from sesauditd.store import asked, journal, kept_domains, onboarding, tenancies
from sesauditd.store.kept_domains import OFFBOARDING, REMOVED
from sesauditd.store.tables import domains, iam_users

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The end of a domain in the database; each step is committed before it returns."""

    database: Database

    async def made(self, domain: str) -> frozenset[str]:
        """Return the names of what the engine changed for a domain."""
        async with self.database.read() as connection:
            found = await onboarding.steps(connection, domain=domain)
        return frozenset(
            one.step for one in found if one.state in {onboarding.BEGUN, onboarding.DONE}
        )

    async def is_closed(self, domain: str) -> bool:
        """Return whether the domain was taken down and not set up again."""
        async with self.database.read() as connection:
            found = await onboarding.steps(connection, domain=domain)
        return [(one.step, one.state) for one in found] == [(OFFBOARDING, REMOVED)]

    async def begin(self, domain: str, now: datetime) -> None:
        """Note that a domain is being taken down, so that nobody sets it right meanwhile."""
        async with self.database.write() as connection:
            await kept_domains.begin_removal(connection, domain, now)

    async def close(self, domain: str, now: datetime) -> None:
        """Close a domain in the register, and write that into the journal.

        The domain, its customer and its users stay, since events, verdicts and cases name them:
        mail that was sent before still finds whom it counts for.
        """
        async with self.database.write() as connection:
            row = (
                await connection.execute(
                    select(domains).where(domains.c.name == domain, domains.c.closed_at.is_(None))
                )
            ).first()
            if row is not None:
                users = await connection.scalars(
                    select(iam_users.c.name).where(iam_users.c.domain == domain)
                )
                facts = {"customer": row.customer, "iam_users": sorted(map(str, users))}
                await connection.execute(
                    update(domains).where(domains.c.name == domain).values(closed_at=now)
                )
                await _journal(connection, domain, facts, now)
            await kept_domains.finish_removal(connection, domain, now)

    async def leave_tenant(self, domain: str, now: datetime) -> None:
        """Forget that a domain's mail was to name a tenant, and write that into the journal."""
        async with self.database.write() as connection:
            await tenancies.leave(connection, domain, now)
            await asked.without_tenant(connection, domain, now)


async def _journal(
    connection: AsyncConnection, domain: str, facts: Mapping[str, object], now: datetime
) -> None:
    await journal.append(
        connection, at=now, actor="operator", kind="offboarded", subject=domain, facts=facts
    )
