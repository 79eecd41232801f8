"""How intake is doing: readable at any time, logged once at each change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from sesauditd.daemon.watchdog import Progress
    from sesauditd.ingest.hand import Hand

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Intake at one moment."""

    last_progress: datetime | None
    """When the queue last answered or a batch was last finished; None before the first time."""
    paused_because: str | None
    """Why nothing is taken in: archive or store cannot keep it. None while all is well."""
    receiving_fails: str | None
    """Why the queue gives nothing; None while it answers."""
    in_hand: int
    """Messages that are received and not finished."""


@dataclass(slots=True, kw_only=True)
class Condition:
    """Follows the health of intake, and opens and shuts the hand with it."""

    hand: Hand
    clock: Callable[[], datetime]
    mark: Progress
    """Of the loop that carries batches on: each step and each failed try turns it over."""
    _last_progress: datetime | None = field(default=None, init=False)
    _paused_because: str | None = field(default=None, init=False)
    _receiving_fails: str | None = field(default=None, init=False)

    @property
    def health(self) -> Health:
        """Return how intake is doing."""
        return Health(
            last_progress=self._last_progress,
            paused_because=self._paused_because,
            receiving_fails=self._receiving_fails,
            in_hand=len(self.hand),
        )

    def paused(self, reason: str) -> None:
        """Let nothing more in."""
        self.mark.turned()
        if self._paused_because is None:
            log.warning("intake_paused", reason=reason, in_hand=len(self.hand))
        self._paused_because = reason
        self.hand.shut()

    def resumed(self) -> None:
        """Let messages in again."""
        self.mark.turned()
        if self._paused_because is not None:
            log.info("intake_resumed")
            self.hand.reopen()
        self._paused_because = None
        self._last_progress = self.clock()

    def goes_on(self) -> None:
        """Take note that the batch is still being worked on."""
        self.mark.turned()

    def receiving_failed(self, reason: str) -> bool:
        """Take note that the queue did not answer; return whether it answered before."""
        changed = self._receiving_fails is None
        self._receiving_fails = reason
        return changed

    def received(self) -> None:
        """Take note that the queue answered."""
        if self._receiving_fails is not None:
            log.info("receive_resumed")
        self._receiving_fails = None
        self._last_progress = self.clock()
