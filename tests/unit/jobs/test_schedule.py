"""What is owed is run in order, each once; what fails is told of and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from typing_extensions import override

from sesauditd.errors import Broken, Failed, Unavailable
from sesauditd.jobs.alarms import Alarms
from sesauditd.jobs.schedule import Frequent, Job, Jobs, Periodic, Since
from sesauditd.model.owed import Period, daily, weekly
from tests.unit.jobs.fakes import NOW, Memory, Siren, Table

DAYS, WEEKS = daily("00:30"), weekly("monday 03:00")
MINUTE = timedelta(minutes=1)


@dataclass
class Work:
    """Notes what was done; raises the errors that it was given first."""

    done: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    on_done: Callable[[], None] = lambda: None

    async def of(self, period: Period, now: datetime) -> None:
        self._fail()
        self.done.append(period.name)
        self.on_done()

    async def at(self, now: datetime) -> None:
        self._fail()
        self.done.append(f"{now:%H:%M}")

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


@dataclass
class Daemon:
    """Jobs with everything that they are given."""

    jobs: list[Job] = field(default_factory=list)
    table: Table = field(default_factory=Table)
    siren: Siren = field(default_factory=Siren)
    memory: Memory = field(default_factory=Memory)
    leads: bool = True
    steady: bool = True
    turns: int = 0

    def start(self) -> Jobs:
        return Jobs(
            table=self.jobs,
            periods=self.table,
            alarms=Alarms(siren=self.siren, book=self.memory),
            holds_lease=lambda: self.leads,
            trusts_clock=lambda: self.steady,
            clock=lambda: NOW,
            turned=self._turn,
        )

    def _turn(self) -> None:
        self.turns += 1


def day_job(work: Work, name: str = "rollup", since: Since = Since.FIRST_EVENT) -> Periodic:
    return Periodic(name=name, calendar=DAYS, since=since, run=work.of)


def week_job(work: Work, name: str = "weekly", after: str | None = None) -> Periodic:
    return Periodic(name=name, calendar=WEEKS, since=Since.FIRST_EVENT, run=work.of, after=after)


async def test_after_weeks_down_everything_owed_is_done_in_order_and_once() -> None:
    roll_up, enforce = Work(), Work()
    daemon = Daemon(jobs=[day_job(roll_up), week_job(enforce)])
    daemon.table.first = NOW - timedelta(days=20)
    assert len(await daemon.start().tick(NOW)) == 23
    assert roll_up.done == sorted(roll_up.done)
    assert (roll_up.done[0], roll_up.done[-1]) == ("2026-11-04", "2026-11-23")
    assert enforce.done == ["2026-W45", "2026-W46", "2026-W47"]
    assert await daemon.start().tick(NOW + MINUTE) == []


async def test_the_names_of_what_was_done_are_returned() -> None:
    jobs: list[Job] = [
        day_job(Work()),
        Frequent(name="account", every=5 * MINUTE, run=Work().at),
    ]
    daemon = Daemon(jobs=jobs, table=Table(first=NOW - timedelta(days=1)))
    assert await daemon.start().tick(NOW) == ["rollup 2026-11-23", "account"]


async def test_without_events_days_are_owed_from_the_first_run() -> None:
    roll_up = Work()
    daemon = Daemon(jobs=[day_job(roll_up)])
    jobs = daemon.start()
    assert await jobs.tick(NOW) == []
    await jobs.tick(NOW + timedelta(days=2))
    assert roll_up.done == ["2026-11-24", "2026-11-25"]


async def test_digests_are_not_owed_for_the_time_before_the_first_run() -> None:
    digest = Work()
    daemon = Daemon(jobs=[day_job(digest, since=Since.FIRST_RUN)])
    daemon.table.first = NOW - timedelta(days=300)
    jobs = daemon.start()
    await jobs.tick(NOW)
    await jobs.tick(NOW + timedelta(days=1))
    assert digest.done == ["2026-11-24"]


async def test_events_that_come_late_make_earlier_days_owed() -> None:
    roll_up = Work()
    daemon = Daemon(jobs=[day_job(roll_up)], table=Table(first=NOW - timedelta(days=1)))
    await daemon.start().tick(NOW)
    daemon.table.first = NOW - timedelta(days=3)
    await daemon.start().tick(NOW)
    assert roll_up.done == ["2026-11-23", "2026-11-21", "2026-11-22"]


async def test_a_job_that_fails_is_told_of_once_and_tried_until_it_works() -> None:
    work = Work(errors=[Failed("no"), Failed("no")])
    daemon = Daemon(jobs=[day_job(work)], table=Table(first=NOW - timedelta(days=2)))
    jobs = daemon.start()
    for tick in range(4):
        await jobs.tick(NOW + tick * MINUTE)
    assert work.done == ["2026-11-22", "2026-11-23"]
    assert daemon.siren.heard == [("trouble", "job_rollup"), ("recovered", "job_rollup")]


async def test_a_restart_tells_neither_the_trouble_nor_the_recovery_twice() -> None:
    work = Work(errors=[Failed("no"), Failed("no")])
    daemon = Daemon(jobs=[day_job(work)], table=Table(first=NOW - timedelta(days=3)))
    for tick in range(5):
        await daemon.start().tick(NOW + tick * MINUTE)
    assert daemon.siren.heard == [("trouble", "job_rollup"), ("recovered", "job_rollup")]


async def test_a_job_that_fails_stops_no_other() -> None:
    other = Work()
    jobs = [day_job(Work(errors=[ValueError("a bug")])), day_job(other, "digest")]
    daemon = Daemon(jobs=[*jobs], table=Table(first=NOW - timedelta(days=1)))
    assert await daemon.start().tick(NOW) == ["digest 2026-11-23"]
    assert daemon.siren.heard == [("trouble", "job_rollup")]


async def test_the_text_of_a_foreign_error_is_told_to_nobody() -> None:
    work = Work(errors=[ValueError("ann@x.example")])
    daemon = Daemon(jobs=[day_job(work)], table=Table(first=NOW - timedelta(days=1)))
    await daemon.start().tick(NOW)
    (notice,) = daemon.memory.notices
    assert notice.facts["summary"] == "The job rollup fails: ValueError"


async def test_an_aws_that_is_away_for_a_moment_is_no_alarm() -> None:
    work = Work(errors=[Unavailable("no answer")] * 2)
    account = Frequent(name="account", every=5 * MINUTE, run=work.at)
    daemon = Daemon(jobs=[account])
    jobs = daemon.start()
    for tick in range(3):
        await jobs.tick(NOW + tick * MINUTE)
    assert work.done == ["12:02"]
    assert daemon.siren.heard == []


async def test_an_aws_that_stays_away_is_one() -> None:
    work = Work(errors=[Unavailable("no answer")] * 5)
    daemon = Daemon(jobs=[Frequent(name="account", every=5 * MINUTE, run=work.at)])
    jobs = daemon.start()
    for tick in range(6):
        await jobs.tick(NOW + tick * MINUTE)
    assert daemon.siren.heard == [("trouble", "job_account"), ("recovered", "job_account")]


async def test_a_failed_period_holds_up_the_later_ones_of_its_job() -> None:
    work = Work(errors=[Failed("no")])
    daemon = Daemon(jobs=[week_job(work)], table=Table(first=NOW - timedelta(days=20)))
    await daemon.start().tick(NOW)
    assert work.done == []


async def test_a_summary_waits_for_the_judgement_of_its_week() -> None:
    enforce, summary = Work(errors=[Failed("no")]), Work()
    daemon = Daemon(
        jobs=[week_job(enforce), week_job(summary, "summary", after="weekly")],
        table=Table(first=NOW - timedelta(days=8)),
    )
    jobs = daemon.start()
    await jobs.tick(NOW)
    assert summary.done == []
    await jobs.tick(NOW)
    assert summary.done == enforce.done == ["2026-W47"]


async def test_a_job_that_is_not_ready_waits_without_an_alarm() -> None:
    ready, work = False, Work()

    async def is_ready(_period: Period, _now: datetime) -> bool:
        return ready

    job = Periodic(
        name="weekly", calendar=WEEKS, since=Since.FIRST_EVENT, run=work.of, ready=is_ready
    )
    daemon = Daemon(jobs=[job], table=Table(first=NOW - timedelta(days=8)))
    jobs = daemon.start()
    assert await jobs.tick(NOW) == []
    ready = True
    assert await jobs.tick(NOW) == ["weekly 2026-W47"]
    assert daemon.siren.heard == []


async def test_a_frequent_job_is_done_again_after_its_time() -> None:
    work = Work()
    jobs = Daemon(jobs=[Frequent(name="account", every=5 * MINUTE, run=work.at)]).start()
    for minute in range(11):
        await jobs.tick(NOW + minute * MINUTE)
    assert work.done == ["12:00", "12:05", "12:10"]


async def test_a_clock_that_was_set_back_silences_no_job_and_repeats_no_day() -> None:
    roll_up, account = Work(), Work()
    daemon = Daemon(
        jobs=[day_job(roll_up), Frequent(name="account", every=5 * MINUTE, run=account.at)],
        table=Table(first=NOW - timedelta(days=1)),
    )
    jobs = daemon.start()
    await jobs.tick(NOW)
    await jobs.tick(NOW - timedelta(hours=3))
    assert account.done == ["12:00", "09:00"]
    assert roll_up.done == ["2026-11-23"]


async def test_a_clock_that_is_not_trusted_closes_no_period() -> None:
    roll_up, account = Work(), Work()
    daemon = Daemon(
        jobs=[day_job(roll_up), Frequent(name="account", every=5 * MINUTE, run=account.at)],
        table=Table(first=NOW - timedelta(days=1)),
        steady=False,
    )
    await daemon.start().tick(NOW + timedelta(days=14))
    assert (roll_up.done, account.done) == ([], ["12:00"])


async def test_of_two_daemons_the_one_with_the_lease_works() -> None:
    table, first, second = Table(first=NOW - timedelta(days=5)), Work(), Work()
    leading = Daemon(jobs=[day_job(first)], table=table)
    waiting = Daemon(jobs=[day_job(second)], table=table, leads=False)
    both = leading.start(), waiting.start()
    await asyncio.gather(*(one.tick(NOW) for one in both))
    assert (len(first.done), second.done) == (5, [])


async def test_a_lost_lease_stops_the_work_and_the_next_holder_goes_on() -> None:
    table, first, second = Table(first=NOW - timedelta(days=5)), Work(), Work()
    losing = Daemon(jobs=[day_job(first)], table=table)

    def lose() -> None:
        losing.leads = len(first.done) < 2

    first.on_done = lose
    await losing.start().tick(NOW)
    await Daemon(jobs=[day_job(second)], table=table).start().tick(NOW)
    assert first.done == ["2026-11-19", "2026-11-20"]
    assert second.done == ["2026-11-21", "2026-11-22", "2026-11-23"]


async def test_a_stop_finishes_the_period_in_hand() -> None:
    stop, work = asyncio.Event(), Work()
    work.on_done = stop.set
    daemon = Daemon(jobs=[day_job(work)], table=Table(first=NOW - timedelta(days=5)))
    await asyncio.wait_for(daemon.start().run(stop), 2)
    assert work.done == daemon.table.rows["rollup"] == ["2026-11-19"]


async def test_a_damaged_database_ends_the_daemon() -> None:
    class Damaged(Table):
        @override
        async def done(self, job: str) -> Collection[str]:
            raise Broken("the database is damaged")

    daemon = Daemon(jobs=[day_job(Work())], table=Damaged(first=NOW - timedelta(days=1)))
    with pytest.raises(Broken):
        await asyncio.wait_for(daemon.start().run(asyncio.Event()), 2)


async def test_every_step_is_progress() -> None:
    daemon = Daemon(jobs=[day_job(Work())], table=Table(first=NOW - timedelta(days=5)))
    await daemon.start().tick(NOW)
    assert daemon.turns == 6


async def test_a_crash_before_the_mark_only_repeats() -> None:
    class Crashing(Table):
        @override
        async def finish(self, job: str, period: Period, now: datetime) -> None:
            raise Failed("no space for the database")

    work = Work()
    daemon = Daemon(jobs=[day_job(work)], table=Crashing(first=NOW - timedelta(days=1)))
    await daemon.start().tick(NOW)
    daemon.table = Table(first=NOW - timedelta(days=1))
    await daemon.start().tick(NOW)
    assert work.done == ["2026-11-23", "2026-11-23"]
