"""The PostgreSQL server is stopped, or dies, while a daemon works: it goes on by itself."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.support import databases, oracles
from tests.support.daemons import TAKEN, stage
from tests.support.readiness import Readiness
from tests.support.servers import own_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.daemons import Stage
    from tests.support.servers import Mode, Server

pytestmark = pytest.mark.slow

SHOP, CLUB = "shop.example", "club.example"
MAILS = 5
DEATHS = 6
LONGEST_SECONDS = 1.5


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a server on which the databases of this test are."""
    with own_server() as started:
        monkeypatch.setattr(databases, "SERVER", started.url)
        monkeypatch.setattr(databases, "_made", set())
        monkeypatch.setattr(oracles, "SERVER", started.url)
        yield started


@pytest.fixture
def live(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Return a stage whose store is on that server."""
    assert databases.url_of(tmp_path).startswith(server.url)
    with stage(tmp_path / "p", monkeypatch, {SHOP: "shop", CLUB: "club"}) as opened:
        opened.mailboxes({"address": "*@gone.example", "answer": "hard", "status": "5.7.1"})
        yield opened


def mailed(live: Stage, marked: str) -> int:
    """Send a few mails, of which one comes back; return how many messages were published."""
    for number in range(MAILS):
        host = "good" if number else "gone"
        assert live.mail(SHOP, f"{marked}-{number}@{host}.example") == TAKEN
    return live.tell()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_away_stops_intake_and_its_return_is_enough(
    live: Stage, server: Server, tmp_path: Path, mode: Mode
) -> None:
    ready = Readiness.made(tmp_path)
    daemon = live.daemon(**ready.settings).ready()
    before = mailed(live, "before")
    daemon.until(lambda: live.queue_depths() == (0, 0), "what came before")
    daemon.until(lambda: ready.status() == 200, "it to be ready")
    live.done("disable", CLUB, "--reason", "a drill")

    server.stop(mode)
    published = mailed(live, "during")
    daemon.until(lambda: daemon.log("intake_paused"), "the outage to be seen")
    assert ready.status() == 503
    assert "the database does not answer" in ready.reason("database")
    assert live.queue_depths() == (published - before, 0), "nothing is acknowledged"
    server.start()
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    daemon.until(lambda: ready.status() == 200, "it to be ready again")

    assert len(live.daemons) == 1
    oracles.hold(live, daemon, SHOP)
    assert daemon.stop() == 0


def test_a_server_that_dies_again_and_again_loses_and_doubles_nothing(
    live: Stage, server: Server
) -> None:
    draw = random.Random(20_261_201)
    daemon = live.daemon().ready()
    for death in range(DEATHS):
        mailed(live, f"p{death}")
        time.sleep(draw.uniform(0, LONGEST_SECONDS))
        server.stop("immediate")
        server.start()

    oracles.hold(live, daemon, SHOP)
    assert len(live.daemons) == 1
    assert daemon.stop() == 0
