"""Builds what the daemon does for domains that were set up: one duty beside its jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.credentials import rotation_of, splitting_of
from sesauditd.bootstrap.keeping import keeping_of
from sesauditd.bootstrap.onboard import adapters, claimed, layout
from sesauditd.bootstrap.onboarding import administration_of
from sesauditd.bootstrap.production import production_access
from sesauditd.errors import Failed, Refused

if TYPE_CHECKING:
    import asyncio

    from sesauditd.aws.clients import Clients
    from sesauditd.bootstrap.keeping import Keeping
    from sesauditd.bootstrap.onboarding import Administration
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.jobs.alarms import Alarms
    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.onboard.drift import Comparison
    from sesauditd.onboard.resuming import Resumer
    from sesauditd.onboard.verifying import Verifier
    from sesauditd.onboard.worker import Worker


@dataclass(slots=True, kw_only=True)
class Keeper:
    """The worker, put together when it is first needed: not every installation onboards."""

    program: Application
    clients: Clients
    alarms: Alarms
    tempo: Tempo
    clock: Callable[[], datetime]
    _worker: Worker | None = field(default=None, init=False)

    async def tick(self, stop: asyncio.Event) -> None:
        """Do all that is owed now.

        Raises Failed for settings that do not fit: the daemon judges and acts all the same.
        """
        try:
            if self._worker is None:
                self._worker = self._assembled()
            await self._worker.tick(stop)
        except Refused as refusal:
            raise Failed(str(refusal)) from refusal

    def _assembled(self) -> Worker:
        from sesauditd.onboard.worker import Worker
        from sesauditd.store.periods import Periods

        opened = administration_of(self.program, self.clients, self.tempo)
        keeping = keeping_of(opened)
        return Worker(
            domains=keeping.kept,
            resumer=_resumer(opened, keeping),
            verifier=_verifier(opened),
            retire=rotation_of(opened).retire_due,
            follow=production_access(opened).follow,
            silent=splitting_of(opened).silent,
            compare=_Compare(keeping),
            periods=Periods(self.program.database),
            report=self._report,
            clock=self.clock,
        )

    async def _report(
        self, name: str, state: str | None, said: str, details: Mapping[str, object], now: datetime
    ) -> None:
        from sesauditd.jobs.alarms import Finding

        finding = Finding(name=name, state=state, summary=said, details=details)
        await self.alarms.report([finding], now)


@dataclass(frozen=True, slots=True)
class _Compare:
    keeping: Keeping

    async def __call__(self, kept: Sequence[KeptDomain]) -> Sequence[Comparison]:
        """Compare the domains, and the account if it was set up here."""
        account = await self.keeping.kept.account_is_kept()
        return await self.keeping.compare(kept, account=account, on_subject=_unheard)


def _resumer(opened: Administration, keeping: Keeping) -> Resumer:
    from sesauditd.onboard.resuming import Resumer

    database = opened.program.database
    return Resumer(
        engine=opened.engine,
        layout=layout(opened),
        adapters=adapters(opened),
        standing=keeping.kept,
        register=keeping.kept.register,
        steps=opened.steps,
        claim=lambda domain: claimed(database, domain),
    )


def _verifier(opened: Administration) -> Verifier:
    from sesauditd.aws.identities import Identities
    from sesauditd.onboard.verifying import Verifier
    from sesauditd.store.verifications import Verifications

    notes = Verifications(database=opened.program.database)
    return Verifier(ses=Identities(opened.clients), notes=notes)


def _unheard(_subject: str) -> None:
    """Tell nobody how far a comparison is."""
