"""S3, the database or all of AWS is away for a while: the daemon waits and loses nothing.

Minutes of it, and what the waiting costs, are in tests/soak/test_outages.py.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import pytest

from sesauditd import bootstrap
from sesauditd.bootstrap.live import Tempo
from sesauditd.bootstrap.live import live as opened
from sesauditd.config import load
from sesauditd.ingest.source import Pace
from sesauditd.sandbox.faults import Fault, FaultAction
from tests.support.daemons import TAKEN, until
from tests.support.locking import locked
from tests.support.receiving import received_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.daemons import Stage

SHOP = "shop.example"
EVENTS = 10
AWAY_SECONDS = 2.0
QUICK = Pace(
    visibility_seconds=2, batch_seconds=0.1, wait_seconds=1, empty_seconds=0.1, patience_seconds=0.1
)


@contextmanager
def failing(live: Stage, fault: Fault) -> Iterator[None]:
    live.sandbox.faults.add(fault)
    yield
    live.sandbox.faults.clear()


def s3_unreachable(live: Stage) -> AbstractContextManager[None]:
    return failing(live, Fault(service="s3", action=FaultAction.RESET, times=0))


def aws_unreachable(live: Stage) -> AbstractContextManager[None]:
    return failing(live, Fault(action=FaultAction.RESET, times=0))


def database_locked(live: Stage) -> AbstractContextManager[None]:
    return locked(live.folder / "test.db")


@pytest.mark.parametrize(
    "outage",
    [
        pytest.param(s3_unreachable, id="S3"),
        pytest.param(aws_unreachable, id="all of AWS"),
        pytest.param(database_locked, id="the database"),
    ],
)
def test_a_daemon_goes_on_by_itself_after_an_outage(
    live: Stage, outage: Callable[[Stage], AbstractContextManager[None]]
) -> None:
    daemon = live.daemon().ready()
    with outage(live):
        mail(live)
        time.sleep(AWAY_SECONDS)
        assert live.count("events") == 0
        assert live.queue_depths()[0] >= EVENTS
    daemon.until(lambda: live.queue_depths()[0] == 0, "an empty queue")
    assert_once(live)
    assert daemon.stop() == 0


def test_an_outage_longer_than_the_visibility_timeout_is_one_receive(
    live: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, live.environment[name])
    mail(live)
    asyncio.run(asyncio.wait_for(_polled_through_an_outage(live), 30))
    assert_once(live)


async def _polled_through_an_outage(live: Stage) -> None:
    settings = load(live.folder / "config.toml", {})
    stop = asyncio.Event()
    async with opened(settings, clock=bootstrap.now, tempo=Tempo(pace=QUICK)) as running:
        polling = asyncio.create_task(running.poller.run(stop))
        with failing(live, Fault(service="s3", code="SlowDown", status=503, times=0)):
            await asyncio.sleep(2 * QUICK.visibility_seconds)
            assert running.poller.health.paused_because
            assert running.poller.health.in_hand >= EVENTS
        await asyncio.to_thread(until, lambda: live.queue_depths()[0] == 0, "an empty queue")
        stop.set()
        await polling


def mail(live: Stage) -> None:
    """Send good mail, of each of which a Send and a Delivery tell."""
    for number in range(EVENTS // 2):
        assert live.mail(SHOP, f"p{number}@good.example") == TAKEN
    live.tell()


def assert_once(live: Stage) -> None:
    """Assert that every message is archived at its first receive, and recorded once."""
    assert len(received_once(live.archived())) == live.tell()
    assert live.count("events") == live.count("event_recipients") == EVENTS
    assert live.queue_depths() == (0, 0)
