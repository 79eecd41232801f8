"""A paused intake is noted at once, told when it lasts a minute, and its end likewise."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sesauditd.jobs.alarms import Alarms
from sesauditd.jobs.intake import IntakeWatch
from tests.unit.jobs.fakes import NOW, Memory, Siren

SECOND = timedelta(seconds=1)
WHY = "S3 PutObject: SlowDown"


@dataclass
class Stand:
    """A watch with a clock and an intake that the test moves."""

    now: datetime = NOW
    why: str | None = None
    memory: Memory = field(default_factory=Memory)
    siren: Siren = field(default_factory=Siren)

    def __post_init__(self) -> None:
        self.watch = IntakeWatch(
            paused=lambda: self.why,
            notes=self.memory,
            alarms=Alarms(siren=self.siren, book=self.memory),
            clock=lambda: self.now,
        )

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.watch.tick()
            self.now += SECOND


async def test_a_pause_is_noted_in_the_second_in_which_it_begins_and_ends() -> None:
    stand = Stand()
    await stand.look()
    assert stand.memory.facts["intake"] == {"paused": None, "since": "2026-11-24T12:00:00Z"}
    stand.why = WHY
    await stand.look()
    assert stand.memory.facts["intake"] == {"paused": WHY, "since": "2026-11-24T12:00:01Z"}
    stand.why = None
    await stand.look()
    assert stand.memory.facts["intake"] == {"paused": None, "since": "2026-11-24T12:00:02Z"}
    assert stand.siren.heard == []


async def test_only_a_pause_of_a_minute_is_told_and_only_a_minute_of_work_ends_it() -> None:
    stand = Stand(why=WHY)
    await stand.look(60)
    assert stand.siren.heard == []
    await stand.look(200)
    assert stand.siren.heard == [("trouble", "intake")]
    for _ in range(5):
        stand.why = None
        await stand.look(59)
        stand.why = WHY
        await stand.look(59)
    assert stand.siren.heard == [("trouble", "intake")]
    stand.why = None
    await stand.look(61)
    assert stand.siren.heard == [("trouble", "intake"), ("recovered", "intake")]


async def test_a_database_that_refuses_keeps_no_alarm_back_and_is_told_later() -> None:
    stand = Stand(why="the database stays locked")
    stand.memory.locked = True
    await stand.look(70)
    assert stand.siren.heard == [("trouble", "intake")]
    stand.memory.locked = False
    await stand.look()
    assert stand.memory.facts["intake"]["paused"] == "the database stays locked"


async def test_a_clock_that_is_set_back_begins_anew() -> None:
    stand = Stand(why=WHY)
    await stand.look()
    stand.now -= timedelta(days=1)
    await stand.look(62)
    assert stand.memory.facts["intake"]["since"] == "2026-11-23T12:00:01Z"
    assert stand.siren.heard == [("trouble", "intake")]
