"""Which domains were set up by this program, as their steps and the register tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from sesauditd.model.kept_domains import KeptDomain
from sesauditd.model.newcomer import AskedStage
from sesauditd.store import access_keys, asked, onboarding, tenancies
from sesauditd.store.access_keys import SHOWN
from sesauditd.store.tables import domains

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database
    from sesauditd.store.newcomers import Newcomers
    from sesauditd.store.onboarding import Step

TAKING_OVER: Final = "taking over"
"""The row of a domain that was there before; its detail names the IAM user."""
TAKEN: Final = "taken over"
OFFBOARDING: Final = "offboarding"
"""The row of a domain that is taken down, or was."""
REMOVING: Final = "removing"
REMOVED: Final = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDomains:
    """The domains that are to be as they were made; neither adopted nor offboarded ones."""

    database: Database
    register: Newcomers

    async def all(self) -> Sequence[KeptDomain]:
        """Return them in the order of the alphabet."""
        async with self.database.read() as connection:
            steps = await onboarding.steps(connection)
            owners = {
                row.name: str(row.customer)
                for row in await connection.execute(
                    select(domains.c.name, domains.c.customer).where(domains.c.closed_at.is_(None))
                )
            }
        return [
            await self._one(name, owners.get(name), [one for one in steps if one.domain == name])
            for name in _names(steps)
        ]

    async def one(self, domain: str) -> KeptDomain | None:
        """Return how one domain stands, None if it is not kept."""
        return next((one for one in await self.all() if one.name == domain), None)

    async def known(self, domain: str) -> KeptDomain | None:
        """Return any domain that is registered or has steps, also an adopted one."""
        async with self.database.read() as connection:
            steps = await onboarding.steps(connection, domain=domain)
            owner = await connection.scalar(
                select(domains.c.customer).where(
                    domains.c.name == domain, domains.c.closed_at.is_(None)
                )
            )
        if owner is None and not steps:
            return None
        return await self._one(domain, None if owner is None else str(owner), steps)

    async def settle(self, domain: str, now: datetime) -> None:
        """Mark what was begun as done: a look found that it holds."""
        async with self.database.write() as connection:
            await onboarding.settle(connection, domain, now)

    async def account_is_kept(self) -> bool:
        """Return whether the account was set up by this program."""
        async with self.database.read() as connection:
            return bool(await onboarding.steps(connection, domain=onboarding.ACCOUNT))

    async def _one(self, name: str, owner: str | None, steps: Sequence[Step]) -> KeptDomain:
        wanted = asked.among(steps)
        if wanted is not None and wanted.stage is AskedStage.GRANTED:
            wanted = None
        whose = owner or ("" if wanted is None else wanted.customer)
        seen = await self.register.look(name, whose)
        return KeptDomain(
            name=name,
            customer=owner,
            contact=seen.contact,
            iam_users=seen.iam_users,
            interrupted=any(one.state == onboarding.BEGUN for one in steps),
            has_key=any((one.step, one.state) == (access_keys.STEP, SHOWN) for one in steps),
            disabled=seen.disabled,
            terminated=seen.terminated,
            taken_over=_taken_over(steps),
            tenancy=seen.tenancy,
            asked=wanted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOvers:
    """The domains that were there before."""

    database: Database

    async def begin(self, domain: str, iam_user: str, now: datetime) -> None:
        """Note that a domain is taken over, with a user or with an empty name for none."""
        detail = {"iam_user": iam_user}
        async with self.database.write() as connection:
            await onboarding.note(connection, domain, TAKING_OVER, TAKEN, detail=detail, now=now)


async def begin_removal(connection: AsyncConnection, domain: str, now: datetime) -> None:
    """Note that a domain is being taken down, so that nobody sets it right meanwhile."""
    await onboarding.note(connection, domain, OFFBOARDING, REMOVING, detail={}, now=now)


async def finish_removal(connection: AsyncConnection, domain: str, now: datetime) -> None:
    """Forget how a domain was set up, and note that it was taken down."""
    await onboarding.forget(connection, domain)
    await tenancies.forget(connection, domain)
    await onboarding.note(connection, domain, OFFBOARDING, REMOVED, detail={}, now=now)


def _names(steps: Iterable[Step]) -> Sequence[str]:
    states = {onboarding.BEGUN, onboarding.DONE, AskedStage.ASKED, AskedStage.MADE}
    made = {one.domain for one in steps if one.state in states}
    going = {one.domain for one in steps if (one.step, one.state) == (OFFBOARDING, REMOVING)}
    return sorted(made - going - {onboarding.ACCOUNT})


def _taken_over(steps: Iterable[Step]) -> str | None:
    for one in steps:
        if one.step == TAKING_OVER:
            return str(one.detail.get("iam_user") or "")
    return None
