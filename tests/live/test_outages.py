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
from tests.soak.locking import locked
from tests.support.daemons import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.daemons import Daemon, Stage

SHOP = "shop.example"
AWAY_SECONDS = 3.0
SHORT_VISIBILITY = Pace(
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
        published = mailed(live, 5)
        time.sleep(AWAY_SECONDS)
        assert live.count("events") == 0
        assert live.queue_depths() == (published, 0)
    settled(live, daemon, published)
    assert daemon.stop() == 0


def test_an_outage_longer_than_the_visibility_timeout_is_one_receive(live: Stage) -> None:
    published = mailed(live, 5)
    fault = Fault(service="s3", code="ServiceUnavailable", status=503, times=0)

    async def waited() -> None:
        settings = load(live.folder / "config.toml", {})
        tempo = Tempo(pace=SHORT_VISIBILITY)
        stop = asyncio.Event()
        async with opened(settings, clock=bootstrap.now, tempo=tempo) as running:
            with failing(live, fault):
                polling = asyncio.create_task(running.poller.run(stop))
                await asyncio.sleep(2 * SHORT_VISIBILITY.visibility_seconds)
                assert running.poller.health.paused_because
                assert running.poller.health.in_hand == published
            while live.queue_depths()[0]:
                await asyncio.sleep(0.05)
            stop.set()
            await polling

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        asyncio.run(asyncio.wait_for(waited(), 30))
    assert_once(live, published)


def mailed(live: Stage, count: int) -> int:
    """Send good mail; return how many messages tell of it."""
    for number in range(count):
        assert live.mail(SHOP, f"p{number}@good.example") == 250
    return live.tell()


def settled(live: Stage, daemon: Daemon, published: int) -> None:
    """Wait until everything is recorded and gone from the queue; assert that it is there once."""
    daemon.until(lambda: live.queue_depths()[0] == 0, "an empty queue")
    assert_once(live, published)


def assert_once(live: Stage, published: int) -> None:
    until(lambda: live.count("events") == published, "all events in the store")
    archived = live.archived()
    assert len(archived) == len({one["message_id"] for one in archived}) == published
    assert {one["receive_count"] for one in archived} == {1}
    assert live.queue_depths() == (0, 0)
