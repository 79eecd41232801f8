"""The daemon's beginning and end: signals, systemd, and what it refuses to start with."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import oracles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.daemons import Daemon, Stage

SHOP, CLUB = "shop.example", "club.example"
RECEIVED = "ReceiveMessage"


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.setblocking(False)
        yield wire


def heard(wire: socket.socket) -> list[str]:
    """Return what systemd was told since last asked."""
    told = []
    with contextlib.suppress(BlockingIOError):
        while True:
            told.append(wire.recv(4096).decode())
    return told


def seconds_to_end(daemon: Daemon, number: signal.Signals) -> float:
    """Send a signal to the daemon; it has to end well, and this returns how long that took."""
    begun = time.monotonic()
    assert daemon.stop(number) == 0, daemon.tail()
    return time.monotonic() - begun


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_lets_it_finish_what_is_in_hand(live: Stage, number: signal.Signals) -> None:
    for recipient in range(15):
        assert live.mail(SHOP, f"p{recipient}@good.example") == 250
    published = live.tell()
    daemon = live.daemon()
    daemon.until(lambda: live.sandbox.recording.count("sqs", RECEIVED), "messages in hand")

    assert seconds_to_end(daemon, number) < 30

    waiting, dead = live.queue_depths()
    assert (live.hidden(), dead) == (0, 0)
    # Two receivers at once may get the same message, from moto as from SQS: a line more.
    assert len({line["message_id"] for line in live.archived()}) == published - waiting
    oracles.nothing_lost(live)
    assert [one["event"] for one in daemon.log()][-1] == "daemon_stopped"


@pytest.mark.slow
def test_what_cannot_be_finished_is_given_back_by_the_second_signal(
    live: Stage, tmp_path: Path, systemd: socket.socket
) -> None:
    assert live.mail(SHOP, "anna@good.example") == 250
    published = live.tell()
    live.ask("POST", "faults", {"service": "s3", "action": "hang", "times": 0, "seconds": 60})
    daemon = live.daemon(NOTIFY_SOCKET=str(tmp_path / "notify"))
    daemon.until(lambda: live.hidden() == published, "messages in hand")

    daemon.process.send_signal(signal.SIGTERM)
    daemon.until(lambda: "STOPPING=1" in heard(systemd), "the first signal to be heeded")
    assert daemon.process.poll() is None, "systemd hears of the end when it begins"
    took = seconds_to_end(daemon, signal.SIGTERM)

    assert took < 20, "nobody waits for the grace"
    assert live.hidden() == 0
    assert live.queue_depths() == (published, 0)
    assert live.count("events") == 0


def test_systemd_is_told_of_its_beginning_its_life_and_its_end(
    live: Stage, tmp_path: Path, systemd: socket.socket
) -> None:
    daemon = live.daemon(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="900000")
    told: list[str] = []

    def lives() -> bool:
        told.extend(heard(systemd))
        return "WATCHDOG=1" in told

    daemon.until(lives, "a sign of life")
    assert live.count("leases") == 1, "it is ready when it works, not before"
    seconds_to_end(daemon, signal.SIGTERM)

    told += heard(systemd)
    assert told[0] == "READY=1"
    assert "STOPPING=1" in told


def test_a_second_one_on_the_same_database_ends_and_names_the_first(live: Stage) -> None:
    first = live.daemon().ready()
    second = live.daemon()

    assert second.ended() == 3
    (line,) = second.said().splitlines()
    assert f"process {first.process.pid}" in line
    assert live.run("db", "upgrade").code == 3
    assert first.process.poll() is None


def test_what_cannot_be_right_is_refused_in_one_line(live: Stage) -> None:
    cases = {
        "SESAUDITD_QUEUE__RECEIVERS": ("many", "SESAUDITD_QUEUE__RECEIVERS"),
        "SESAUDITD_AWS__ACCOUNT_ID": ("999999999999", "999999999999"),
        "AWS_ENDPOINT_URL": ("http://127.0.0.1:9", "AWS_ENDPOINT_URL"),
        "SESAUDITD_AWS__REGON": ("eu-central-1", "did you mean SESAUDITD_AWS__REGION"),
    }

    # Beside each other: none of them gets as far as the lock.
    refused = {name: live.daemon(**{name: value}) for name, (value, _) in cases.items()}

    for name, (_, words) in cases.items():
        assert refused[name].ended() == 2, refused[name].tail()
        assert words in refused[name].said()
        assert len(refused[name].said().splitlines()) == 1
        assert refused[name].log("daemon_ready") == []
    assert live.writes() == []


def test_what_a_poll_brings_after_the_signal_is_not_left_hidden(live: Stage) -> None:
    live.polls.most_seconds = 20
    daemon = live.daemon().ready()
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    daemon.until(lambda: len(live.polls.under_way) == 2, "polls that wait")

    daemon.process.send_signal(signal.SIGTERM)
    daemon.until(lambda: daemon.log("services_stopping"), "the signal to be heeded")
    assert live.mail(SHOP, "anna@good.example") == 250
    live.tell()

    assert daemon.ended() == 0
    assert live.hidden() == 0
    assert live.queue_depths()[0] + live.count("events") == 2


@pytest.mark.slow
def test_it_ends_in_time_though_everything_at_aws_hangs(live: Stage) -> None:
    assert live.mail(SHOP, "anna@good.example") == 250
    published = live.tell()
    for domain in (CLUB, SHOP):
        live.run("disable", domain, "--reason", "a drill")
    hang = {"action": "hang", "times": 0, "seconds": 120}
    live.ask(
        "POST",
        "faults",
        [
            {"service": "s3", "operation": "PutObject", **hang},
            {"service": "iam", "operation": "PutUserPolicy", "containing": SHOP, **hang},
            {"service": "sesv2", "operation": "SendEmail", **hang},
        ],
    )
    daemon = live.daemon()
    daemon.until(lambda: live.hidden() == published, "messages in hand")
    under_way = "SELECT id FROM {} WHERE state = 'attempted'"
    actions, notices = under_way.format("actions"), under_way.format("notices")
    daemon.until(lambda: live.rows(actions) and live.rows(notices), "calls that hang")

    assert seconds_to_end(daemon, signal.SIGTERM) < 30

    assert live.hidden() == 0
    assert live.queue_depths() == (published, 0)
    live.ask("DELETE", "faults")
    again = live.daemon()
    again.until(lambda: set(live.actions().values()) == {"done"}, "the actions")
    again.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    (cut_short,) = live.rows("SELECT * FROM notices WHERE state = 'unknown'")
    assert cut_short["message_id"] is None
    assert f"<{cut_short['id']}.sesauditd@host.example>" not in live.notice_ids()
