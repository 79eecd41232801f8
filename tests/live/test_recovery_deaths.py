"""Commands that make good what was lost are killed on their way; given again, they end it."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.utils import unix_time_millis
from moto.sqs.models import sqs_backends

from sesauditd.store.compare import compare
from tests.support import lost as installation
from tests.support import oracles
from tests.support.archiving import days
from tests.support.daemons import TAKEN, stage
from tests.support.feedback import at, bounce
from tests.support.nursery import nursery
from tests.support.program import Program
from tests.support.roles import policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from moto.sqs.models import Queue

    from tests.support.daemons import Stage

SHOP = "shop.example"
RECOVERING = "recovering"
MAILS = 12
FORGED = {
    "Type": "Notification",
    "TopicArn": "arn:aws:sns:eu-west-1:111122223333:else",
    "MessageId": "m",
    "Timestamp": "2026-11-16T10:00:00.000Z",
}


def killed(
    folder: Path, environment: Mapping[str, str], failpoint: str, *arguments: str, times: int = 1
) -> None:
    """Give a command that has to die at a point."""
    log = folder / "killed.log"
    given = {**environment, "SESAUDITD_FAILPOINT": f"{failpoint}:{times}"}
    code = nursery().start(arguments, given, log).wait(120)
    assert code == -signal.SIGKILL, f"{failpoint}: ended with {code}\n{log.read_text()}"


# Dead letters.


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Return a stage on which a person may bring dead letters back."""
    roles = {RECOVERING: policies("recover")}
    with stage(tmp_path / "p", monkeypatch, {SHOP: "shop"}, roles=roles) as opened:
        yield opened


def queues(live: Stage) -> tuple[Queue, Queue]:
    """Return the queue and its dead letters, as the emulator holds them."""
    at = live.furnished
    backend = sqs_backends[at.account_id][at.region]
    urls = (at.queue_url, at.dead_letters_url)
    feedback, dead = (backend.get_queue(url.rsplit("/", 1)[-1]) for url in urls)
    return feedback, dead


def shown(queue: Queue) -> None:
    """Let what somebody has in hand be seen again at once."""
    for message in queue._messages:
        message.visible_at = unix_time_millis() - 1


@pytest.mark.slow
def test_a_redrive_that_dies_loses_no_dead_letter_and_counts_none_twice(live: Stage) -> None:
    for number in range(MAILS):
        assert live.mail(SHOP, f"p{number}@good.example") == TAKEN
    published = live.tell()
    feedback, dead = queues(live)
    dead._messages, feedback._messages = feedback._messages, []
    environment = live.environment | {"AWS_ACCESS_KEY_ID": RECOVERING}

    for times in (1, 2):
        killed(live.folder, environment, "redrive.sent", "queue", "redrive", times=times)
        shown(dead)
    assert len(dead._messages) == published - 10, "the first step of the second was deleted"
    assert len(feedback._messages) > 10, "the ten of the first stand in both"
    log = live.folder / "ended.log"
    assert nursery().start(["queue", "redrive"], environment, log).wait(120) == 0, log.read_text()

    daemon = live.daemon()
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    assert live.count("events") + live.ignored() >= published
    stored = live.rows("SELECT kind, count(*) AS n FROM events GROUP BY kind")
    assert {row["kind"]: row["n"] for row in stored} == {"Send": MAILS, "Delivery": MAILS}
    oracles.nothing_lost(live)
    oracles.unique(live)


# Quarantine.


def doubted(folder: Path) -> tuple[Program, str]:
    """Return an installation that holds a message it does not believe, and that one's name."""

    async def lived() -> None:
        async with days(folder, at()) as one:
            await one.adopt("a.example", "anna")
            told = json.dumps(bounce("gone@y.example", at(), domain="a.example"))
            await one.receive([{**FORGED, "Message": told}], at(0, 11))
            await one.copy_journal()

    asyncio.run(lived())
    program = Program(folder)
    (row,) = asked(program, "quarantine", "list")["quarantine"]
    return program, row["sha256"]


def asked(program: Program, *arguments: str) -> Any:
    """Run a command that has to succeed, and return its document."""
    ran = program.run(*arguments, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def test_a_retry_that_dies_before_the_release_counts_the_message_once(tmp_path: Path) -> None:
    program, name = doubted(tmp_path / "p")
    retry = ("quarantine", "retry", name, "--vouch")

    killed(tmp_path, program.environment, "quarantine.recorded", *retry)
    (left,) = asked(program, "quarantine", "list")["quarantine"]
    assert left["sha256"] == name, "it is not let go before its event is sure"
    again = asked(program, *retry)

    assert (again["recorded"], again["left"]) == (1, 0)
    assert asked(program, "quarantine", "list")["quarantine"] == []
    (action,) = asked(program, "actions")["actions"]
    assert action["state"] == "proposed"
    counted = asked(program, "events")["events"]
    assert [one["kind"] for one in counted] == ["Bounce"]
    assert program.run("db", "verify", "--from", str(tmp_path / "p" / "archive")).code == 0


# The database made anew.


@pytest.mark.slow
def test_a_rebuild_that_dies_anywhere_is_made_good_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    installation.live(folder)
    program, before = Program(folder), tmp_path / "before.db"
    asked(program, "db", "backup", str(before))
    rebuild = ("db", "rebuild", "--from", str(folder / "archive"))

    for failpoint in ("rebuild.kept", "rebuild.alone", "rebuild.swapped"):
        killed(tmp_path, program.environment, failpoint, *rebuild)
        if failpoint != "rebuild.swapped":
            assert compare(before, folder / "test.db", lambda _: None).first == [], failpoint
    asked(program, *rebuild)

    assert compare(before, folder / "test.db", lambda _: None).first == []
    assert not list(folder.glob("*.rebuilding*")), "nothing is left half done"
    assert asked(program, "actions", "--verify")["whole"]
