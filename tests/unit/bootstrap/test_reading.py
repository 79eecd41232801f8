"""What the dashboard keeps of what it counted: the figures stay right, and few are kept."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from sesauditd.bootstrap import reading
from sesauditd.bootstrap.reading import Reader
from sesauditd.config import load, policies_of
from sesauditd.store.engine import Database
from tests.support import feedback
from tests.support.dashboards import NOW, busy
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def reader(program: Program) -> AsyncIterator[Reader]:
    settings = load(program.folder / "config.toml", {})
    database = Database.open(settings.database.url)
    found = Reader(
        database=database,
        settings=settings,
        policies=policies_of(settings),
        clock=lambda: NOW,
        machine_clock=lambda: NOW,
    )
    try:
        yield found
    finally:
        await found.close()
        await database.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    found = Program.made(tmp_path_factory.mktemp("busy"))
    busy(found)
    return found


async def test_what_was_counted_aside_is_what_a_look_counts(program: Program) -> None:
    async with reader(program) as warm, reader(program) as cold:
        await warm.rank()
        await warm.warm_up()
        for name in ("bakery", "club", "growth"):
            assert await warm.customer(name) == await cold.customer(name)
            assert await warm.domain(f"{name}.example") == await cold.domain(f"{name}.example")


async def test_the_ranking_follows_what_is_recorded(program: Program) -> None:
    async with reader(program) as books:
        assert await books.start() is None
        assert await books.ranking() is None
        await books.rank()
        before = await books.ranking()
        more = [feedback.send("new@x.example", feedback.at(6), domain="club.example")]
        await asyncio.to_thread(program.replay, more, "more.jsonl")
        await books.rank()
        after = await books.ranking()
    assert before is not None
    assert after is not None
    mailed = [{one.customer: one.mailed for one in found[0].standings} for found in (before, after)]
    assert mailed[1] == {**mailed[0], "club": mailed[0]["club"] + 1}


async def test_only_those_looked_at_last_are_kept(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SUBJECTS_KEPT", 2)
    monkeypatch.setattr(reading, "QUICK_SECONDS", 0.0)
    async with reader(program) as books:
        club = await books.customer("club")
        await books.customer("growth")
        assert await books.customer("club") is club
        await books.customer("bakery")
        assert await books.customer("club") is club
        growth = await books.customer("growth")
        assert await books.customer("growth") is growth
        assert await books.customer("bakery") is not None
        assert await books.customer("club") is not club


async def test_other_looks_are_answered_while_all_are_counted(program: Program) -> None:
    async with reader(program) as books:
        counting = asyncio.create_task(books.rank())
        await asyncio.sleep(0)
        assert (await books.frame()).now == NOW
        assert await books.customer("club")
        await counting
        assert await books.start() is not None
