"""The demo tells a true story: the real program comes to the verdicts that it shows."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd import bootstrap
from sesauditd.cli import demonstrate
from sesauditd.config import load
from sesauditd.demo.clock import DemoClock
from sesauditd.demo.folder import prepared
from sesauditd.demo.story import Story
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sesauditd.demo.folder import Setting

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BLOCKS = {"hard_bounce.block", "soft_bounce.block", "complaint.block"}


class Silent:
    """A stage that only remembers what was shown."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self.shown: list[str] = []

    def heading(self, text: str) -> None:
        self.shown.append(text)

    def say(self, text: str) -> None:
        self.shown.append(text)

    def lines(self, texts: Sequence[str]) -> None:
        self.shown += texts

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
        self.shown += [" ".join(map(str, row)) for row in [columns, *rows]]

    @contextmanager
    def progress(self, total: int, what: str) -> Iterator[Callable[[int], None]]:
        done: list[int] = []
        yield done.append
        assert sum(done) == total


async def told(setting: Setting) -> tuple[str, list[dict[str, Any]]]:
    """Play the story; return all that was shown, and the verdicts that it left."""
    stage, clock = Silent(), DemoClock(setting.start)
    settings = load(setting.config, {})
    async with bootstrap.application(settings, clock=clock) as program:
        await Story(program, setting, clock, stage, place="the-demo").play()
    verdicts: list[dict[str, Any]] = json.loads((setting.folder / "verdicts.json").read_text())
    return "\n".join(stage.shown), verdicts


@pytest.mark.parametrize(("seed", "days"), [(1, 28), (2, 42)])
async def test_the_story_ends_as_it_is_told(tmp_path: Path, seed: int, days: int) -> None:
    setting = prepared(tmp_path / "demo", seed=seed, days=days, now=NOW)
    shown, verdicts = await told(setting)
    found = Counter((one["customer"], one["rule"]) for one in verdicts)

    assert {rule for customer, rule in found if customer == "bakery"} < BLOCKS
    assert found["bakery", "soft_bounce.block"] == 1
    assert found["bakery", "hard_bounce.block"] <= 3

    assert found["club", "hard_bounce.warn"] == 1
    assert found["club", "hard_bounce.disable"] == 1
    assert found["club", "complaint.block"] == 1

    assert {rule for customer, rule in found if customer == "friend"} == {
        "hard_bounce.block",
        "hard_bounce.surge",
        "guessing.disable",
        "hard_bounce.disable",
        "complaint.disable",
        "virus.disable",
        "virus.terminate",
    }
    assert found["friend", "virus.terminate"] == 1

    assert {one["state"] for one in verdicts} <= {"proposed", "requested", "cancelled"}
    assert "loses all access" in shown
    assert "nothing was blocked, stopped or ended at Amazon" in shown


async def test_what_the_ending_names_is_there(tmp_path: Path) -> None:
    setting = prepared(tmp_path / "demo", seed=3, days=28, now=NOW)
    await told(setting)
    names = {path.name for path in setting.folder.iterdir()}
    assert {"config.toml", "demo.db", "archive", "report.txt", "report.json"} <= names
    report = json.loads((setting.folder / "report.json").read_text())
    assert [one["name"] for one in report["customers"]] == ["bakery", "club", "friend"]
    pages = (setting.folder / "report.txt").read_text()
    assert all(f"Customer {name}:" in pages for name in ("bakery", "club", "friend"))


def test_the_command_fits_a_page_and_uses_no_colour_in_a_pipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepared(tmp_path / "sesauditd-demo", seed=1, days=28, now=NOW)
    program = Program.made(tmp_path / "program")
    ran = program.run("demo")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 80
    assert "  sesauditd --config sesauditd-demo/config.toml report club" in ran.out
    assert "virus.terminate" in ran.out


@pytest.mark.parametrize(
    ("called", "path", "shown"),
    [
        pytest.param(".venv/bin/sesauditd", "", ".venv/bin/sesauditd", id="by make"),
        pytest.param(".venv/bin/sesauditd", ".venv/bin", "sesauditd", id="on the path"),
        pytest.param("sesauditd/__main__.py", "", "sesauditd", id="as a module"),
    ],
)
def test_the_commands_at_the_end_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, path: str, shown: str
) -> None:
    script = tmp_path / ".venv" / "bin" / "sesauditd"
    script.parent.mkdir(parents=True)
    script.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr("sys.argv", [str(tmp_path / called), "demo"])
    assert demonstrate._called() == shown


def test_a_wrong_option_is_one_line(tmp_path: Path) -> None:
    program = Program.made(tmp_path / "program")
    ran = program.run("demo", "--days", "3", "--folder", str(tmp_path / "demo"))
    assert ran.code == 2
    assert "--days 3" in ran.err
    assert "Traceback" not in ran.err
