"""Lets old events go: a horizon that rises each night, and small steps up to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

if TYPE_CHECKING:
    from sesauditd.model.owed import Period

FEWEST: Final = 50
MOST: Final = 500
"""Rows of one step."""
WANTED_SECONDS: Final = 0.025
"""So long a step may keep other writers waiting; it shrinks long before 0.1."""
SHARE: Final = 3
"""Rests are so many times as long as steps: three quarters of the time are others'."""
SHORTEST_REST_SECONDS: Final = 0.01
LATE: Final = timedelta(days=1)
BUDGET_SECONDS: Final = 5.0
"""Of one tick: other jobs wait that long, and the journal is to be copied within a minute."""

log = structlog.get_logger()


class Step(Protocol):
    """What one step did."""

    @property
    def events(self) -> int:
        """How many events went."""

    @property
    def recipients(self) -> int:
        """How many of their recipients' rows went with them."""

    @property
    def held_seconds(self) -> float:
        """For how long it kept other writers out."""

    @property
    def is_last(self) -> bool:
        """Whether nothing is left."""


class Events(Protocol):
    """The stored events."""

    async def raise_horizon(self, keep: timedelta, now: datetime) -> datetime | None:
        """Move the horizon up where there is anything behind it; return it if it moved."""
        ...

    async def forget(self, rows: int, now: datetime) -> Step | None:
        """Look at so many rows and forget those that may go; None when nothing is owed."""
        ...


@dataclass(slots=True, kw_only=True)
class Retention:
    """Forgets what is older than the configuration says; every part is harmless to repeat."""

    events: Events
    keep: timedelta
    ticks: Callable[[], float]
    """Seconds by a clock that nobody can set."""
    rest: Callable[[float], Awaitable[object]]
    turned: Callable[[], None]
    """Called after every step, for whoever watches that work turns over."""
    _rows: int = field(default=FEWEST, init=False)

    async def raise_horizon(self, period: Period, now: datetime) -> None:
        """Say from when on events are old; the steps follow at the next ticks.

        Once for all nights that were missed: the horizon is that of now.
        """
        if period.end + LATE < now:
            return
        before = await self.events.raise_horizon(self.keep, now)
        if before is not None:
            log.info("retention_horizon", before=before.isoformat())

    async def forget(self, now: datetime) -> None:
        """Take steps for a few seconds, resting between them, or until nothing is left."""
        begun = self.ticks()
        gone = recipients = 0
        longest = 0.0
        is_last = False
        while not is_last and self.ticks() - begun < BUDGET_SECONDS:
            step = await self.events.forget(self._rows, now)
            if step is None:
                break
            gone += step.events
            recipients += step.recipients
            longest = max(longest, step.held_seconds)
            is_last = step.is_last
            self._adapt(step.held_seconds)
            self.turned()
            await self.rest(max(SHORTEST_REST_SECONDS, SHARE * step.held_seconds))
        if gone or is_last:
            log.info(
                "events_forgotten",
                events=gone,
                recipients=recipients,
                longest_seconds=round(longest, 3),
                is_done=is_last,
            )

    def _adapt(self, held_seconds: float) -> None:
        """Take fewer rows after a step that was long, more after one that was short."""
        if held_seconds > WANTED_SECONDS:
            self._rows = max(FEWEST, self._rows // 2)
        elif held_seconds < WANTED_SECONDS / 2:
            self._rows = min(MOST, self._rows * 2)
