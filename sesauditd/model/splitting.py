"""One login of many sites that each get their own: who still uses the shared one; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

SILENCE: Final = timedelta(days=14)
"""Without an event by the shared user it counts as moved away from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """When a domain's mail was last sent by the shared user, and by its own."""

    domain: str | None
    """None for mail that belongs to no registered domain."""
    shared_at: datetime | None = None
    own_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A shared user, since when its sites are moved away, and how they use it."""

    user: str
    since: datetime
    retired: bool = False
    uses: Sequence[Use] = field(default_factory=tuple)
    """Of the domains that were given their own, then of others that still use the shared one."""

    @property
    def quiet_since(self) -> datetime:
        """Return when it was last used, or when the split began if that was later."""
        return max([one.shared_at for one in self.uses if one.shared_at] + [self.since])

    def still_using(self, now: datetime) -> Sequence[str]:
        """Return who used it within the last fourteen days."""
        return [
            one.domain or "mail of no registered domain"
            for one in self.uses
            if one.shared_at is not None and now - one.shared_at < SILENCE
        ]

    def is_silent(self, now: datetime) -> bool:
        """Return whether it may go: nobody used it for fourteen days after the split."""
        return now - self.quiet_since >= SILENCE


def state_of(use: Use, now: datetime) -> str:
    """Return in words how far one domain is."""
    if use.shared_at is not None and (use.own_at is None or use.shared_at > use.own_at):
        return "still by the shared login"
    if use.own_at is None:
        return "no mail seen yet"
    if use.shared_at is not None and now - use.shared_at < SILENCE:
        return "moved, not yet for long"
    return "moved"
