"""S3, AWS, the disk or the database is away for minutes, or half of what comes is rubbish.

The daemon waits and goes on by itself: nobody is needed, nothing is lost, and no message is
received once more because of it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.soak.ledger import check_store, kept
from tests.soak.letters import Fate, mixed
from tests.soak.stand import register
from tests.support.disks import filled, small_disk
from tests.support.locking import locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.soak.letters import Letter
    from tests.soak.processes import Process
    from tests.soak.stand import Stand

SEED = 20_261_125
BEFORE, DURING = 200, 400
MOST_RECEIVES = 3
SETTLED_SECONDS = 5
"""After which an outage is no news to the daemon and its waiting is measured."""
BUSY_SHARE = 0.05
FRESH_SECONDS = 60.0
"""Within which a message that comes after the outage has to be recorded."""
DISK_MIB = 12
POLLS_UNDER_WAY = 20
"""What two polls bring that began before AWS was gone: while it is, nobody can keep them hidden."""
POISON_COUNT = 3_000

Outage = Callable[["Stand"], AbstractContextManager[None]]


@contextmanager
def refusing(stand: Stand) -> Iterator[None]:
    stand.fail(service="s3", action="error", code="ServiceUnavailable", status=503, times=0)
    yield
    stand.heal()


@contextmanager
def unreachable(stand: Stand) -> Iterator[None]:
    stand.fail(service="s3", action="reset", times=0)
    yield
    stand.heal()


@contextmanager
def nothing_of_aws(stand: Stand) -> Iterator[None]:
    stand.fail(action="reset", times=0)
    yield
    stand.heal()


def locked_database(stand: Stand) -> AbstractContextManager[None]:
    return locked(stand.database)


def full_disk(stand: Stand) -> AbstractContextManager[None]:
    return filled(stand.database.parent)


@pytest.mark.parametrize(
    ("outage", "seconds"),
    [
        pytest.param(refusing, 300, id="S3 answers 503 for five minutes"),
        pytest.param(unreachable, 120, id="S3 cannot be reached for two minutes"),
        pytest.param(locked_database, 90, id="the database is locked for a minute and a half"),
    ],
)
def test_an_outage_loses_nothing_and_ends_by_itself(
    soaking: Stand, outage: Outage, seconds: int
) -> None:
    survives(soaking, outage, seconds)


def test_ten_minutes_without_aws_cost_one_receive_of_what_was_under_way(soaking: Stand) -> None:
    survives(soaking, nothing_of_aws, 600, twice=POLLS_UNDER_WAY)


def test_a_full_disk_loses_nothing_and_ends_by_itself(soaking: Stand) -> None:
    with small_disk(soaking.database.parent, DISK_MIB):
        survives(soaking, full_disk, 120)


def test_a_flood_that_is_rubbish_by_half_keeps_the_good_ones_and_delays_none(
    soaking: Stand,
) -> None:
    letters = mixed(POISON_COUNT, SEED, poison=0.5)
    soaking.most_receives(MOST_RECEIVES)
    register(soaking)
    with soaking.daemon() as daemon:
        daemon.wait_for("daemon_ready")
        begun = time.monotonic()
        soaking.feed(letters)
        soaking.wait_empty(60)
        took = time.monotonic() - begun
        assert daemon.end() == 0
    fates = dict(Counter(one.fate.value for one in letters))
    sys.stdout.write(f"\n{POISON_COUNT} messages, {fates}, in {took:.1f} s\n")
    kept_once(soaking, letters)


def survives(soaking: Stand, outage: Outage, seconds: int, *, twice: int = 0) -> None:
    """Let mail come before, in and after an outage, and look where it ended.

    `twice` messages at most may be received a second time.
    """
    letters = mixed(BEFORE + DURING, SEED)
    soaking.most_receives(MOST_RECEIVES)
    register(soaking)
    with soaking.daemon() as daemon:
        daemon.wait_for("daemon_ready")
        soaking.send(letters[:BEFORE])
        soaking.wait_empty(30)
        with outage(soaking):
            soaking.send(letters[BEFORE:])
            busy = _busy_share(daemon, seconds)
            assert soaking.depth() != (0, 0)
        healed = time.monotonic()
        soaking.wait_empty(FRESH_SECONDS)
        recovered = time.monotonic() - healed
        fresh = [one for one in mixed(20, SEED + 1) if one.fate is Fate.STORED]
        soaking.send(fresh)
        soaking.wait_empty(FRESH_SECONDS)
        assert daemon.end() == 0
    counts = {one["event"]: len(daemon.said(str(one["event"]))) for one in daemon.lines()}
    sys.stdout.write(
        f"\n{seconds} s: recovered after {recovered:.1f} s, CPU {busy:.1%}, log {counts}\n"
    )
    kept_once(soaking, [*letters, *fresh], twice=twice)
    assert busy < BUSY_SHARE


def kept_once(soaking: Stand, letters: Sequence[Letter], *, twice: int = 0) -> None:
    """Assert that each message is in the archive and the store, and was received once.

    But for so many that were received twice.
    """
    archive = kept(soaking.asking, soaking.account["bucket"])
    sys.stdout.write(f"receive counts {dict(archive.receive_counts)}\n")
    assert set(archive.bodies) == {one.sha256 for one in letters}
    assert len(archive.deliveries) == len(letters)
    assert archive.came_back <= twice
    assert set(archive.receive_counts) <= {1, 2}
    check_store(soaking.database, letters)
    assert soaking.dead_letters() == 0


def _busy_share(daemon: Process, seconds: int) -> float:
    """Wait so long, and return the share of a processor that the daemon used meanwhile."""
    time.sleep(SETTLED_SECONDS)
    begun, used = time.monotonic(), daemon.cpu_seconds()
    time.sleep(seconds - SETTLED_SECONDS)
    return (daemon.cpu_seconds() - used) / (time.monotonic() - begun)
