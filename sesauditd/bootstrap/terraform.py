"""Builds what writes domains down for Terraform: settings and clients to a look at AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.keeping import keeping
from sesauditd.bootstrap.onboard import adapters, layout
from sesauditd.bootstrap.program import now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.bootstrap.keeping import Keeping
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.terraform import Export
    from sesauditd.onboard.terraform_look import Looking


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Everything that writing domains down needs."""

    account: Account
    keeping: Keeping
    looking: Looking

    async def export(self, domain: str) -> Export:
        """Return a domain as Terraform has it.

        Raises Refused for one that was not set up here, Unavailable or Forbidden.
        """
        from sesauditd.onboard.terraform import export

        standing = await self.looking.look(await self.keeping.of(domain))
        return export(standing, self.account)

    def text(self, exports: Sequence[Export], *, fragment: bool = False) -> str:
        """Return the file."""
        from sesauditd.onboard.terraform import text

        return text(exports, self.account, fragment=fragment)


@asynccontextmanager
async def exporter(
    settings: Settings, *, clock: Callable[[], datetime] = now, tempo: Tempo | None = None
) -> AsyncIterator[Exporter]:
    """Open everything that writing domains down needs; raises as `administration`."""
    async with keeping(settings, clock=clock, tempo=tempo) as opened:
        yield exporter_of(opened)


def exporter_of(opened: Keeping) -> Exporter:
    """Return what writes domains down, over an account that is open."""
    from sesauditd.aws.portrait import Portrait
    from sesauditd.aws.users import Users
    from sesauditd.onboard.terraform_look import Looking

    administration = opened.opened
    looking = Looking(
        layout=layout(administration),
        adapters=adapters(administration),
        portrait=Portrait(administration.clients),
        powers=Users(administration.clients),
    )
    return Exporter(account=administration.account, keeping=opened, looking=looking)
