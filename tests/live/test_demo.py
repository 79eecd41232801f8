"""The demo tells a true story: the real program comes to the verdicts, and carries them out."""

from __future__ import annotations

import email
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.cli import demonstrate
from sesauditd.demo.folder import prepared
from tests.support.program import Program, Ran

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
BLOCKS = {"hard_bounce.block", "soft_bounce.block", "complaint.block"}


@dataclass(frozen=True)
class Told:
    """The story as it was told once."""

    ran: Ran
    folder: Path

    @property
    def verdicts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.folder / "verdicts.json").read_text())
        return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("story")
    program = Program.made(folder / "program")
    return Told(
        program.run("demo", "--headless", "--folder", str(folder / "demo")), folder / "demo"
    )


def test_it_ends_well(told: Told) -> None:
    assert told.ran.code == 0, told.ran.err
    assert told.ran.err == ""


def test_the_story_ends_as_it_is_told(told: Told) -> None:
    found = Counter((one["customer"], one["rule"]) for one in told.verdicts)
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
    assert "loses all access" in told.ran.out


def test_what_was_decided_was_done(told: Told) -> None:
    states = {one["state"] for one in told.verdicts}
    assert states <= {"executed", "reversed"}, states


def test_every_trial_holds(told: Told) -> None:
    trials = told.ran.out.partition("Does it hold?")[2].partition("Who got what")[0]
    assert trials.count(" yes") == 10
    assert trials.count("equal, to the last key") == 3
    assert "535 Authentication" in trials
    assert "NO" not in trials.split()


def test_the_customers_were_told(told: Told) -> None:
    mails = [email.message_from_bytes(one.read_bytes()) for one in (told.folder / "mail").iterdir()]
    readers = Counter(str(mail["To"]) for mail in mails)
    assert readers["max@supergrowth-privat.example"] >= 6
    assert readers["vorstand@ruderclub-privat.example"] >= 4
    assert {str(mail["Auto-Submitted"]) for mail in mails} == {"auto-generated"}
    names = [str(mail["Message-ID"]) for mail in mails]
    assert len(set(names)) == len(names)


def test_every_notice_was_sent_and_no_trouble_was_met(told: Told) -> None:
    with closing(sqlite3.connect(told.folder / "demo.db")) as database:
        notices = database.execute("SELECT kind, state, outcome FROM notices").fetchall()
        alarms = database.execute(
            "SELECT name, facts FROM observations WHERE name LIKE 'alarm:%'"
        ).fetchall()
    # What is many for operators within an hour comes in one mail: those are folded into it.
    assert {state for _, state, _ in notices} <= {"sent", "folded"}, notices
    standing = {name for name, facts in alarms if json.loads(facts)["state"] is not None}
    # What Max did shows in the account's own rates, and stays there for a while.
    assert standing == {"alarm:reputation_bounce", "alarm:reputation_complaint"}


def test_what_the_ending_names_is_there(told: Told) -> None:
    names = {path.name for path in told.folder.iterdir()}
    assert {"config.toml", "demo.db", "archive", "mail"} <= names
    assert {"report.txt", "report.json", "report.html"} <= names
    report = json.loads((told.folder / "report.json").read_text())
    assert [one["name"] for one in report["customers"]] == ["bakery", "club", "friend"]
    pages = (told.folder / "report.txt").read_text()
    assert all(f"Customer {name}:" in pages for name in ("bakery", "club", "friend"))


def test_it_stays_within_what_the_sandbox_carries(told: Told) -> None:
    replayed = Program.made(told.folder.parent / "again")
    ran = replayed.run("replay", str(told.folder / "archive"), "--json")
    assert ran.code == 0, ran.err
    assert 700 <= ran.json["read"] <= 1200


def test_it_fits_a_page_and_uses_no_colour_in_a_pipe(told: Told) -> None:
    assert "\x1b" not in told.ran.out
    # How long the folder's name is, is the reader's own choice.
    lines = [one for one in told.ran.out.splitlines() if str(told.folder) not in one]
    assert max(map(len, lines)) <= 80


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


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "days"), [(2, 28), (3, 42)])
def test_another_month_ends_alike(tmp_path: Path, seed: int, days: int) -> None:
    folder = tmp_path / "demo"
    program = Program.made(tmp_path / "program")
    options = ("--seed", str(seed), "--days", str(days), "--folder", str(folder))
    ran = program.run("demo", "--headless", *options)
    assert ran.code == 0, ran.err
    assert "loses all access" in ran.out
    assert prepared(folder, seed=seed, days=days, now=NOW).config.exists()
