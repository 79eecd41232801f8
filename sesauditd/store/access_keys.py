"""What is remembered of the newest access key of each domain; ids only, never a secret."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sesauditd.model.access_keys import KeyNote
from sesauditd.store import again, onboarding

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.plan import JSON
    from sesauditd.store.engine import Database

STEP: Final = "access key"
"""The row of a domain among its onboarding steps."""
MAKING: Final = "making a key"
SHOWN: Final = "shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNotes:
    """The notes of all domains; each change is committed before it returns."""

    database: Database
    clock: Callable[[], datetime]

    async def note(self, domain: str) -> KeyNote | None:
        """Return the note of a domain, None if no key was ever made for it."""
        async with self.database.read() as connection:
            return await _note(connection, domain)

    async def begin(self, domain: str, before: Collection[str]) -> None:
        """Note that a key is about to be made beside these."""
        await self._keep(domain, KeyNote(before=tuple(before)))

    async def made(self, domain: str, key: str) -> None:
        """Note the id of the key that was made."""
        await self._keep(domain, replace(await self._standing(domain), key=key))

    async def shown(self, domain: str, key: str) -> None:
        """Note that somebody has its secret."""
        await self._keep(domain, replace(await self._standing(domain), key=key, shown=True))

    async def _standing(self, domain: str) -> KeyNote:
        return await self.note(domain) or KeyNote(before=())

    async def _keep(self, domain: str, note: KeyNote) -> None:
        detail: Mapping[str, JSON] = {"before": list(note.before), "key": note.key}
        state = SHOWN if note.shown else MAKING
        async with self.database.write() as connection:
            now = self.clock()
            await onboarding.note(connection, domain, STEP, state, detail=detail, now=now)
            if note.key is not None:
                await again.terminations_at(connection, domain, now)


async def _note(connection: AsyncConnection, domain: str) -> KeyNote | None:
    for one in await onboarding.steps(connection, domain=domain, step=STEP):
        before, key = one.detail.get("before"), one.detail.get("key")
        listed = before if isinstance(before, Sequence) else ()
        return KeyNote(
            before=tuple(map(str, listed)),
            key=None if key is None else str(key),
            shown=one.state == SHOWN,
        )
    return None
