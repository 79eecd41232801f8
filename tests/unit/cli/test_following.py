"""Decisions wait for a living daemon and end with what became of them."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sesauditd.cli import following
from sesauditd.store.columns import EPOCH, MICROSECOND
from tests.support import feedback as ses
from tests.support.cli import MONDAY, Cli, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANGE = """
    update actions set state = :state, outcome = :outcome, next_try_at = :next_try_at
    where state = 'requested'
"""
DISABLE = ("disable", "a.example", "--reason", "site was hacked")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(following, "WAIT_SECONDS", 5.0)
    installed = program(tmp_path / "installed")
    installed.adopt("a.example", "k")
    return installed


@contextmanager
def daemon(cli: Cli, state: str | None, outcome: str | None = None, **more: int) -> Iterator[None]:
    """Hold the lease, and bring every requested action to a state."""
    with sqlite3.connect(cli.database, timeout=30) as connection:
        beat = (MONDAY - EPOCH) // MICROSECOND
        connection.execute("insert into leases values ('daemon', 'test', ?)", (beat,))
    stop = threading.Event()
    changes = {"state": state, "outcome": outcome, "next_try_at": more.get("next_try_at")}

    def work() -> None:
        while not stop.wait(0.02):
            with sqlite3.connect(cli.database, timeout=30) as connection:
                connection.execute(CHANGE, changes)

    worker = threading.Thread(target=work)
    if state is not None:
        worker.start()
    yield
    stop.set()
    if state is not None:
        worker.join()


def test_a_decision_ends_when_the_daemon_has_done_it(cli: Cli) -> None:
    with daemon(cli, "done"):
        ran = cli.run(*DISABLE)
    assert ran.code == 0
    assert ran.out.splitlines() == ["Recorded: disable a.example.", "Done: disable a.example."]


def test_a_decision_that_failed_ends_with_1_and_says_why(cli: Cli) -> None:
    with daemon(cli, "failed", "there is nothing to stop it with"):
        ran = cli.run(*DISABLE)
    assert ran.code == 1
    assert ran.said == ["Failed: disable a.example: there is nothing to stop it with"]


def test_a_decision_that_aws_refuses_for_now_does_not_wait_a_minute(cli: Cli) -> None:
    later = (MONDAY - EPOCH) // MICROSECOND + 3_600_000_000
    with daemon(cli, "pending", "AWS's sandbox", next_try_at=later):
        ran = cli.run(*DISABLE)
    assert ran.code == 4
    assert ran.said[0] == "Pending: disable a.example: AWS's sandbox"


def test_the_document_has_what_became_of_the_actions(cli: Cli) -> None:
    with daemon(cli, "done", "only the set"):
        ran = cli.run(*DISABLE, "--json")
    assert ran.code == 0
    (action,) = ran.document["actions"]
    assert action["kind"] == "disable_domain"
    assert (action["state"], action["outcome"]) == ("done", "only the set")
    assert [action["id"]] == ran.document["requested"]


def test_a_busy_daemon_is_waited_for_a_minute_and_no_longer(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "WAIT_SECONDS", 0.1)
    with daemon(cli, None):
        ran = cli.run(*DISABLE)
    assert ran.code == 4
    assert "goes on trying" in ran.err


def test_without_a_daemon_nothing_is_waited_for(cli: Cli) -> None:
    ran = cli.run(*DISABLE)
    assert ran.code == 4
    assert "which is not running" in ran.err


def test_enforce_shows_what_the_daemon_made_of_it(cli: Cli) -> None:
    people = [f"p{number}@x.example" for number in range(30)]
    send = [json.dumps(ses.send(one, ses.at(1))) for one in people]
    complaints = [json.dumps(ses.complaint(one, ses.at(2))) for one in people[:9]]
    cli.replay([*send, *complaints])
    with daemon(cli, "done"):
        ran = cli.run("enforce", "--json")
    assert ran.code == 0
    states = {one["rule"]: one["state"] for one in ran.document["verdicts"]}
    assert states["complaint.disable"] == "executed"
