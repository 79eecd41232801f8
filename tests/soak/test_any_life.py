"""Real daemons in any order of mail, orders, faults and deaths, for minutes: the promises hold.

tests/live/test_any_fault.py plays many more stories, in one process and between twins; these have
real processes, signals and files, and a sandbox that answers over the wire.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from moto.sqs.models import sqs_backends

from tests.live.test_failpoints import MAIL, OCCASIONS, ORDER, Lives
from tests.support import oracles
from tests.support.daemons import stage
from tests.support.locking import locked

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.daemons import Daemon, Stage

SEED = int(os.environ.get("SESAUDITD_SOAK_SEED") or secrets.randbits(32))
"""Another at each run, unless the environment asks for one that was printed."""
SECONDS = float(os.environ.get("SESAUDITD_SOAK_SECONDS") or 300)
STEPS = 12
LONGEST_SECONDS = 3.0
"""For which a step lets the daemon work."""
SHOP, CLUB = "shop.example", "club.example"
POINTS = sorted(name for name, occasion in OCCASIONS.items() if occasion in {MAIL, ORDER})
SERVICES = ("s3", "sqs", "iam", "sesv2")
ACTIONS = ("error", "throttle", "reset", "lose_answer")


@dataclass(slots=True)
class Story:
    """What happens to one installation, drawn from a seed."""

    lives: Lives
    draw: random.Random
    daemon: Daemon | None = None
    steps: list[str] = field(default_factory=list)

    @property
    def live(self) -> Stage:
        return self.lives.live

    def run(self) -> None:
        """Take the steps, let everything go right, and ask the oracles."""
        for _ in range(STEPS):
            step = self.draw.choice(list(RULES))
            self.steps.append(step)
            RULES[step](self)
            times = Counter(self.live.notice_ids())
            assert [one for one, sent in times.items() if sent > 1] == []
        self.heal()
        self.kill()
        oracles.hold(self.live, self.live.daemon(), SHOP)

    def mail(self) -> None:
        self.lives.mail()

    def order(self) -> None:
        self.lives.order()

    def work(self) -> None:
        self.start()
        time.sleep(self.draw.uniform(0, LONGEST_SECONDS))

    def start(self) -> None:
        if self.living() is None:
            self.daemon = self.live.daemon()

    def living(self) -> Daemon | None:
        """Return the daemon if there is one that lives, as systemd would look before a start."""
        if self.daemon is not None and (code := self.daemon.process.poll()) is not None:
            # At a start it asks AWS who it is, and ends in one line if nobody answers.
            one_line = len(self.daemon.said().splitlines()) == 1
            assert code == -signal.SIGKILL or (code == 1 and one_line), self.daemon.tail()
            self.kill()
        return self.daemon

    def working(self) -> Daemon | None:
        """Return the daemon if it has come so far that it heeds signals."""
        daemon = self.living()
        return daemon if daemon is not None and daemon.log("daemon_ready") else None

    def kill(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon = None
        self.live.forget_receipts()

    def end(self) -> None:
        if (daemon := self.working()) is not None:
            code = daemon.stop()
            assert code in {0, -signal.SIGKILL}, daemon.tail()
            self.kill()

    def reload(self) -> None:
        if (daemon := self.working()) is not None:
            daemon.process.send_signal(signal.SIGHUP)

    def die(self) -> None:
        """Work with something to do until a point is reached, or for a while if it is not."""
        self.kill()
        point = self.draw.choice(POINTS)
        self.steps[-1] += f" at {point}"
        OCCASIONS[point](self.lives)
        self.daemon = self.live.daemon(f"{point}:{self.draw.randint(1, 3)}")
        try:
            code = self.daemon.process.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            # It keeps its point, and may die there at any later step.
            return
        assert code == -signal.SIGKILL, self.daemon.tail()
        self.kill()

    def fail(self) -> None:
        fault = {
            "service": self.draw.choice(SERVICES),
            "action": self.draw.choice(ACTIONS),
            "nth": self.draw.randint(1, 3),
            "times": self.draw.choice([1, 2, 0]),
        }
        self.steps[-1] += f" {fault}"
        self.live.ask("POST", "faults", fault)

    def heal(self) -> None:
        self.live.ask("DELETE", "faults")

    def lock(self) -> None:
        with locked(self.live.folder / "test.db"):
            time.sleep(self.draw.uniform(0, LONGEST_SECONDS))


RULES: dict[str, Callable[[Story], None]] = {
    one.__name__: one
    for one in (
        Story.mail,
        Story.order,
        Story.work,
        Story.start,
        Story.kill,
        Story.end,
        Story.reload,
        Story.die,
        Story.fail,
        Story.heal,
        Story.lock,
    )
}


def told(folder: Path, seed: int) -> int:
    """Play one story; return how many steps it had, and tell them if a promise breaks."""
    with (
        pytest.MonkeyPatch.context() as patch,
        stage(folder, patch, {SHOP: "shop", CLUB: "club"}) as live,
    ):
        live.mailboxes({"address": "*@gone.example", "answer": "hard", "status": "5.7.1"})
        name = live.furnished.queue_url.rsplit("/", 1)[-1]
        queue = sqs_backends[live.furnished.account_id][live.furnished.region].get_queue(name)
        # The deaths are ours: nothing may be given up because of them.
        assert queue.redrive_policy is not None
        queue.redrive_policy["maxReceiveCount"] = 1000
        story = Story(Lives(live), random.Random(seed))
        try:
            story.run()
        except BaseException as error:
            error.add_note(f"seed {seed}: {'; '.join(story.steps)}")
            raise
        return len(story.steps)


def test_no_order_of_faults_and_deaths_breaks_a_promise(tmp_path: Path) -> None:
    ends_at = time.monotonic() + SECONDS
    stories = steps = 0
    while time.monotonic() < ends_at:
        sys.stdout.write(f"\nseed {SEED + stories}")
        sys.stdout.flush()
        steps += told(tmp_path / str(stories), SEED + stories)
        stories += 1
    sys.stdout.write(f"\n{stories} stories of real processes, {steps} steps\n")
