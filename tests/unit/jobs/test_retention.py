"""Old events go in steps that leave the writer to others, for a few seconds at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from sesauditd.jobs import retention
from sesauditd.jobs.retention import Retention
from sesauditd.model.owed import daily

NOW = datetime(2026, 11, 24, 0, 31, tzinfo=UTC)
KEEP = timedelta(days=400)


@dataclass(frozen=True)
class Taken:
    events: int
    recipients: int
    held_seconds: float
    is_last: bool


@dataclass
class Machine:
    """A store whose rows cost time, and the clock by which that is seen."""

    left: int
    seconds_a_row: float = 0.0001
    now: float = 0.0
    asked: list[int] = field(default_factory=list)
    rested: list[float] = field(default_factory=list)
    beats: int = 0
    horizon: datetime | None = None
    wanted: list[timedelta] = field(default_factory=list)

    async def raise_horizon(self, keep: timedelta, now: datetime) -> datetime | None:
        self.wanted.append(keep)
        return self.horizon

    async def forget(self, rows: int, now: datetime) -> Taken | None:
        if not self.left:
            return None
        self.asked.append(rows)
        gone = min(rows, self.left)
        self.left -= gone
        held = gone * self.seconds_a_row
        self.now += held
        return Taken(gone, gone, held, is_last=not self.left)

    async def rest(self, seconds: float) -> None:
        self.rested.append(seconds)
        self.now += seconds

    def turned(self) -> None:
        self.beats += 1

    def job(self) -> Retention:
        return Retention(
            events=self,
            keep=KEEP,
            ticks=lambda: self.now,
            rest=self.rest,
            turned=self.turned,
        )


@pytest.mark.parametrize("seconds_a_row", [0.00001, 0.0001, 0.0005])
async def test_no_step_holds_the_writer_for_100_ms(seconds_a_row: float) -> None:
    machine = Machine(left=20_000, seconds_a_row=seconds_a_row)
    job = machine.job()
    while machine.left:
        await job.forget(NOW)
    assert max(machine.asked) * seconds_a_row < 0.1
    assert min(machine.asked) >= retention.FEWEST


async def test_a_disk_that_grows_slow_is_asked_for_less() -> None:
    machine = Machine(left=100_000)
    job = machine.job()
    await job.forget(NOW)
    quick = machine.asked[-1]
    machine.seconds_a_row *= 10
    await job.forget(NOW)
    assert machine.asked[-1] <= quick // 4


async def test_a_tick_takes_a_few_seconds_and_the_next_one_goes_on() -> None:
    machine = Machine(left=100_000)
    job = machine.job()
    await job.forget(NOW)
    assert retention.BUDGET_SECONDS <= machine.now < retention.BUDGET_SECONDS + 0.5
    left = machine.left
    assert 0 < left < 100_000
    await job.forget(NOW)
    assert machine.left < left


async def test_three_quarters_of_the_time_are_for_others() -> None:
    machine = Machine(left=5_000, seconds_a_row=0.0002)
    await machine.job().forget(NOW)
    worked = machine.now - sum(machine.rested)
    assert sum(machine.rested) >= 3 * worked * 0.999
    assert machine.beats == len(machine.asked)


async def test_what_went_is_logged_once_a_tick_and_nothing_without_work() -> None:
    machine = Machine(left=120)
    with capture_logs() as logs:
        await machine.job().forget(NOW)
        await machine.job().forget(NOW)
    assert logs == [
        {
            "event": "events_forgotten",
            "log_level": "info",
            "events": 120,
            "recipients": 120,
            "longest_seconds": 0.007,
            "is_done": True,
        }
    ]


@pytest.mark.parametrize("horizon", [None, datetime(2025, 10, 20, tzinfo=UTC)])
async def test_a_horizon_that_moves_is_logged(horizon: datetime | None) -> None:
    machine = Machine(left=0, horizon=horizon)
    period = daily("00:30").holding(NOW - timedelta(days=1))
    with capture_logs() as logs:
        await machine.job().raise_horizon(period, NOW)
    assert machine.wanted == [KEEP]
    assert [one["before"] for one in logs] == ([horizon.isoformat()] if horizon else [])


async def test_nights_that_were_missed_raise_the_horizon_once() -> None:
    machine = Machine(left=0)
    job = machine.job()
    nights = list(daily("00:30").owed((), NOW - timedelta(days=40), NOW))
    assert len(nights) == 40
    for night in nights:
        await job.raise_horizon(night, NOW)
    assert machine.wanted == [KEEP]
