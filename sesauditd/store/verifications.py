"""What is remembered of the looks at each domain's records, and the notices that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sesauditd.model.calendar import iso
from sesauditd.model.verification import Stage, VerificationNote
from sesauditd.store import notices, onboarding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sesauditd.model.notice import Notice
    from sesauditd.model.plan import JSON
    from sesauditd.store.engine import Database
    from sesauditd.store.onboarding import Step

STEP: Final = "verification"
"""The row of a domain among its onboarding steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifications:
    """The notes of all domains; a note and its notices are kept together or not at all."""

    database: Database

    async def all(self) -> Mapping[str, VerificationNote]:
        """Return the notes by domain."""
        async with self.database.read() as connection:
            found = await onboarding.steps(connection, step=STEP)
        return {one.domain: _note(one) for one in found}

    async def keep(
        self, domain: str, note: VerificationNote, told: Sequence[Notice], now: datetime
    ) -> None:
        """Keep a note in the place of the one before, and ask for the notices."""
        detail: Mapping[str, JSON] = {
            "since": iso(note.since),
            "next_at": iso(note.next_at),
            "looks": note.looks,
            "missing": list(note.missing),
            "told_late": note.told_late,
        }
        async with self.database.write() as connection:
            await onboarding.note(connection, domain, STEP, str(note.stage), detail=detail, now=now)
            for one in told:
                await notices.request(connection, one, now)


def _note(step: Step) -> VerificationNote:
    detail = step.detail
    missing = detail.get("missing")
    return VerificationNote(
        stage=Stage(step.state),
        since=datetime.fromisoformat(str(detail["since"])),
        next_at=datetime.fromisoformat(str(detail["next_at"])),
        looks=int(str(detail.get("looks", 0))),
        missing=tuple(map(str, missing)) if isinstance(missing, Sequence) else (),
        told_late=bool(detail.get("told_late")),
    )
