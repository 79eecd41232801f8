"""What is remembered of the rotations of domains' access keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sesauditd.model.calendar import iso
from sesauditd.model.rotation import RotationNote, RotationStage
from sesauditd.store import onboarding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.model.plan import JSON
    from sesauditd.store.engine import Database
    from sesauditd.store.onboarding import Step

STEP: Final = "rotation"
"""The row of a domain among its onboarding steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotations:
    """The notes of all domains; each change is committed before it returns."""

    database: Database

    async def all(self) -> Sequence[RotationNote]:
        """Return the notes of all domains, the oldest first."""
        async with self.database.read() as connection:
            return [_note(one) for one in await onboarding.steps(connection, step=STEP)]

    async def of(self, domain: str) -> RotationNote | None:
        """Return the note of a domain, None if its key was never exchanged."""
        return next((one for one in await self.all() if one.domain == domain), None)

    async def keep(self, note: RotationNote, now: datetime) -> None:
        """Keep a note in the place of the one before."""
        detail: Mapping[str, JSON] = {
            "user": note.user,
            "old": note.old,
            "new": note.new,
            "due_at": iso(note.due_at),
        }
        async with self.database.write() as connection:
            await onboarding.note(
                connection, note.domain, STEP, str(note.stage), detail=detail, now=now
            )


def _note(step: Step) -> RotationNote:
    new = step.detail.get("new")
    return RotationNote(
        domain=step.domain,
        user=str(step.detail["user"]),
        old=str(step.detail["old"]),
        new=None if new is None else str(new),
        stage=RotationStage(step.state),
        due_at=datetime.fromisoformat(str(step.detail["due_at"])),
    )
