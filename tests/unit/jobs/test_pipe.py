"""The pipe watch looks at the queues, the intake and the silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from sesauditd.jobs.alarms import Alarms
from sesauditd.jobs.pipe import PipeWatch, age
from tests.unit.jobs.fakes import NOW, Memory, Reported, Siren
from tests.unit.jobs.test_account import Account

LOOK = timedelta(minutes=5)


@dataclass
class Depth:
    waiting: int = 0
    in_flight: int = 0
    oldest_seconds: float | None = None


@dataclass
class Queue:
    now: Depth = field(default_factory=Depth)

    async def depth(self, now: datetime | None = None) -> Depth:
        return self.now


@dataclass
class Aws:
    sent: float = 0

    async def account(self) -> Account:
        return Account(sent_24h=self.sent)


@dataclass
class Pipe:
    """A watch with everything that it looks at."""

    aws: Aws = field(default_factory=Aws)
    queue: Queue = field(default_factory=Queue)
    dead_letters: Queue | None = field(default_factory=Queue)
    memory: Memory = field(default_factory=Memory)

    async def look(self, reported: Reported | Alarms, now: datetime = NOW) -> None:
        await PipeWatch(
            accounts=self.aws,
            queue=self.queue,
            dead_letters=self._found,
            memory=self.memory,
            alarms=reported,
        ).run(now)

    async def _found(self) -> Queue | None:
        return self.dead_letters


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (Depth(), [None]),
        (Depth(waiting=3, oldest_seconds=900), [None]),
        (Depth(waiting=3, oldest_seconds=901), ["late"]),
        (Depth(waiting=3), []),
    ],
    ids=["empty", "15 minutes", "more", "age not known"],
)
def test_messages_that_wait_too_long(depth: Depth, expected: list[str | None]) -> None:
    assert [one.state for one in age(depth)] == expected


@pytest.mark.parametrize(
    ("seconds", "before", "expected"),
    [
        (900, None, None),
        (901, None, "late"),
        (451, "late", "late"),
        (450, "late", None),
    ],
)
def test_a_queue_that_was_late_is_so_until_half_of_the_limit(
    seconds: float, before: str | None, expected: str | None
) -> None:
    (found,) = age(Depth(waiting=1, oldest_seconds=seconds), timedelta(minutes=15), before)
    assert found.state == expected


async def test_one_look_reports_everything() -> None:
    pipe, reported = Pipe(memory=Memory(last=NOW)), Reported()
    await pipe.look(reported)
    assert reported.states == dict.fromkeys(["queue_age", "dead_letters", "dead_pipe"])


async def test_dead_letters_are_trouble() -> None:
    pipe, reported = Pipe(), Reported()
    pipe.dead_letters = Queue(Depth(waiting=2))
    await pipe.look(reported)
    assert reported.states["dead_letters"] == "some"


async def test_a_queue_without_dead_letters_is_looked_at_all_the_same() -> None:
    reported = Reported()
    await Pipe(dead_letters=None).look(reported)
    assert "dead_letters" not in reported.states


async def test_a_dead_pipe_is_told_once_and_its_recovery_once_across_restarts() -> None:
    pipe, siren = Pipe(memory=Memory(last=NOW)), Siren()
    for number in range(100):
        pipe.aws.sent = float(number)
        restarted = Alarms(siren=siren, book=pipe.memory)
        await pipe.look(restarted, NOW + number * LOOK)
    assert siren.heard == [("trouble", "dead_pipe")]
    later = NOW + 100 * LOOK
    pipe.memory.last = later
    for _ in range(3):
        await pipe.look(Alarms(siren=siren, book=pipe.memory), later)
    assert siren.heard == [("trouble", "dead_pipe"), ("recovered", "dead_pipe")]


async def test_a_daemon_that_comes_back_does_not_take_a_dead_pipe_for_a_mended_one() -> None:
    pipe, siren = Pipe(memory=Memory(last=NOW)), Siren()
    for number in range(100):
        pipe.aws.sent = float(number)
        await pipe.look(Alarms(siren=siren, book=pipe.memory), NOW + number * LOOK)
    for number in range(3):
        back = NOW + timedelta(days=2) + number * LOOK
        await pipe.look(Alarms(siren=siren, book=pipe.memory), back)
    assert siren.heard == [("trouble", "dead_pipe")]
