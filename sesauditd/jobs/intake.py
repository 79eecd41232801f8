"""The intake watch: that nothing is taken in is shown at once, and told when it lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.errors import Broken, SesauditdError
from sesauditd.jobs.alarms import Finding
from sesauditd.model.calendar import iso

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from sesauditd.jobs.account import Reports

OBSERVATION = "intake"
LASTING = timedelta(minutes=1)
"""A hiccup of S3 is over before anybody could look; the same goes for a moment of work."""

log = structlog.get_logger()


class Notes(Protocol):
    """Keeps what was seen, for commands that show it."""

    async def remember(self, name: str, facts: Mapping[str, object], now: datetime) -> None:
        """Keep facts under a name, in the place of what was there."""
        ...


@dataclass(slots=True, kw_only=True)
class IntakeWatch:
    """Looks every second, and writes only when something changed."""

    paused: Callable[[], str | None]
    """Why the intake is paused, None while it is not."""
    notes: Notes
    alarms: Reports
    clock: Callable[[], datetime]
    _since: datetime | None = field(default=None, init=False)
    _reason: str | None = field(default=None, init=False)
    _is_noted: bool = field(default=False, init=False)
    _is_told: bool = field(default=False, init=False)

    async def tick(self, _stop: asyncio.Event | None = None) -> None:
        """Look once; raises Broken when the database cannot be trusted any more."""
        now, reason = self.clock(), self.paused()
        # A clock that was set back begins anew.
        if self._since is None or self._since > now or (reason is None) != (self._reason is None):
            self._since, self._is_noted, self._is_told = now, False, False
        self._reason = reason
        await self._note(self._since, now)
        if not self._is_told and now - self._since >= LASTING:
            await self.alarms.report([intake(reason)], now)
            self._is_told = True

    async def _note(self, since: datetime, now: datetime) -> None:
        if self._is_noted:
            return
        facts = {"paused": self._reason, "since": iso(since)}
        try:
            await self.notes.remember(OBSERVATION, facts, now)
        except Broken:
            raise
        except SesauditdError as error:
            # The database may be what refuses: the alarm must come all the same.
            log.warning("intake_not_noted", reason=str(error))
            return
        self._is_noted = True


def intake(paused: str | None) -> Finding:
    """Return whether messages are taken from the queue."""
    return Finding(
        name="intake",
        state=None if paused is None else "paused",
        summary="Messages are taken from the queue."
        if paused is None
        else f"No messages are taken from the queue: {paused}",
    )
