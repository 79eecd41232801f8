"""What a person meets whose daemon starts into trouble."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from sesauditd.sandbox.faults import Fault, FaultAction
from tests.support.daemons import TAKEN
from tests.support.locking import locked

if TYPE_CHECKING:
    from tests.support.daemons import Daemon, Stage

SHOP = "shop.example"
AWAY = Fault(service="sts", times=0, action=FaultAction.RESET)


def waits(daemon: Daemon) -> None:
    daemon.until(lambda: daemon.log("start_waits"), "the daemon to say that it waits")
    assert daemon.log("daemon_ready") == []


def works(live: Stage, daemon: Daemon) -> None:
    daemon.ready()
    assert live.mail(SHOP, "anna@good.example") == TAKEN
    live.tell()
    daemon.until(lambda: live.count("events") == 2, "the Send and the Delivery")
    assert daemon.stop() == 0


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(AWAY, id="AWS is away"),
        pytest.param(
            Fault(service="sts", times=0, code="ExpiredToken", status=403),
            id="the credentials have expired",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_passes_by_itself_is_waited_for(live: Stage, fault: Fault) -> None:
    live.sandbox.faults.add(fault)
    daemon = live.daemon()
    waits(daemon)
    live.sandbox.faults.clear()
    works(live, daemon)


@pytest.mark.slow
def test_a_database_that_is_locked_is_waited_for(live: Stage) -> None:
    with locked(live.folder / "test.db"):
        daemon = live.daemon()
        daemon.until(daemon.log, "a sign of life")
    works(live, daemon)


def test_a_signal_ends_the_wait(live: Stage) -> None:
    live.sandbox.faults.add(AWAY)
    daemon = live.daemon()
    waits(daemon)
    assert daemon.stop(signal.SIGTERM) == 0
    assert daemon.said() == ""


def test_a_key_that_aws_does_not_know_ends_it_in_one_line(live: Stage) -> None:
    unknown = Fault(service="sts", times=0, code="InvalidClientTokenId", status=403)
    live.sandbox.faults.add(unknown)
    daemon = live.daemon()
    assert daemon.ended() == 1
    assert "check the access key" in daemon.said()
    assert len(daemon.said().splitlines()) == 1
