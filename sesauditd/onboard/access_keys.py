"""Makes a user's access key: last of all, once, and never one that nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Failed, Missing, Unavailable, Uncertain
from sesauditd.model.access_keys import Full, KeyState, Needed, judged

if TYPE_CHECKING:
    from sesauditd.model.access_keys import KeyNote

log = structlog.get_logger(__name__)

PATIENCE_SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
"""Between tries, and looks for a key whose making was not answered: IAM shows it later."""
TRIES: Final = 3


class NewKey(Protocol):
    """A key that was just made."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...

    @property
    def secret(self) -> str:
        """Return what is said this once."""
        ...


class Key(Protocol):
    """A key that exists."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...


class Keys(Protocol):
    """The access keys of IAM users."""

    async def keys(self, user: str) -> Sequence[Key]:
        """Return the access keys of a user; raises Missing without the user."""
        ...

    async def create_key(self, user: str) -> NewKey:
        """Make one, asked for once; raises Uncertain when there may be one now."""
        ...

    async def delete_key(self, user: str, key_id: str) -> None:
        """Delete one for good, harmless if it is gone."""
        ...


class Notes(Protocol):
    """What is remembered of each domain's newest key, committed before it returns."""

    async def note(self, domain: str) -> KeyNote | None:
        """Return the note of a domain."""
        ...

    async def begin(self, domain: str, before: Collection[str]) -> None:
        """Note that a key is about to be made beside these."""
        ...

    async def made(self, domain: str, key: str) -> None:
        """Note the id of the key that was made."""
        ...

    async def shown(self, domain: str, key: str) -> None:
        """Note that somebody has its secret."""
        ...


Show = Callable[[NewKey], None]
"""Hands the key to a person, and returns once it cannot be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMaker:
    """Makes keys of users; a new start goes on where another one ended."""

    keys: Keys
    notes: Notes
    patience_seconds: Sequence[float] = PATIENCE_SECONDS

    async def state(self, domain: str, user: str) -> KeyState:
        """Return whether somebody has a key, or one is needed; only reads."""
        return judged(await self.notes.note(domain), await self._present(user))

    async def issue(self, domain: str, user: str, show: Show) -> str:
        """Make a key, show it, and return its id; keys that nobody knows are deleted before.

        Raises Failed if there is no room, Uncertain if it stays unknown whether one was made:
        the next call deletes it.
        """
        note = await self.notes.note(domain)
        present = await self._present(user)
        state = judged(note, present)
        lost = state.orphans if isinstance(state, Needed) else ()
        for key in lost:
            await self._forsake(user, key)
        kept = [key for key in present if key not in lost]
        if isinstance(state, Full):
            raise Failed(f"access keys full: IAM user {user} has {' and '.join(kept)}")
        await self.notes.begin(domain, kept)
        reach("onboard.key_intended")
        made, doubted = await self._made(user, kept)
        reach("onboard.key_created")
        await self.notes.made(domain, made.id)
        reach("onboard.key_noted")
        show(made)
        reach("onboard.key_shown")
        await self.notes.shown(domain, made.id)
        log.info("access_key_issued", domain=domain, user=user, key=made.id)
        if doubted:
            await self._sweep(user, (*kept, made.id))
        return made.id

    async def _made(self, user: str, kept: Collection[str]) -> tuple[NewKey, bool]:
        """Return the new key, and whether another try may have made one that shows up later."""
        for tried in range(TRIES - 1):
            try:
                return await self._asked(user), tried > 0
            except Uncertain:
                log.warning("access_key_not_sure", user=user)
                await self._sweep(user, kept)
        return await self._asked(user), True

    async def _asked(self, user: str) -> NewKey:
        """Ask for a key, again while IAM has surely not heard or has no time."""
        for seconds in self.patience_seconds:
            try:
                return await self.keys.create_key(user)
            except (Unavailable, Missing):
                # A user that was made a moment ago is not known everywhere at once.
                await asyncio.sleep(seconds)
        return await self.keys.create_key(user)

    async def _sweep(self, user: str, kept: Collection[str]) -> None:
        """Delete the keys that a lost answer left, looking for them for a while."""
        for seconds in (0.0, *self.patience_seconds):
            await asyncio.sleep(seconds)
            lost = [key for key in await self._present(user) if key not in kept]
            for key in lost:
                await self._forsake(user, key)
            if lost:
                return

    async def _forsake(self, user: str, key: str) -> None:
        await self.keys.delete_key(user, key)
        log.info("unknown_access_key_deleted", user=user, key=key)

    async def _present(self, user: str) -> Sequence[str]:
        try:
            return [key.id for key in await self.keys.keys(user)]
        except Missing:
            return ()
