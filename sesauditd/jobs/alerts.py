"""Tells the roads that are not mail what operators were written, and again what they missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.model.alerts import next_wait
from sesauditd.notices.alarms import Alarm
from sesauditd.notices.ringing import alarm_of

if TYPE_CHECKING:
    from sesauditd.model.alerts import Due
    from sesauditd.model.notice import Notice
    from sesauditd.notices.siren import Siren

GONE = "this road is not configured any more"

log = structlog.get_logger()


class Outbox(Protocol):
    """Alarms that wait for a road; see `store.alerts.Alerts`."""

    async def due(self, now: datetime) -> Sequence[Due]:
        """Return what may be tried now."""

    async def taken(self, alert: str) -> None:
        """Forget what a road took."""

    async def again(self, alert: str, outcome: str, due_at: datetime | None) -> None:
        """Let it be tried again, or write that it is given up."""

    async def unheard(self, now: datetime) -> Sequence[Notice]:
        """Return notices to operators that the roads have not been told of."""

    async def enqueue(
        self, told: Mapping[str, Alarm], roads: Callable[[Alarm], Collection[str]], now: datetime
    ) -> None:
        """Write down what the roads are to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Works through what waits; a road may hear a thing twice after a crash, never not at all."""

    outbox: Outbox
    siren: Siren
    clock: Callable[[], datetime]

    async def tick(self, stop: asyncio.Event | None = None) -> int:
        """Try all that is due once, the roads side by side; return how many were taken."""
        await self._enqueue()
        waiting: dict[str, list[Due]] = {}
        for one in await self.outbox.due(self.clock()):
            waiting.setdefault(one.road, []).append(one)
        taken = await asyncio.gather(
            *(self._walk(road, alerts, stop) for road, alerts in waiting.items())
        )
        return sum(taken)

    async def _enqueue(self) -> None:
        now = self.clock()
        unheard = await self.outbox.unheard(now)
        if unheard:
            told = {one.id: alarm_of(one, now) for one in unheard}
            await self.outbox.enqueue(told, self._wanting, now)

    def _wanting(self, alarm: Alarm) -> Collection[str]:
        return [road.name for road in self.siren.roads if alarm.level.reaches(road.least)]

    async def _walk(self, name: str, alerts: Sequence[Due], stop: asyncio.Event | None) -> int:
        """Tell one road what waits for it, until it fails: the rest would fail as well."""
        road = next((one for one in self.siren.roads if one.name == name), None)
        taken = 0
        for due in alerts:
            if stop is not None and stop.is_set():
                break
            if road is None:
                await self.outbox.again(due.id, GONE, None)
                continue
            outcome = await self.siren.send(road, Alarm.from_facts(due.alarm))
            reach("alert.sent")
            if outcome.failure is not None:
                await self._later(due, outcome.failure)
                break
            await self.outbox.taken(due.id)
            taken += 1
        return taken

    async def _later(self, due: Due, failure: str) -> None:
        wait = next_wait(due.attempts + 1)
        if wait is None:
            log.warning("alert_given_up", road=due.road, reason=failure)
        await self.outbox.again(due.id, failure, None if wait is None else self.clock() + wait)
