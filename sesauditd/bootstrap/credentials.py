"""Builds what exchanges the logins of domains."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.bootstrap.keeping import Keeping, keeping_of
from sesauditd.bootstrap.onboard import claimed, key_maker, login
from sesauditd.bootstrap.onboarding import administration
from sesauditd.bootstrap.program import now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.bootstrap.onboarding import Administration
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.model.rotation import RotationNote
    from sesauditd.onboard.credentials import Credentials
    from sesauditd.onboard.rotation import Rotation
    from sesauditd.onboard.splitting import Splitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Everything that exchanging a login needs."""

    opened: Administration
    keeping: Keeping
    rotation: Rotation

    async def rotate(
        self, kept: KeptDomain, keep: timedelta, show: Callable[[Credentials], None]
    ) -> RotationNote:
        """Make a second login, show it, and note when the old one goes; raises as Rotation."""
        derived = login(self.opened)
        return await self.rotation.rotate(
            kept, keep, lambda key: show(derived(kept.name, key)), self.opened.program.clock()
        )

    async def retire(self, domain: str) -> RotationNote:
        """Take the next step with the old key of a domain; raises as Rotation."""
        return await self.rotation.retire(domain, self.opened.program.clock())


@asynccontextmanager
async def exchange(
    settings: Settings, *, clock: Callable[[], datetime] = now, tempo: Tempo | None = None
) -> AsyncIterator[Exchange]:
    """Open everything that exchanging logins needs; raises as `administration`."""
    async with administration(settings, clock=clock, tempo=tempo) as opened:
        yield exchange_of(opened)


def exchange_of(opened: Administration) -> Exchange:
    """Return what exchanges logins, over an account that is open."""
    return Exchange(opened=opened, keeping=keeping_of(opened), rotation=rotation_of(opened))


def rotation_of(opened: Administration) -> Rotation:
    """Return what rotates keys."""
    from sesauditd.aws.users import Users
    from sesauditd.onboard.rotation import Rotation
    from sesauditd.store.access_keys import KeyNotes
    from sesauditd.store.rotations import Rotations

    program = opened.program
    return Rotation(
        keys=Users(opened.clients),
        key_notes=KeyNotes(database=program.database, clock=program.clock),
        maker=key_maker(opened),
        notes=Rotations(database=program.database),
        claim=lambda domain: claimed(program.database, domain),
    )


def splitting_of(opened: Administration) -> Splitting:
    """Return the way from a shared login to many."""
    from sesauditd.aws.inspection import Inspection
    from sesauditd.aws.users import Users
    from sesauditd.onboard.splitting import Splitting
    from sesauditd.store.splits import Splits

    return Splitting(
        account=opened.account,
        users=Inspection(opened.clients),
        switch=Users(opened.clients),
        notes=Splits(database=opened.program.database),
    )
