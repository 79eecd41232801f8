"""How long SES is asked for a domain's records, and when somebody is told; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
"""While SES itself looks for the records: 72 hours (ses-facts 6.1, step 6)."""
LATE: Final = timedelta(hours=72)
WAIT_WHEN_LATE: Final = timedelta(hours=6)
WAIT_WHEN_FOUND: Final = timedelta(days=1)
DOUBLED: Final = 6
"""How often the first wait is doubled, which makes it longer than the longest one."""


class Stage(StrEnum):
    """How far a domain is."""

    WAITING = "waiting"
    """The records were never all found."""
    FOUND = "found"
    LOST = "lost"
    """They were found before, and are not any more."""


class Told(StrEnum):
    """What somebody is to hear."""

    VERIFIED = "verified"
    VERIFIED_AGAIN = "verified again"
    LOST = "lost"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationNote:
    """What is remembered of the looks at one domain."""

    stage: Stage
    since: datetime
    """When this stage began."""
    next_at: datetime
    """When SES is asked again."""
    looks: int = 0
    """In this stage."""
    missing: tuple[str, ...] = ()
    told_late: bool = False


def first(now: datetime) -> VerificationNote:
    """Return the note of a domain that was never looked at: it is owed now."""
    return VerificationNote(stage=Stage.WAITING, since=now, next_at=now)


def looked(
    note: VerificationNote, missing: Sequence[str], now: datetime
) -> tuple[VerificationNote, Told | None]:
    """Return what is remembered after a look that missed these records, and who hears what."""
    if not missing:
        told = {Stage.WAITING: Told.VERIFIED, Stage.LOST: Told.VERIFIED_AGAIN}.get(note.stage)
        since = note.since if note.stage is Stage.FOUND else now
        return _found(since, now), told
    if note.stage is Stage.FOUND:
        begun = VerificationNote(stage=Stage.LOST, since=now, next_at=now)
        return _again(begun, missing, now), Told.LOST
    kept = _again(note, missing, now)
    if now - note.since >= LATE and not note.told_late:
        return replace(kept, told_late=True), Told.LATE
    return kept, None


def _found(since: datetime, now: datetime) -> VerificationNote:
    return VerificationNote(stage=Stage.FOUND, since=since, next_at=now + WAIT_WHEN_FOUND)


def _again(note: VerificationNote, missing: Sequence[str], now: datetime) -> VerificationNote:
    wait = min(FIRST_WAIT * 2 ** min(note.looks, DOUBLED), LONGEST_WAIT)
    if now - note.since >= LATE:
        wait = WAIT_WHEN_LATE
    return replace(note, looks=note.looks + 1, missing=tuple(missing), next_at=now + wait)
