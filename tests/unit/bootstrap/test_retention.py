"""An installation that has forgotten: its archive brings nothing back, and all else still fits."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.store.compare import compare
from sesauditd.store.retention import OldEvents
from tests.support.archiving import Days, days
from tests.support.databases import rows_of
from tests.support.feedback import at, complaint, delivery
from tests.support.lost import A, rebuilt, week_of_mail
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

COUNTED = ("rollups", "strikes", "deliveries", "reached", "standings", "verdicts", "actions")
LATE = delivery("late@x.example", at(1, 9))


async def forgot(one: Days) -> None:
    """Mail for six days, forget the first three of them, and hear of those again."""
    await one.adopt(A, "anna")
    mail = [week_of_mail(A, day) for day in range(6)]
    for day in range(6):
        await one.receive(mail[day], at(day, 13))
    one.moment = at(6, 0, 31)
    old = OldEvents(one.program.database)
    assert await old.raise_horizon(timedelta(days=3), one.moment) == at(3, 0)
    while await old.forget(50, one.moment):
        pass
    news = [LATE, *mail[0], complaint("slow@z.example", at(6, 8), domain=A)]
    counted = await one.receive(news, at(6, 9))
    assert (counted.recorded, counted.ignored, counted.read) == (1, 29, 36)
    await one.judge(at(7, 3))
    one.moment = at(7, 4)
    await one.copy_journal()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return such an installation."""

    async def live(folder: Path) -> None:
        async with days(folder, at(0)) as one:
            await forgot(one)

    folder = tmp_path_factory.mktemp("forgot") / "it"
    asyncio.run(live(folder))
    return folder


@pytest.fixture
def forgetful(once: Path, tmp_path: Path) -> Path:
    """Return a copy of it that a test may change."""
    folder = tmp_path / "it"
    shutil.copytree(once, folder)
    config = folder / "config.toml"
    config.write_text(config.read_text().replace(str(once), str(folder)))
    return folder


def tuples(file: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds."""
    return [tuple(row) for row in rows_of(file, query)]


def counted(folder: Path) -> dict[str, list[Any]]:
    """Return all that was counted and decided."""
    return {name: tuples(folder / "test.db", f"SELECT * FROM {name}") for name in COUNTED}  # noqa: S608


def test_only_strikes_are_left_of_the_days_before(forgetful: Path) -> None:
    by_day = tuples(
        forgetful / "test.db",
        "SELECT (at / 86400000000) - (SELECT min(at) FROM events) / 86400000000, "
        "count(*), sum(kind = 'Bounce') FROM events GROUP BY 1",
    )
    assert by_day == [
        (0, 6, 5),
        (1, 6, 5),
        (2, 6, 5),
        (3, 34, 5),
        (4, 34, 5),
        (5, 34, 5),
        (6, 1, 0),
    ]
    counts = "SELECT count(DISTINCT hour / 24), sum(outcome = 'delivered') FROM rollups"
    assert tuples(forgetful / "test.db", counts) == [(7, 6)]


def test_a_replay_of_the_whole_archive_counts_nothing_twice(forgetful: Path) -> None:
    before = counted(forgetful)
    ran = Program(forgetful).run("replay", str(forgetful / "archive" / "raw"), "--json")
    assert ran.json == {
        "read": 240,
        "recorded": 0,
        "duplicates": 127,
        "quarantined": 0,
        "ignored": 113,
    }
    assert counted(forgetful) == before


def test_a_rebuild_refuses_what_was_refused_and_says_the_same(forgetful: Path) -> None:
    document = rebuilt(forgetful)
    assert document["not_played"] == []
    found = compare(forgetful / "test.db", forgetful / "again.db", lambda _rows: None)
    assert found.first == []
    assert found.rows["events"] == 205
    unheard = "SELECT count(*) FROM event_recipients WHERE recipient = 'late@x.example'"
    assert tuples(forgetful / "again.db", unheard) == [(0,)]


def test_what_was_forgotten_is_nothing_that_a_verification_misses(forgetful: Path) -> None:
    ran = Program(forgetful).run("db", "verify", "--from", str(forgetful / "archive"), "--json")
    assert ran.code == 0, ran.out
    assert ran.json["findings"] == []


def test_a_day_of_before_says_that_its_events_are_gone(forgetful: Path) -> None:
    before = counted(forgetful)
    ran = Program(forgetful).run("rollup", "--day", f"{at(1):%Y-%m-%d}")
    assert "0 mended.\nIts events are older than retention.events_days" in ran.out
    assert counted(forgetful) == before


@pytest.mark.parametrize(("day", "says"), [(2, True), (3, False)])
def test_a_simulation_says_from_when_on_events_are_kept(
    forgetful: Path, day: int, *, says: bool
) -> None:
    asked = (
        "policy",
        "simulate",
        "--policy",
        "policy-strict.toml",
        "--since",
        f"{at(day, 0):%FT%TZ}",
    )
    document = Program(forgetful).run(*asked, "--json").json
    assert document["events_since"] == (f"{at(3, 0):%FT%TZ}" if says else None)
    assert ("events are forgotten" in Program(forgetful).run(*asked).out) is says


@pytest.mark.parametrize(
    ("written", "code"),
    [("events_days = 378", 2), ("events_days = 379", 0), ("events_days = 104", 2)],
)
def test_a_retention_shorter_than_the_policy_looks_back_is_refused(
    tmp_path: Path, written: str, code: int
) -> None:
    program = Program.made(tmp_path)
    with (tmp_path / "config.toml").open("a") as file:
        file.write(f"[retention]\n{written}\n")
    ran = program.run("rollup")
    assert ran.code == code
    assert len(ran.err.splitlines()) == (1 if code else 0)
    assert (
        "looks back 365 days, and an event may come 14 days late, so the least is 379" in ran.err
    ) is bool(code)
