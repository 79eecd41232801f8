"""The demo tells a true story: the real program comes to the verdicts that it shows."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd import bootstrap
from sesauditd.config import load
from sesauditd.demo import notifications
from sesauditd.demo.story import Clock, play, prepared
from sesauditd.demo.world import week_of_mail
from sesauditd.errors import Refused
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
MONDAY = datetime(2026, 10, 26, tzinfo=UTC)


class Silent:
    """A stage that only remembers what was said."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self.said: list[str] = []

    def say(self, text: str) -> None:
        """Remember a paragraph."""
        self.said.append(text)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
        """Remember a table."""
        self.said += [title, *(" ".join(map(str, row)) for row in [columns, *rows])]

    @contextmanager
    def progress(self, total: int, what: str) -> Iterator[Callable[[int], None]]:
        """Show nothing."""
        del total, what
        yield lambda _: None


@pytest.mark.parametrize("days", [28, 42])
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_story_ends_as_it_is_told(tmp_path: Path, seed: int, days: int) -> None:
    setting = prepared(tmp_path / "demo", seed=seed, days=days, now=NOW)
    clock, stage = Clock(setting.start), Silent()
    settings = load(setting.folder / "config.toml", {})
    async with bootstrap.application(settings, clock=clock) as program:
        await play(program, setting, clock, stage)
        documents = await program.verdict_documents()
    ends = Counter((one["customer"], one["rule"]) for one in documents)
    assert {rule for customer, rule in ends if customer == "bakery"} == {
        "hard_bounce.block",
        "soft_bounce.block",
        "complaint.block",
    }
    assert ends["club", "hard_bounce.warn"] == 1
    assert ends["club", "hard_bounce.disable"] == 1
    assert ends["friend", "virus.disable"] == 1
    assert ends["friend", "guessing.disable"] == 1
    assert ends["friend", "virus.terminate"] == 1
    assert "access ends on all domains" in "\n".join(stage.said)


def test_one_seed_makes_one_world() -> None:
    def week(seed: int) -> list[tuple[datetime, str]]:
        return week_of_mail(random.Random(seed), MONDAY, 0, 4).mixed()

    assert week(1) == week(1)
    assert week(1) != week(2)


def test_only_the_planted_garbage_is_unreadable(tmp_path: Path) -> None:
    program = Program.made(tmp_path / "program")
    bag = week_of_mail(random.Random(1), MONDAY, 0, 4)
    notifications.archive(tmp_path / "raw", bag.mixed())
    ran = program.run("replay", str(tmp_path / "raw"), "--json")
    assert ran.json["quarantined"] == 1
    assert ran.json["ignored"] == 1
    assert ran.json["read"] == len(bag.bodies)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Refused, match="not a former demo"):
        prepared(tmp_path, seed=1, days=28, now=NOW)
    assert (tmp_path / "thesis.txt").exists()


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "thesis.txt"
    file.write_text("years of work")
    with pytest.raises(Refused, match="not a former demo"):
        prepared(file, seed=1, days=28, now=NOW)
    assert file.read_text() == "years of work"


def test_a_story_needs_four_weeks(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="--days"):
        prepared(tmp_path / "demo", seed=1, days=7, now=NOW)


def test_the_command_ends_well_twice(tmp_path: Path) -> None:
    program = Program.made(tmp_path / "program")
    runs = [program.run("demo", "--headless", "--folder", str(tmp_path / "demo")) for _ in range(2)]
    assert [ran.code for ran in runs] == [0, 0]
    assert all("virus.terminate" in ran.out for ran in runs)
