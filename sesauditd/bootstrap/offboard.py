"""Builds what takes domains down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.keeping import kept_domains
from sesauditd.bootstrap.onboard import adapters, claimed, layout
from sesauditd.bootstrap.onboarding import administration
from sesauditd.bootstrap.program import now
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.aws.mail import Mail
    from sesauditd.bootstrap.onboarding import Administration
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.onboard.engine import Applied, Watch
    from sesauditd.onboard.offboarding import Offboarding, Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Offboarder:
    """Everything that taking domains down needs."""

    opened: Administration
    offboarding: Offboarding

    async def prepare(self, domain: str, *, only_tenant: bool = False) -> Prepared:
        """Return what would be removed; raises Refused for a domain that nobody knows."""
        kept = await kept_domains(self.opened).known(domain)
        if kept is None:
            raise Refused(f"{domain} is not known here: see `sesauditd domains`")
        if only_tenant:
            return await self.offboarding.prepare_tenant(kept)
        return await self.offboarding.prepare(kept)

    async def carry_out(
        self, prepared: Prepared, on_change: Watch, *, only_tenant: bool = False
    ) -> Applied:
        """Remove it; raises as Offboarding."""
        do = self.offboarding.leave_tenant if only_tenant else self.offboarding.carry_out
        return await do(prepared, on_change, self.opened.program.clock())


@asynccontextmanager
async def offboarder(
    settings: Settings, *, clock: Callable[[], datetime] = now, tempo: Tempo | None = None
) -> AsyncIterator[Offboarder]:
    """Open everything that taking domains down needs; raises as `administration`."""
    async with administration(settings, clock=clock, tempo=tempo) as opened:
        yield offboarder_of(opened)


def offboarder_of(opened: Administration) -> Offboarder:
    """Return what takes domains down, over an account that is open."""
    from sesauditd.aws.identities import Identities
    from sesauditd.aws.mail import Mail
    from sesauditd.aws.sets import Sets
    from sesauditd.aws.tenants import Tenants
    from sesauditd.aws.users import Users
    from sesauditd.onboard.offboarding import Offboarding
    from sesauditd.onboard.removing import Removers
    from sesauditd.store.closing import Closing

    database, clients = opened.program.database, opened.clients
    return Offboarder(
        opened=opened,
        offboarding=Offboarding(
            engine=opened.engine,
            layout=layout(opened),
            adapters=adapters(opened),
            removers=Removers(
                users=Users(clients),
                identities=Identities(clients),
                sets=Sets(clients),
                used_by=_UsedBy(Mail(clients)),
                tenants=Tenants(clients),
            ),
            closing=Closing(database=database),
            steps=opened.steps,
            claim=lambda domain: claimed(database, domain),
        ),
    )


@dataclass(frozen=True, slots=True)
class _UsedBy:
    mail: Mail

    async def users_of(self, domain: str, set_name: str) -> Sequence[str]:
        """Return the identities below a domain, without itself, whose default the set is."""
        found = []
        for name in await self.mail.identities_under(domain):
            seen = await self.mail.identity(name) if name != domain else None
            if seen is not None and seen.configuration_set == set_name:
                found.append(name)
        return found
