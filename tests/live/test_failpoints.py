"""Real daemons are killed at every point that the code names, one after the other.

Each life is given the occasions that its point needs, and has to die there. In the end one that
nothing kills finishes what they left, and the oracles look at archive, store and AWS.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from sesauditd.bootstrap import now
from sesauditd.bootstrap.program import application
from sesauditd.config.reading import load
from sesauditd.errors import SesauditdError
from tests.support import oracles
from tests.support.daemons import TAKEN
from tests.support.failpoints import in_the_code

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.daemons import Stage
    from tests.support.nursery import Child

SHOP, CLUB = "shop.example", "club.example"
ROOT = Path(__file__).parents[2]
OCCASION_SECONDS = 6.0
"""After which a life that has not met its point is given one more occasion."""
HEARD = "heard.jsonl"
"""What the road for alarms was told, a line each."""
TOLD = "SELECT id FROM notices WHERE alerted_at IS NOT NULL"
STILL_HELD = """
SELECT name FROM observations
WHERE name = 'rebuilt' AND json_extract(facts, '$.reconciled_at') IS NULL
"""
WEEKS = 4
"""For so long the daemon has been there, says the store: days and weeks are owed."""


@dataclass(slots=True)
class Lives:
    """A stage on which daemons die, and what gives each of them something to do."""

    live: Stage
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def mail(self) -> None:
        """Send mail that arrives and mail that comes back: events, a verdict, a block."""
        number = next(self.numbers)
        assert self.live.mail(SHOP, f"p{number}@good.example") == TAKEN
        assert self.live.mail(SHOP, f"p{number}@gone.example") == TAKEN
        self.live.tell()

    def order(self) -> None:
        """Ask for a block, and for a stop or its end: writes at IAM and SES, notices to both."""
        asyncio.run(self._decided(next(self.numbers)))

    async def _decided(self, number: int) -> None:
        settings = load(self.live.folder / "config.toml", {})
        async with (
            application(settings) as program,
            program.deciding("operator:test") as decisions,
        ):
            await decisions.block(f"p{number}@unloved.example", SHOP, "asked")
            # Who has just died may not have got as far as what this would undo.
            with suppress(SesauditdError):
                await (decisions.reinstate if number % 2 else decisions.disable)(CLUB, "asked")

    def owe(self) -> None:
        """Let the jobs of some weeks be owed again, as after a crash before they were marked."""
        self._noted("first_run", {}, now() - timedelta(weeks=WEEKS), "DELETE FROM periods")

    def hold(self) -> None:
        """Let the database be one that was just rebuilt, so that AWS has to be compared first."""
        self._noted("rebuilt", {"at": now().isoformat()}, now(), "SELECT 1")

    def _noted(self, name: str, facts: Mapping[str, str], at: datetime, also: str) -> None:
        with closing(sqlite3.connect(self.live.folder / "test.db", timeout=30)) as connection:
            connection.execute(also)
            connection.execute(
                "INSERT OR REPLACE INTO observations (name, facts, at) VALUES (?, ?, ?)",
                (name, json.dumps(facts), int(at.timestamp() * 1_000_000)),
            )
            connection.commit()

    def unheard(self) -> set[str]:
        """Return the notices to operators that the road was to be told of, and was not."""
        file = self.live.folder / HEARD
        lines = file.read_text().splitlines() if file.exists() else []
        heard = {json.loads(line)["details"].get("notice") for line in lines}
        return {row["id"] for row in self.live.rows(TOLD)} - heard

    def die_at(self, failpoint: str, times: int) -> None:
        """Run a daemon until it is killed at its point, and let its messages be seen again."""
        give = OCCASIONS[failpoint]
        give(self)
        daemon = self.live.daemon(f"{failpoint}:{times}")
        while (code := _ended(daemon.process, OCCASION_SECONDS)) is None:
            if give not in ONCE:
                give(self)
        assert code == -signal.SIGKILL, f"{failpoint}: ended with {code}\n{daemon.tail()}"
        self.live.forget_receipts()


Occasion: TypeAlias = Callable[[Lives], None]
MAIL: Occasion = Lives.mail
ORDER: Occasion = Lives.order
OWE: Occasion = Lives.owe
HOLD: Occasion = Lives.hold
ONCE = (OWE, HOLD)
"""What is there for all of a life, so that it is not given twice."""
OCCASIONS: Mapping[str, Occasion] = {
    "intake.received": MAIL,
    "intake.archived": MAIL,
    "store.recording": MAIL,
    "intake.recorded": MAIL,
    "intake.acknowledged": MAIL,
    "jobs.rolled_up": OWE,
    "jobs.enforced": OWE,
    "jobs.digested": OWE,
    "jobs.shadow_digested": OWE,
    "jobs.summarised": OWE,
    "jobs.reconciled": OWE,
    "jobs.horizon_raised": OWE,
    "jobs.backed_up": OWE,
    "backup.copied": OWE,
    "backup.checked": OWE,
    "nightly.packed": OWE,
    "nightly.stored": OWE,
    # Before the others, whose notices to operators become a digest that has an hour.
    "alert.sent": ORDER,
    "journal.kept": ORDER,
    "executor.intended": ORDER,
    "executor.called": ORDER,
    "executor.recorded": ORDER,
    "notice.attempted": ORDER,
    "notice.sent": ORDER,
    "notice.recorded": ORDER,
    "rebuild.compared": HOLD,
}
"""Where a daemon dies, and what brings it there."""
SELDOM = ("backup.", "nightly.", "rebuild.", "alert.")
ONCE_A_LIFE = {one for one in OCCASIONS if one.startswith(SELDOM)}
"""A copy is made of the last night alone, AWS is compared once, a road hears of what is new.

