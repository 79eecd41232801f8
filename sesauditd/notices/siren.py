"""Sounds an alarm on every road; what a road did not take is kept to be tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.errors import Failed, SesauditdError

if TYPE_CHECKING:
    from sesauditd.notices.alarms import Alarm
    from sesauditd.notices.roads import Road

log = structlog.get_logger()


class Waiting(Protocol):
    """Where alarms wait that a road did not take; see `store.alerts.Alerts`."""

    async def keep(self, road: str, alarm: Alarm, outcome: str) -> None:
        """Let it be tried again on this road."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one road came to."""

    road: str
    failure: str | None = None
    """Why it did not take the alarm, without any secret; None if it did."""


class Siren:
    """Sounds an alarm on every road that wants it; no failure of a road is raised."""

    def __init__(
        self,
        roads: Sequence[Road] = (),
        *,
        installation: str = "main",
        waiting: Waiting | None = None,
    ) -> None:
        self.roads = tuple(roads)
        self._installation = installation
        self._waiting = waiting
        self.failures = 0
        """How often a road failed since the start."""

    async def sound(self, alarm: Alarm) -> None:
        """Tell operators on every road at once; returns when each was tried, never raises."""
        log.warning(
            "alarm",
            name=alarm.name,
            severity=str(alarm.severity),
            level=str(alarm.level),
            summary=alarm.summary,
        )
        wanting = [road for road in self.roads if alarm.level.reaches(road.least)]
        for taken in await asyncio.gather(*(self.send(road, alarm) for road in wanting)):
            if taken.failure is not None:
                await self._keep(taken, alarm)

    async def trial(self, alarm: Alarm) -> Sequence[Taken]:
        """Send it on every road, however grave, and return what each came to; nothing is kept."""
        return await asyncio.gather(*(self._told(road, alarm) for road in self.roads))

    async def send(self, road: Road, alarm: Alarm) -> Taken:
        """Tell one road once, and return what it came to; a failure is logged and counted."""
        taken = await self._told(road, alarm)
        if taken.failure is not None:
            self.failures += 1
            log.warning("alarm_failed", road=road.name, name=alarm.name, error=taken.failure)
        return taken

    async def _told(self, road: Road, alarm: Alarm) -> Taken:
        try:
            await road.send(alarm, self._installation)
        except Failed as error:
            return Taken(road=road.name, failure=str(error))
        return Taken(road=road.name)

    async def _keep(self, taken: Taken, alarm: Alarm) -> None:
        if self._waiting is None:
            return
        try:
            await self._waiting.keep(taken.road, alarm, taken.failure or "")
        except SesauditdError as error:
            # The database may be the very trouble; the log has said it all.
            log.warning("alarm_not_kept", alarm=alarm.name, reason=str(error))
