"""Closes the register's entry of a domain that was taken down; what happened stays known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from sesauditd.store import journal, kept_domains, onboarding
from sesauditd.store.kept_domains import OFFBOARDING, REMOVED
from sesauditd.store.tables import domains, iam_users

if TYPE_CHECKING:
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
        """Take a domain's users out of the register, and write that into the journal.

        The domain and its customer stay, since events, verdicts and cases name them: mail that
        was sent before still finds whom it counts for.
        """
        async with self.database.write() as connection:
            owner = await connection.scalar(
                select(domains.c.customer).where(domains.c.name == domain)
            )
            users = await connection.scalars(
                select(iam_users.c.name).where(iam_users.c.domain == domain)
            )
            facts: dict[str, object] = {"customer": owner, "iam_users": sorted(map(str, users))}
            await connection.execute(delete(iam_users).where(iam_users.c.domain == domain))
            if owner is not None:
                await journal.append(
                    connection,
                    at=now,
                    actor="operator",
                    kind="offboarded",
                    subject=domain,
                    facts=facts,
                )
            await kept_domains.finish_removal(connection, domain, now)
