"""The disk of a real daemon's store fails, is full, or may not be written; it dies at any call."""

from __future__ import annotations

import shutil
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from moto.sqs.models import sqs_backends

from tests.support import oracles
from tests.support.daemons import TAKEN
from tests.support.disks import filled, read_only, small_disk
from tests.support.readiness import Readiness
from tests.support.tracing import injected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.daemons import Daemon, Stage

SHOP = "shop.example"
MAILS = 2
STEPS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)
"""Each death leaves more to record, so that with every N the end would run away."""
DISK_MIB = 12


def mailed(live: Stage, marked: str) -> int:
    """Send a few mails; return how many messages were published until now."""
    for number in range(MAILS):
        assert live.mail(SHOP, f"{marked}-{number}@good.example") == TAKEN
    return live.tell()


def file_of(live: Stage) -> Path:
    """Return the file that the daemon's store is in, as the system calls it."""
    return (live.folder / "test.db").resolve()


# Deaths at system calls.


@pytest.mark.slow
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync"])
def test_a_death_at_any_write_or_flush_of_the_store_loses_nothing(live: Stage, call: str) -> None:
    """As SQLite's own tests do, at the Nth call until it is reached no more; N grows by steps."""
    name = live.furnished.queue_url.rsplit("/", 1)[-1]
    queue = sqs_backends[live.furnished.account_id][live.furnished.region].get_queue(name)
    # The deaths are ours: nothing may be given up because of them.
    assert queue.redrive_policy is not None
    queue.redrive_policy["maxReceiveCount"] = 1000
    for nth in STEPS:
        killed = died(live, f"{call}:signal=SIGKILL:when={nth}", f"p{nth}")
        live.forget_receipts()
        if not killed:
            break

    assert 3 < nth < STEPS[-1], "it was reached more than once, and then no more"
    oracles.hold(live, live.daemon(), SHOP)


def died(live: Stage, fault: str, marked: str) -> bool:
    """Say whether a fault killed a daemon before it had recorded and acknowledged a few mails."""
    daemon = live.daemon().ready()
    # What is done at a start is over, so that it is the recording that is struck.
    daemon.until(lambda: live.queue_depths() == (0, 0) or daemon.log("lease_taken"), "its start")
    with injected(daemon.process.pid, file_of(live), fault) as trace:
        mailed(live, marked)
        while daemon.process.poll() is None and live.queue_depths() != (0, 0):
            wait_a_little(daemon)
        if daemon.process.poll() is None:
            assert trace.hits() == []
            daemon.kill()
            return False
    assert daemon.ended() == -signal.SIGKILL
    assert trace.hits(), "it was the fault that killed it"
    return True


def wait_a_little(daemon: Daemon) -> None:
    """Let some time pass, or the daemon end."""
    try:
        daemon.process.wait(0.1)
    except subprocess.TimeoutExpired:
        return


# A disk that fails.


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        "fdatasync:error=EIO",
        "pwrite64:error=EIO",
        # As a file system answers that the kernel made read-only after an error.
        "pwrite64:error=EROFS",
    ],
)
def test_a_disk_that_fails_ends_it_and_nothing_is_acknowledged(live: Stage, fault: str) -> None:
    daemon = live.daemon().ready()
    with injected(daemon.process.pid, file_of(live), fault) as trace:
        published = mailed(live, "p")
        assert daemon.ended() == 1
        assert trace.hits()

    assert daemon.said().startswith("sesauditd: the disk of the database fails"), daemon.tail()
    assert len(daemon.said().splitlines()) == 1
    assert live.queue_depths() == (published, 0)
    assert live.hidden() == 0, "what it held is given back at once"
    assert live.count("events") == 0
    oracles.hold(live, live.daemon(), SHOP)


# A disk that is full.


@contextmanager
def on_a_small_disk(live: Stage, disk: Path) -> Iterator[None]:
    """Have the store on a disk of its own, and the log elsewhere."""
    with small_disk(disk, DISK_MIB):
        file = live.folder / "test.db"
        for one in sorted(live.folder.glob("test.db*")):
            shutil.move(one, disk / one.name)
        file.symlink_to(disk / file.name)
        yield
        for daemon in live.daemons:
            daemon.kill()


@pytest.mark.slow
def test_a_full_disk_stops_intake_says_so_and_ends_by_itself(live: Stage, tmp_path: Path) -> None:
    disk, ready = tmp_path / "disk", Readiness.made(tmp_path)
    with on_a_small_disk(live, disk):
        daemon = live.daemon(**ready.settings).ready()
        daemon.until(lambda: ready.status() == 200, "it to be ready")
        with filled(disk):
            published = mailed(live, "p")
            daemon.until(lambda: ready.status() == 503, "the full disk to be seen")
            assert ready.reason("intake").startswith("no space for the database")
            assert live.queue_depths() == (published, 0), "nothing is acknowledged"
            assert live.count("events") == 0
        daemon.until(lambda: ready.status() == 200, "it to go on")
        daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
        assert {line["receive_count"] for line in live.archived()} == {1}
        assert len(live.daemons) == 1
        oracles.hold(live, daemon, SHOP)


def test_a_disk_that_may_not_be_written_is_refused_in_one_line(live: Stage, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with on_a_small_disk(live, disk):
        with read_only(disk):
            daemon = live.daemon()
            assert daemon.ended() == 2
        (line,) = daemon.said().splitlines()
        assert "change its owner or mode" in line or "cannot be used" in line, line
        assert daemon.log("daemon_ready") == []
