"""Killed anywhere between intent, call and outcome, the next start finishes: once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from sesauditd.store.executions import Executions
from tests.support import feedback as ses
from tests.support.enforcing import Enforcing, enforcing
from tests.support.twins import Failures

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sesauditd.model.execution import Fill, Hold, Outcome, Task


class Killed(BaseException):
    """The end of the process: nothing catches it."""


@dataclass(slots=True)
class Seams:
    """Counts the moments at which a process may die, and dies at one of them."""

    left: int

    @property
    def fired(self) -> bool:
        return self.left <= 0

    def pass_by(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class DyingAws(Failures):
    """Dies before a change reached AWS, or after it did and before the answer came."""

    def __init__(self, seams: Seams) -> None:
        super().__init__()
        self.seams = seams

    @contextmanager
    @override
    def call(self, method: str, *, changes: bool = False) -> Iterator[None]:
        if changes:
            self.seams.pass_by()
        yield
        if changes:
            self.seams.pass_by()


@dataclass(slots=True)
class DyingOutbox:
    """Dies before and after each commit."""

    kept: Executions
    seams: Seams

    async def expire(self, now: datetime) -> int:
        return await self.kept.expire(now)

    async def due(self, now: datetime, limit: int) -> Sequence[Task]:
        return await self.kept.due(now, limit)

    async def together(self, task: Task, now: datetime, limit: int) -> Sequence[Task]:
        return await self.kept.together(task, now, limit)

    async def listed_together(self, task: Task, now: datetime, limit: int) -> Sequence[Task]:
        return await self.kept.listed_together(task, now, limit)

    async def surroundings(self, task: Task, now: datetime) -> Any:
        return await self.kept.surroundings(task, now)

    async def around_blocks(self, tasks: Sequence[Task], now: datetime) -> Any:
        return await self.kept.around_blocks(tasks, now)

    async def begin_blocks(
        self,
        tasks: Mapping[Task, Mapping[str, object]],
        taken: Sequence[Hold],
        places: Mapping[str, int],
        now: datetime,
    ) -> frozenset[str]:
        self.seams.pass_by()
        begun = await self.kept.begin_blocks(tasks, taken, places, now)
        self.seams.pass_by()
        return begun

    async def spill(self, tasks: Sequence[Task], why: str, now: datetime) -> frozenset[str]:
        self.seams.pass_by()
        moved = await self.kept.spill(tasks, why, now)
        self.seams.pass_by()
        return moved

    async def note_fill(self, fill: Fill, now: datetime) -> None:
        await self.kept.note_fill(fill, now)

    async def begin(
        self, task: Task, before: Mapping[str, object], taken: Sequence[Hold], now: datetime
    ) -> bool:
        self.seams.pass_by()
        begun = await self.kept.begin(task, before, taken, now)
        self.seams.pass_by()
        return begun

    async def finish(self, task: Task, outcome: Outcome, now: datetime) -> bool:
        self.seams.pass_by()
        finished = await self.kept.finish(task, outcome, now)
        self.seams.pass_by()
        return finished


async def carried_out_dying(one: Enforcing, at: int) -> bool:
    """Carry out what is due, die at a seam, start again and finish; say whether it died."""
    seams = Seams(at)
    one.mail.failures, one.access.failures = DyingAws(seams), DyingAws(seams)
    one.executor.outbox = DyingOutbox(Executions(one.program.application.database), seams)
    died = False
    try:
        await one.tick()
    except Killed:
        died = True
    one.mail.failures, one.access.failures = Failures(), Failures()
    one.restart()
    await one.tick()
    assert await one.tick() == 0
    return died


FORTH_AND_BACK = [
    pytest.param(
        ("disable", "a.example", "hacked"), ("reinstate", "a.example", "cleaned"), id="disable"
    ),
    pytest.param(("terminate", "k", "ended"), ("restore", "k", "mistaken"), id="terminate"),
    pytest.param(
        ("block", "p@x.example", "a.example", "asked"),
        ("unblock", "p@x.example", "a.example", "asked"),
        id="block",
    ),
]


@pytest.mark.parametrize(("forth", "back"), FORTH_AND_BACK)
async def test_killed_at_any_seam_the_effect_comes_once_and_goes_once(
    tmp_path: Path, forth: tuple[str, ...], back: tuple[str, ...]
) -> None:
    async with enforcing(tmp_path) as one:
        before = one.world()
        await one.decide(*forth)
        await one.tick()
        wanted = one.world()
        await one.decide(*back)
        await one.tick()
        rounds = 1
        died = True
        while died:
            rounds += 1
            await one.settle(hours=1)
            await one.decide(*forth)
            died = await carried_out_dying(one, rounds - 1)
            assert one.world() == wanted, rounds
            await one.settle(hours=1)
            await one.decide(*back)
            await carried_out_dying(one, rounds - 1)
            assert one.world() == before, rounds
        assert rounds > 5
        everything = await one.actions()
        assert {row["state"] for row in everything} == {"reversed", "done"}
        assert all(row["before"] and row["after"] is not None for row in everything)
        assert all(row["attempted_at"] and row["attempts"] >= 1 for row in everything)
        told = [kind for kind, _ in await one.notices()]
        several = 0 if forth[0] == "block" else rounds
        assert all(told.count(kind) in {several, 2 * several} for kind in set(told))


async def test_a_dead_mailbox_is_listed_once_whenever_the_process_dies(tmp_path: Path) -> None:
    died, at = True, 0
    async with enforcing(tmp_path) as one:
        while died:
            at += 1
            address = f"Gone{at}@x.example"
            await one.program.feed([ses.bounce(address, ses.at(1))])
            died = await carried_out_dying(one, at)
            assert one.mail.listed == {address: "BOUNCE"}
            await one.decide("unblock", address.lower(), "a.example", "back")
            await carried_out_dying(one, at)
            assert one.mail.listed == {}
        assert at > 5


async def test_what_stood_before_is_what_the_first_attempt_saw(tmp_path: Path) -> None:
    async with enforcing(tmp_path) as one:
        await one.decide("disable", "a.example", "hacked")
        seams = Seams(3)
        one.mail.failures, one.access.failures = DyingAws(seams), DyingAws(seams)
        with pytest.raises(Killed):
            await one.tick()
        assert one.access.users["site-k"].inline
        assert [row["state"] for row in await one.actions()] == ["attempted"]
        one.mail.failures, one.access.failures = Failures(), Failures()
        one.restart()
        await one.tick()
        (row,) = await one.actions()
        assert row["before"] == {
            "inline:site-k/sesaudit-disable-a.example": None,
            "sending:set-a-example": True,
        }
        assert row["after"]["sending:set-a-example"] is False
