"""A login that is exchanged: the old key stays for a while, then it is off, then it is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

DELETED_AFTER: Final = timedelta(days=7)
"""After it was made Inactive: until then a site that was forgotten can be helped at once."""


class RotationStage(StrEnum):
    """How far a rotation is."""

    MAKING = "making"
    """The new key is about to be made."""
    OVERLAPPING = "overlapping"
    """Both keys open the account; sites are to be moved to the new one."""
    RETIRED = "retired"
    """The old key is Inactive."""
    OVER = "over"
    """The old key is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationNote:
    """What is remembered of one domain's rotation; ids only, never a secret."""

    domain: str
    user: str
    old: str
    new: str | None = None
    stage: RotationStage
    due_at: datetime
    """When the old key is made Inactive, then when it is deleted."""

    @property
    def is_under_way(self) -> bool:
        """Return whether something is still to be done with the old key."""
        return self.stage in {RotationStage.OVERLAPPING, RotationStage.RETIRED}

    def is_due(self, now: datetime) -> bool:
        """Return whether the next step is owed."""
        return self.is_under_way and self.due_at <= now
