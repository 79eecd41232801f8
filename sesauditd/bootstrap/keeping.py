"""Builds what keeps things as they were made: drift, and what the daemon's worker does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.onboard import adapters, key_maker, layout
from sesauditd.bootstrap.onboarding import administration, setup_of
from sesauditd.bootstrap.program import now
from sesauditd.errors import Refused, SesauditdError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.bootstrap.onboarding import Administration
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.onboard.drift import Comparison, Drift
    from sesauditd.store.kept_domains import KeptDomains

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Everything that comparing needs, over one account and one database."""

    opened: Administration
    kept: KeptDomains
    drift: Drift

    async def of(self, domain: str) -> KeptDomain:
        """Return a domain that was set up here; raises Refused for another one."""
        for one in await self.kept.all():
            if one.name == domain:
                return one
        raise Refused(
            f"{domain} was not set up by this program: `sesauditd onboard {domain}` does so, and "
            f"`sesauditd adopt {domain} --check` looks at one that was set up otherwise"
        )

    async def compare(
        self, domains: Sequence[KeptDomain], *, account: bool, on_subject: Told
    ) -> Sequence[Comparison]:
        """Return how these domains, and the account, stand; none of it writes or raises."""
        from sesauditd.onboard.drift import compared

        first = [await self._account(on_subject)] if account else []
        return [*first, *await compared(self.drift, domains, on_subject)]

    async def _account(self, on_subject: Told) -> Comparison:
        from sesauditd.onboard.drift import ACCOUNT, Comparison

        try:
            plan = await (await setup_of(self.opened)).plan()
            found = Comparison(subject=ACCOUNT, plan=plan, repair="sesauditd setup")
        except SesauditdError as error:
            found = Comparison(subject=ACCOUNT, failure=str(error))
        on_subject(ACCOUNT)
        return found


@asynccontextmanager
async def keeping(
    settings: Settings, *, clock: Callable[[], datetime] = now, tempo: Tempo | None = None
) -> AsyncIterator[Keeping]:
    """Open everything that comparing needs; raises as `administration`."""
    async with administration(settings, clock=clock, tempo=tempo) as opened:
        yield keeping_of(opened)


def keeping_of(opened: Administration) -> Keeping:
    """Return what compares, over an account that is open."""
    from sesauditd.aws.users import Users
    from sesauditd.onboard.drift import Drift

    return Keeping(
        opened=opened,
        kept=kept_domains(opened),
        drift=Drift(
            engine=opened.engine,
            layout=layout(opened),
            adapters=adapters(opened),
            keys=Users(opened.clients),
            states=key_maker(opened),
        ),
    )


def kept_domains(opened: Administration) -> KeptDomains:
    """Return the domains that were set up here."""
    return kept_domains_of(opened.program)


def kept_domains_of(program: Application) -> KeptDomains:
    """Return the domains that were set up here; needs no AWS."""
    from sesauditd.store.kept_domains import KeptDomains
    from sesauditd.store.newcomers import Newcomers

    register = Newcomers(log=program.log, clock=program.clock)
    return KeptDomains(database=program.database, register=register)
