"""Signs of life over a real socket, and only while work turns over."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from sesauditd.daemon.watchdog import (
    IDLE_SECONDS,
    Notifier,
    Progress,
    Watchdog,
    watchdog_seconds,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["file", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "file" else f"@sesauditd-{uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind("\0" + name[1:] if name.startswith("@") else name)
        wire.settimeout(0.05)
        yield name, wire


def heard(wire: socket.socket) -> list[str]:
    found = []
    try:
        while True:
            found.append(wire.recv(1000).decode())
    except TimeoutError:
        return found


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_every_sign_reaches_the_listener(listener: tuple[str, socket.socket]) -> None:
    name, wire = listener
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name})
    assert notifier.ready()
    assert notifier.status("polls\nand waits")
    assert notifier.alive()
    assert notifier.stopping()
    assert heard(wire) == ["READY=1", "STATUS=polls and waits", "WATCHDOG=1", "STOPPING=1"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}], ids=["unset", "empty"])
def test_without_a_listener_nothing_is_sent(environment: dict[str, str]) -> None:
    assert not Notifier.from_environment(environment).ready()


@pytest.mark.parametrize("address", ["/nowhere/at/all", "@nobody-listens", "x" * 300])
def test_a_listener_that_is_gone_does_no_harm(address: str) -> None:
    assert not Notifier(address).alive()


def test_a_listener_that_does_not_read_does_not_hang_the_daemon(
    listener: tuple[str, socket.socket],
) -> None:
    notifier = Notifier(listener[0])
    assert not all(notifier.alive() for _ in range(5000))


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        pytest.param({}, None, id="unset"),
        pytest.param({"WATCHDOG_USEC": "120000000"}, 120, id="for anybody"),
        pytest.param({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "7"}, 1.5, id="for us"),
        pytest.param({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "8"}, None, id="for another"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="zero"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="no number"),
    ],
)
def test_systemd_says_how_long_it_waits(environment: dict[str, str], seconds: float | None) -> None:
    assert watchdog_seconds(environment, 7) == seconds


def test_pings_come_three_times_as_often_as_demanded() -> None:
    assert Watchdog.from_environment({"WATCHDOG_USEC": "120000000"}, ()).interval_seconds == 40
    assert Watchdog.from_environment({}, ()).interval_seconds == IDLE_SECONDS


def test_a_loop_is_overdue_from_its_limit_on_and_only_while_it_runs() -> None:
    ticks = Ticks()
    mark = Progress("poll", 10, ticks)
    ticks.now = 1000
    before = mark.overdue
    mark.turned()
    ticks.now += 10
    within = mark.overdue
    ticks.now += 1
    beyond = mark.overdue
    mark.turned()
    again = mark.overdue
    ticks.now += 100
    mark.ended()
    assert (before, within, beyond, again, mark.overdue) == (False, False, True, False, False)


def test_one_loop_that_hangs_silences_the_pings_until_it_goes_on(
    listener: tuple[str, socket.socket],
) -> None:
    name, wire = listener
    ticks = Ticks()
    marks = [Progress("poll", 10, ticks), Progress("store", 100, ticks)]
    watchdog = Watchdog(notifier=Notifier(name), marks=marks)
    for mark in marks:
        mark.turned()
    assert watchdog.look()
    ticks.now = 50
    assert not watchdog.look()
    assert not watchdog.look()
    marks[0].turned()
    assert watchdog.look()
    assert heard(wire) == ["WATCHDOG=1", "STATUS=hangs: poll", "STATUS=running", "WATCHDOG=1"]


async def test_the_watchdog_pings_until_it_is_stopped(
    listener: tuple[str, socket.socket],
) -> None:
    name, wire = listener
    stop = asyncio.Event()
    watchdog = Watchdog(notifier=Notifier(name), marks=(), interval_seconds=0.01)
    running = asyncio.create_task(watchdog.run(stop))
    await asyncio.sleep(0.04)
    stop.set()
    await asyncio.wait_for(running, 1)
    assert heard(wire).count("WATCHDOG=1") > 1
