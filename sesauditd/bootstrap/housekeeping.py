"""Builds the daemon's jobs: what each does with the program, the store and AWS."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from sesauditd.aws.mail import Mail
    from sesauditd.aws.queue import Queue
    from sesauditd.bootstrap.nightly import Nightly
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.reconciling import Comparison
    from sesauditd.jobs.alarms import Alarms, Siren
    from sesauditd.jobs.pipe import PipeWatch
    from sesauditd.jobs.retention import Retention
    from sesauditd.jobs.schedule import Jobs
    from sesauditd.jobs.table import ForPeriod, Look, Work
    from sesauditd.model.owed import Period
    from sesauditd.store.watch import Memory

Write: TypeAlias = Callable[[Any, datetime], Awaitable[object]]
"""Writes on a connection of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """What the jobs of one daemon work with."""

    program: Application
    clients: Clients
    mail: Mail
    queue: Queue
    siren: Siren
    paused: Callable[[], str | None]
    """Why the intake is paused, None while it is not."""
    elapsed: Callable[[], float] | None
    """A clock that nobody can set; None trusts the wall clock whatever it does."""

    def jobs(self, holds_lease: Callable[[], bool]) -> Jobs:
        """Return the jobs; they run while the lease is held."""
        from sesauditd.jobs.alarms import Alarms
        from sesauditd.jobs.drift import ClockWatch
        from sesauditd.jobs.schedule import Jobs
        from sesauditd.jobs.table import table
        from sesauditd.store.periods import Periods
        from sesauditd.store.watch import Memory

        memory = Memory(self.program.database)
        alarms = Alarms(siren=self.siren, book=memory)
        watch = ClockWatch(alarms, self.elapsed) if self.elapsed is not None else None
        beat = _Beat()
        work = self._work(alarms, memory, _watched if watch is None else watch.run, beat)
        schedule = self.program.settings.schedule
        beat.jobs = Jobs(
            table=table(work, rollup=schedule.rollup, enforcement=schedule.enforcement),
            periods=Periods(self.program.database),
            alarms=alarms,
            holds_lease=holds_lease,
            trusts_clock=lambda: watch is None or watch.may_judge,
            clock=self.program.clock,
            turned=_unwatched,
        )
        return beat.jobs

    def _work(self, alarms: Alarms, memory: Memory, watch_clock: Look, beat: _Beat) -> Work:
        from sesauditd.aws.archive import Archive
        from sesauditd.aws.metrics import Metrics
        from sesauditd.bootstrap.reconciling import after_rebuild
        from sesauditd.bootstrap.reporting import Reporting
        from sesauditd.bootstrap.watching import Watching, watches
        from sesauditd.jobs.account import AccountWatch
        from sesauditd.jobs.backlog import Backlog
        from sesauditd.jobs.journal import JournalCopy
        from sesauditd.jobs.table import Work
        from sesauditd.store import digests, telling
        from sesauditd.store.copied import JournalRows

        settings, database = self.program.settings, self.program.database
        archive = Archive(self.clients, settings.archive.bucket or "", settings.archive.prefix)
        reconcile = self._reconciling(alarms, beat)
        retention = self._retention(beat)
        return Work(
            watch_clock=watch_clock,
            roll_up=self._roll_up,
            enforce=self._enforce,
            may_judge=Backlog(self.queue).has_left,
            digest=self._for_period(digests.blocked_digests),
            shadow_digest=self._for_period(digests.shadow_digest),
            summarise=self._summarise,
            report=Reporting(self.program).to_customers,
            tell_waiting=self._look(telling.of_waiting),
            watch_account=AccountWatch(accounts=self.mail, alarms=alarms, notes=memory).run,
            watch_pipe=self._pipe(alarms, memory).run,
            reconcile=reconcile,
            after_rebuild=after_rebuild(self.program, reconcile),
            raise_horizon=retention.raise_horizon,
            forget=retention.forget,
            back_up=self._nightly(beat).run,
            watches=watches(Watching(self, Metrics(self.clients), alarms, memory)),
            copy_journal=JournalCopy(rows=JournalRows(database), archive=archive, notes=memory).run,
        )

    def _retention(self, beat: _Beat) -> Retention:
        from sesauditd.jobs.retention import Retention
        from sesauditd.store.retention import OldEvents

        return Retention(
            events=OldEvents(self.program.database),
            keep=timedelta(days=self.program.settings.retention.events_days),
            ticks=time.monotonic,
            rest=asyncio.sleep,
            turned=beat,
        )

    def _nightly(self, beat: _Beat) -> Nightly:
        from sesauditd.aws.shelf import Shelf
        from sesauditd.bootstrap.nightly import Nightly
        from sesauditd.store.engine import file_of

        settings = self.program.settings
        return Nightly(
            file=file_of(settings.database.url),
            shelf=Shelf(self.clients, settings.archive.bucket or ""),
            prefix=settings.archive.prefix.strip("/"),
            turned=beat,
        )

    def _pipe(self, alarms: Alarms, memory: Memory) -> PipeWatch:
        from sesauditd.jobs.pipe import PipeWatch

        settings = self.program.settings
        return PipeWatch(
            accounts=self.mail,
            queue=self.queue,
            dead_letters=self.queue.dead_letters,
            memory=memory,
            alarms=alarms,
            silence=timedelta(hours=settings.alerts.silence_hours),
            oldest=timedelta(minutes=settings.watch.oldest_minutes),
        )

    def _reconciling(self, alarms: Alarms, beat: _Beat) -> Comparison:
        from sesauditd.aws.access import Access
        from sesauditd.bootstrap.reconciling import reconciling

        return reconciling(
            program=self.program,
            clients=self.clients,
            mail=self.mail,
            access=Access(self.clients),
            alarms=alarms,
            beat=beat,
        )

    async def _roll_up(self, period: Period, _now: datetime) -> object:
        return await self.program.rollup(period.start)

    async def _enforce(self, period: Period, now: datetime) -> object:
        return await self.program.weekly.enforce(period.due, now=now, dry_run=False)

    async def _summarise(self, period: Period, now: datetime) -> object:
        from sesauditd.bootstrap.reporting import Reporting
        from sesauditd.model.calendar import Week
        from sesauditd.store import digests

        page = await Reporting(self.program).of_account(period.end)
        async with self.program.database.write() as connection:
            return await digests.weekly_summary(connection, Week(period.start), now, page)

    def _for_period(self, write: Write) -> ForPeriod:
        async def run(_period: Period, now: datetime) -> object:
            return await self._written(write, now)

        return run

    def _look(self, write: Write) -> Look:
        async def run(now: datetime) -> object:
            return await self._written(write, now)

        return run

    async def _written(self, write: Write, now: datetime) -> object:
        async with self.program.database.write() as connection:
            return await write(connection, now)


@dataclass(slots=True)
class _Beat:
    """Says that work turned over, once there are jobs whose work it is."""

    jobs: Jobs | None = None

    def __call__(self) -> None:
        if self.jobs is not None:
            self.jobs.turned()


async def _watched(_now: datetime) -> None:
    """Look at no clock: the story's jumps."""


def _unwatched() -> None:
    """Tell nobody that work turned over."""
