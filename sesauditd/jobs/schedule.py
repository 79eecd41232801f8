"""Runs what is owed, in order: a bell says when to look, the table of periods what is owed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

import structlog

from sesauditd.daemon.schedule import at_every_ring
from sesauditd.errors import Broken, Busy, SesauditdError, Unavailable
from sesauditd.jobs.alarms import Finding

if TYPE_CHECKING:
    from sesauditd.jobs.account import Reports
    from sesauditd.model.owed import Calendar, Period

PASSING = (Unavailable, Busy)
"""What goes away by itself, as a rule before it was met so often in a row:"""
TIMES = 3

log = structlog.get_logger()


class Since(StrEnum):
    """From when a job's periods are owed."""

    FIRST_EVENT = "first event"
    FIRST_RUN = "first run"
    """Of a daemon: nobody wants a year of digests about a replayed archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """A job that is owed once for every day or week."""

    name: str
    calendar: Calendar
    since: Since
    run: Callable[[Period, datetime], Awaitable[object]]
    """Repeating it must be harmless: a crash before its period is marked runs it again."""
    after: str | None = None
    """The job whose same period must be done before."""
    ready: Callable[[Period, datetime], Awaitable[bool]] | None = None
    """Whether it can be run yet; it and its later periods wait until it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequent:
    """A job that is owed again some time after it was last done."""

    name: str
    every: timedelta
    run: Callable[[datetime], Awaitable[object]]


Job: TypeAlias = Periodic | Frequent


class Periods(Protocol):
    """The table of periods."""

    async def first_event(self) -> datetime | None:
        """Return the time of the oldest event, None while there is none."""
        ...

    async def first_run(self, now: datetime) -> datetime:
        """Return when this was asked for the first time."""
        ...

    async def done(self, job: str) -> Collection[str]:
        """Return the names of the periods that a job has done."""
        ...

    async def finish(self, job: str, period: Period, now: datetime) -> None:
        """Mark a period as done."""
        ...


@dataclass(slots=True, kw_only=True)
class Jobs:
    """The jobs of one daemon, run by the one daemon that holds the lease."""

    table: Sequence[Job]
    """In the order in which they are run."""
    periods: Periods
    alarms: Reports
    holds_lease: Callable[[], bool]
    trusts_clock: Callable[[], bool]
    """While the clock cannot be trusted no period is closed: it may not be over."""
    clock: Callable[[], datetime]
    turned: Callable[[], None]
    """Called after every step, for whoever watches that work turns over."""
    _last: dict[str, datetime] = field(default_factory=dict, init=False)
    _failures: dict[str, int] = field(default_factory=dict, init=False)
    _stop: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Look at every ring until stopped; the step in hand is finished.

        Raises Broken when the database cannot be trusted any more.
        """
        self._stop = stop
        await at_every_ring(lambda: self.tick(self.clock()), stop)

    async def tick(self, now: datetime) -> Sequence[str]:
        """Run everything owed at `now`, in order; return the names of what was done.

        A job that fails is told of, tried again at the next tick, and stops no other.
        """
        done: list[str] = []
        for job in self.table:
            await self._attempt(job, now, done)
        self.turned()
        return done

    async def _attempt(self, job: Job, now: datetime, done: list[str]) -> None:
        before = len(done)
        try:
            if isinstance(job, Periodic):
                await self._catch_up(job, now, done)
            else:
                await self._repeat(job, now, done)
        except Broken:
            raise
        except SesauditdError as error:
            log.warning("job_failed", job=job.name, reason=str(error))
            await self._failed(job, error, str(error), now)
        except Exception as error:
            log.exception("job_failed", job=job.name)
            # The text of a foreign error may hold addresses.
            await self._failed(job, error, type(error).__name__, now)
        else:
            if len(done) > before:
                await self._succeeded(job, now)

    async def _catch_up(self, job: Periodic, now: datetime, done: list[str]) -> None:
        for period in await self._owed(job, now):
            if not self._may_go_on() or not await self._is_ready(job, period, now):
                return
            await job.run(period, now)
            await self.periods.finish(job.name, period, now)
            log.info("job_done", job=job.name, period=period.name)
            done.append(f"{job.name} {period.name}")
            self.turned()

    async def _repeat(self, job: Frequent, now: datetime, done: list[str]) -> None:
        last = self._last.get(job.name)
        # A clock that was set back makes the last time lie ahead: then it is owed as well.
        if not self._may_go_on() or (last is not None and last <= now < last + job.every):
            return
        await job.run(now)
        self._last[job.name] = now
        done.append(job.name)
        self.turned()

    async def _owed(self, job: Periodic, now: datetime) -> Sequence[Period]:
        if not self._may_go_on() or not self.trusts_clock():
            return []
        first = await self.periods.first_run(now)
        if job.since is Since.FIRST_EVENT:
            first = min(await self.periods.first_event() or first, first)
        return list(job.calendar.owed(await self.periods.done(job.name), first, now))

    async def _is_ready(self, job: Periodic, period: Period, now: datetime) -> bool:
        if job.after is not None and period.name not in await self.periods.done(job.after):
            return False
        return job.ready is None or await job.ready(period, now)

    def _may_go_on(self) -> bool:
        return self.holds_lease() and not self._stop.is_set()

    async def _failed(self, job: Job, error: Exception, reason: str, now: datetime) -> None:
        failures = self._failures[job.name] = self._failures.get(job.name, 0) + 1
        if failures >= TIMES or not isinstance(error, PASSING):
            await self.alarms.report([_finding(job, "failed", f"fails: {reason}")], now)

    async def _succeeded(self, job: Job, now: datetime) -> None:
        self._failures.pop(job.name, None)
        await self.alarms.report([_finding(job, None, "works")], now)


def _finding(job: Job, state: str | None, summary: str) -> Finding:
    return Finding(name=f"job_{job.name}", state=state, summary=f"The job {job.name} {summary}")
