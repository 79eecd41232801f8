"""Builds what looks at domains that somebody else set up, and takes them over."""

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

    from sesauditd.bootstrap.onboarding import Administration
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.model.adoption import AdoptedDomain
    from sesauditd.onboard.adoption import Adoption, Entry, TakeOver
    from sesauditd.onboard.engine import Applied, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopting:
    """Everything that looking at adopted domains and taking them over needs."""

    opened: Administration
    adoption: Adoption

    async def look(self, domain: str) -> AdoptedDomain:
        """Return what is to be known of a domain; only reads."""
        return await self.adoption.look(domain, await self._register())

    async def refuse_own(self, domains: Sequence[str]) -> None:
        """Raise Refused if one of them was made here: taken over, offboarding would leave it."""
        kept = {one.name: one for one in await kept_domains(self.opened).all()}
        own = [one for one in domains if one in kept and kept[one].taken_over is None]
        if own:
            raise Refused(
                f"{', '.join(own)}: onboarded here, so there is nothing to take over; "
                f"`sesauditd drift {own[0]}` compares, `sesauditd onboard {own[0]}` repairs"
            )

    async def prepare(self, domain: str) -> TakeOver:
        """Return what taking it over would change; raises as Adoption."""
        return await self.adoption.prepare(await self.look(domain))

    async def carry_out(self, prepared: TakeOver, on_change: Watch) -> Applied:
        """Take it over; raises as Adoption."""
        return await self.adoption.carry_out(prepared, on_change, self.opened.program.clock())

    async def _register(self) -> Sequence[Entry]:
        from sesauditd.onboard.adoption import Entry
        from sesauditd.store.reports import people

        async with self.opened.program.database.read() as connection:
            found = await people.all_domains(connection)
        return [
            Entry(name=one.name, customer=one.customer, iam_users=one.iam_users)
            for one in found
            if one.closed_at is None
        ]


@asynccontextmanager
async def adopting(
    settings: Settings, *, clock: Callable[[], datetime] = now, tempo: Tempo | None = None
) -> AsyncIterator[Adopting]:
    """Open everything that taking domains over needs; raises as `administration`."""
    async with administration(settings, clock=clock, tempo=tempo) as opened:
        yield adopting_of(opened)


def adopting_of(opened: Administration) -> Adopting:
    """Return what takes domains over, over an account that is open."""
    from sesauditd.aws.inspection import Inspection
    from sesauditd.onboard.adoption import Adoption
    from sesauditd.store.kept_domains import TakeOvers

    database, inspection = opened.program.database, Inspection(opened.clients)
    return Adopting(
        opened=opened,
        adoption=Adoption(
            engine=opened.engine,
            layout=layout(opened),
            adapters=adapters(opened),
            reports=inspection,
            keys=inspection,
            notes=TakeOvers(database=database),
            steps=opened.steps,
            claim=lambda domain: claimed(database, domain),
        ),
    )