There so many lives die in a row.
"""
A_SAMPLE = ("intake.archived", "jobs.enforced", "executor.called", "notice.sent")


@pytest.fixture
def lives(live: Stage) -> Lives:
    live.mailboxes({"address": "*@gone.example", "answer": "hard", "status": "5.7.1"})
    # A road for alarms; it is told of every notice to operators.
    road = json.dumps(["sh", "-c", f"tail -n 1 >> {live.folder / HEARD}"])
    with (live.folder / "config.toml").open("a") as config:
        config.write(f'[alerts]\ncommand = {road}\ncommand_from = "info"\n')
    return Lives(live)


def _ended(child: Child, seconds: float) -> int | None:
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def survived(lives: Lives, failpoints: tuple[str, ...], times: int) -> None:
    """Die at each point, let one live, and ask the oracles."""
    for failpoint in failpoints:
        if failpoint in ONCE_A_LIFE:
            for _ in range(times):
                lives.die_at(failpoint, 1)
        else:
            lives.die_at(failpoint, times)
    daemon = lives.live.daemon()
    oracles.hold(lives.live, daemon, SHOP)
    daemon.until(lambda: not lives.live.rows(STILL_HELD), "the comparison with AWS")
    daemon.until(lambda: not lives.live.count("alerts"), "the road to have taken everything")
    assert lives.unheard() == set()


def test_every_point_of_the_code_is_one_that_a_test_dies_at() -> None:
    points = in_the_code()
    assert OCCASIONS.keys() <= points
    files = (ROOT / "tests").rglob("test_*.py")
    tests = "".join(path.read_text() for path in files if path != Path(__file__))
    assert {one for one in points - OCCASIONS.keys() if f'"{one}' not in tests} == set()


def test_a_sample_of_deaths_leaves_everything_once(lives: Lives) -> None:
    survived(lives, A_SAMPLE, 1)


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_death_at_every_point_leaves_everything_once(lives: Lives, times: int) -> None:
    survived(lives, tuple(OCCASIONS), times)
