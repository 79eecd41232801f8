"""S3 is away for two minutes, the database is locked for one: the daemon waits, and goes on."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.soak.ledger import check_store, kept
from tests.soak.letters import mixed
from tests.soak.stand import register
from tests.support.locking import locked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.soak.processes import Process
    from tests.soak.stand import Stand

SEED = 20_261_125
BEFORE, DURING = 200, 400
MOST_RECEIVES = 3
SETTLED_SECONDS = 5
"""After which an outage is no news to the daemon and its waiting is measured."""
BUSY_SHARE = 0.05

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


def locked_database(stand: Stand) -> AbstractContextManager[None]:
    return locked(stand.database)


@pytest.mark.parametrize(
    ("outage", "seconds"),
    [
        pytest.param(refusing, 120, id="S3 answers 503 for two minutes"),
        pytest.param(unreachable, 120, id="S3 cannot be reached for two minutes"),
        pytest.param(locked_database, 60, id="the database is locked for one minute"),
    ],
)
def test_an_outage_loses_nothing_and_ends_by_itself(
    soaking: Stand, outage: Outage, seconds: int
) -> None:
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
        soaking.wait_empty(60)
        recovered = time.monotonic() - healed
        assert daemon.end() == 0
    archive = kept(soaking.asking, soaking.account["bucket"])
    counts = {one["event"]: len(daemon.said(str(one["event"]))) for one in daemon.lines()}
    sys.stdout.write(
        f"\n{seconds} s: recovered after {recovered:.1f} s, CPU {busy:.1%}, "
        f"receive counts {dict(archive.receive_counts)}, log {counts}\n"
    )
    assert archive.bodies == Counter(one.sha256 for one in letters)
    assert set(archive.receive_counts) == {1}
    check_store(soaking.database, letters)
    assert soaking.dead_letters() == 0
    assert busy < BUSY_SHARE


def _busy_share(daemon: Process, seconds: int) -> float:
    """Wait so long, and return the share of a processor that the daemon used meanwhile."""
    time.sleep(SETTLED_SECONDS)
    begun, used = time.monotonic(), daemon.cpu_seconds()
    time.sleep(seconds - SETTLED_SECONDS)
    return (daemon.cpu_seconds() - used) / (time.monotonic() - begun)
