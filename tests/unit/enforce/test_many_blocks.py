"""Three thousand blocks at one call a second: they end, survive kills, and starve nobody."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from sesauditd.store import tables
from tests.support import feedback as ses
from tests.support.enforcing import Enforcing, enforcing
from tests.support.twins import Failures

if TYPE_CHECKING:
    from pathlib import Path

SECOND = timedelta(seconds=1)
SOME = pytest.param(50, id="50 blocks")
ALL = pytest.param(3000, id="3000 blocks", marks=pytest.mark.slow)


class Killed(BaseException):
    """The end of the process: nothing catches it."""


class Paced(Failures):
    """AWS that answers one call a second of the story, and kills at some of them."""

    def __init__(self, one: Enforcing, *, kill_at: frozenset[int] = frozenset()) -> None:
        super().__init__()
        self.one = one
        self.kill_at = kill_at

    @contextmanager
    @override
    def call(self, method: str, *, changes: bool = False) -> Iterator[None]:
        self.one.program.now[0] += SECOND
        with super().call(method, changes=changes):
            yield
            if len(self.calls) in self.kill_at:
                raise Killed


async def ask(one: Enforcing, count: int) -> list[str]:
    """Ask for blocks of two customers, and for a stop that comes last."""
    people = [f"person-{number:04d}@company.example" for number in range(count)]
    async with one.program.application.deciding("operator:test") as decisions:
        for number, person in enumerate(people):
            domain = "other.example" if number % 3 == 0 else "a.example"
            await decisions.block(person, domain, "asked")
        await decisions.disable("b.example", "hacked")
    return people


def named(one: Enforcing) -> list[str]:
    """Return everybody whom some policy denies."""
    found: list[str] = []
    for document in one.access.policies.values():
        statement: Any = document["Statement"][0]
        for condition in statement["Condition"].values():
            found += condition["ses:Recipients"]
    return sorted(found)


async def states(one: Enforcing) -> Counter[str]:
    return Counter(state for _, state in await one.states())


@pytest.mark.parametrize("count", [SOME, ALL])
async def test_they_end_within_the_hour_and_the_stop_goes_first(tmp_path: Path, count: int) -> None:
    async with enforcing(tmp_path) as one:
        people = await ask(one, count)
        one.access.failures = one.mail.failures = paced = Paced(one)
        began = one.program.now[0]
        await one.tick()
        assert one.program.now[0] - began < timedelta(hours=1)
        assert len(paced.calls) < 60 + count / 2
        assert sorted([*named(one), *one.mail.listed]) == people
        assert await states(one) == {"done": count + 1}
        assert set(paced.changes[:2]) == {"put_inline", "set_sending"}


@pytest.mark.parametrize("count", [SOME, ALL])
async def test_killed_again_and_again_each_is_set_once(tmp_path: Path, count: int) -> None:
    async with enforcing(tmp_path) as one:
        people = await ask(one, count)
        deaths = 0
        for kill_at in (3, 9, 11, 14, 17):
            one.access.failures = one.mail.failures = Paced(one, kill_at=frozenset({kill_at}))
            try:
                await one.tick()
            except Killed:
                deaths += 1
            one.restart()
        one.access.failures = one.mail.failures = Paced(one)
        await one.tick()
        assert deaths > 2
        assert sorted([*named(one), *one.mail.listed]) == people
        assert await states(one) == {"done": count + 1}
        spread = Counter(row["shard"] is None for row in await blocks(one))
        assert spread[False] == len(named(one))


@pytest.mark.parametrize("count", [SOME, ALL])
async def test_feedback_is_recorded_while_they_are_set(tmp_path: Path, count: int) -> None:
    async with enforcing(tmp_path) as one:
        await ask(one, count)
        working = asyncio.create_task(one.tick())
        waits = []
        number = 0
        while not working.done() or number < 3:
            number += 1
            began = time.monotonic()
            await one.program.feed([ses.delivery(f"p{number}@x.example", ses.at(1))])
            waits.append(time.monotonic() - began)
        await working
        assert max(waits) < 5
        assert await states(one) == {"done": count + 1}


async def blocks(one: Enforcing) -> list[dict[str, Any]]:
    return await one.rows(tables.blocks, tables.blocks.c.action)
