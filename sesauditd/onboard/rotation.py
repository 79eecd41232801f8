"""Exchanges the access key of a domain: a second one first, and the old one goes later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Failed, Missing, Refused
from sesauditd.model.access_keys import orphans
from sesauditd.model.rotation import DELETED_AFTER, RotationNote, RotationStage
from sesauditd.onboard.access import user_name

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sesauditd.model.access_keys import KeyNote
    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.onboard.access_keys import Show

log = structlog.get_logger(__name__)

KEPT_DAYS: Final = 14
"""How long the old key works if nobody acknowledges."""


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

    async def set_key(self, user: str, key_id: str, *, active: bool) -> None:
        """Let a key open the account or not; raises Missing when it is gone."""
        ...

    async def delete_key(self, user: str, key_id: str) -> None:
        """Delete one for good, harmless if it is gone."""
        ...


class KeyNotes(Protocol):
    """What is remembered of each domain's newest key."""

    async def note(self, domain: str) -> KeyNote | None:
        """Return the note of a domain."""
        ...


class KeyMaking(Protocol):
    """Makes keys, each shown once."""

    async def issue(self, domain: str, user: str, show: Show) -> str:
        """Make a key, show it, and return its id."""
        ...


class Notes(Protocol):
    """What is remembered of rotations, committed before it returns."""

    async def all(self) -> Sequence[RotationNote]:
        """Return the notes of all domains."""
        ...

    async def of(self, domain: str) -> RotationNote | None:
        """Return the note of a domain."""
        ...

    async def keep(self, note: RotationNote, now: datetime) -> None:
        """Keep a note in the place of the one before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Rotates the key of one domain at a time; repeating it goes on where it ended."""

    keys: Keys
    key_notes: KeyNotes
    maker: KeyMaking
    notes: Notes
    claim: Callable[[str], AbstractAsyncContextManager[None]]

    async def old_key(self, kept: KeptDomain) -> str:
        """Return the key that would be replaced; only reads.

        Raises Refused where there is nothing to replace or a rotation is under way, Failed
        where there is no free slot for a second key.
        """
        note = await self.notes.of(kept.name)
        if kept.is_stopped:
            raise Refused(f"{kept.name} is stopped: it gets no new key until it may send again")
        present = await self._present(user_of(kept))
        # A key that somebody deleted by hand keeps no slot any more.
        if note is not None and note.is_under_way and note.old in present:
            raise Refused(
                f"the key of {kept.name} is exchanged already: {note.old} is {_said(note)}; "
                f"{_way_on(note)}"
            )
        known = await self.key_notes.note(kept.name)
        if note is not None and note.stage is RotationStage.MAKING:
            return note.old
        return _replaced(kept, known, present)

    async def rotate(
        self, kept: KeptDomain, keep: timedelta, show: Show, now: datetime
    ) -> RotationNote:
        """Make a second key, show it, and note when the old one goes.

        Raises as `old_key`, Busy while another process has the domain, and as the making of
        keys; a new start after a death deletes a key that nobody saw and makes another one.
        """
        user = user_of(kept)
        async with self.claim(kept.name):
            old = await self.old_key(kept)
            note = RotationNote(
                domain=kept.name,
                user=user,
                old=old,
                stage=RotationStage.MAKING,
                due_at=now + keep,
            )
            await self.notes.keep(note, now)
            reach("rotate.intended")
            new = await self._made_already(kept.name, old, user)
            if new is None:
                new = await self.maker.issue(kept.name, user, show)
            reach("rotate.shown")
            done = replace(note, new=new, stage=RotationStage.OVERLAPPING)
            await self.notes.keep(done, now)
        return done

    async def retire(self, domain: str, now: datetime) -> RotationNote:
        """Take the next step with the old key: Inactive, and a week later gone.

        Raises Refused where no old key is left, or where it is too early to delete it.
        """
        note = await self.notes.of(domain)
        if note is None or not note.is_under_way:
            raise Refused(f"{domain} has no old key: `sesauditd credentials rotate {domain}`")
        if note.stage is RotationStage.RETIRED and note.due_at > now:
            raise Refused(f"key {note.old} of {domain} is {_said(note)}")
        return await self._step(note, now)

    async def retire_due(self, now: datetime) -> Sequence[str]:
        """Take every step that is owed, and return in words what could not be done."""
        troubles = []
        for note in await self.notes.all():
            if note.is_due(now):
                try:
                    await self._step(note, now)
                except Failed as error:
                    again = f"sesauditd credentials rotate {note.domain} --retire"
                    troubles.append(f"key {note.old} of {note.domain}: {error}; run: {again}")
        return troubles

    async def _step(self, note: RotationNote, now: datetime) -> RotationNote:
        if note.stage is RotationStage.OVERLAPPING:
            try:
                await self.keys.set_key(note.user, note.old, active=False)
            except Missing:
                log.info("old_access_key_gone", domain=note.domain, key=note.old)
            fresh = replace(note, stage=RotationStage.RETIRED, due_at=now + DELETED_AFTER)
        else:
            await self.keys.delete_key(note.user, note.old)
            fresh = replace(note, stage=RotationStage.OVER, due_at=now)
        reach("rotate.stepped")
        await self.notes.keep(fresh, now)
        log.info("old_access_key", domain=note.domain, key=note.old, stage=str(fresh.stage))
        return fresh

    async def _made_already(self, domain: str, old: str, user: str) -> str | None:
        """Return the new key if it was shown before a death in between."""
        known = await self.key_notes.note(domain)
        if known is None or not known.shown or known.key in {None, old}:
            return None
        return known.key if known.key in await self._present(user) else None

    async def _present(self, user: str) -> Sequence[str]:
        try:
            return [one.id for one in await self.keys.keys(user)]
        except Missing as error:
            raise Refused(f"there is no IAM user {user}: `sesauditd drift` says more") from error


def user_of(kept: KeptDomain) -> str:
    """Return the IAM user that a domain sends by."""
    return kept.taken_over or user_name(kept.name)


def _replaced(kept: KeptDomain, known: KeyNote | None, present: Sequence[str]) -> str:
    left = [one for one in present if one not in orphans(known, present)]
    if not left:
        raise Refused(f"{kept.name} has no key yet: `sesauditd onboard` makes its first one")
    if len(left) > 1:
        raise Failed(
            f"no free slot: IAM user {user_of(kept)} has {' and '.join(left)}, and two are the "
            "most. Delete the one that no site uses (`aws iam delete-access-key --user-name "
            f"{user_of(kept)} --access-key-id ...`), then run this again"
        )
    return left[0]


def _said(note: RotationNote) -> str:
    day = f"{note.due_at:%Y-%m-%d %H:%M} UTC"
    if note.stage is RotationStage.OVERLAPPING:
        return f"still good until {day}"
    return f"Inactive, and deleted from {day} on"


def _way_on(note: RotationNote) -> str:
    again = f"sesauditd credentials rotate {note.domain}"
    if note.stage is RotationStage.OVERLAPPING:
        return f"`{again} --retire` goes on with that"
    return (
        f"to exchange the key again before that, `aws iam delete-access-key --user-name "
        f"{note.user} --access-key-id {note.old}`, then `{again}`"
    )
