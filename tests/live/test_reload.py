"""New settings by SIGHUP: in the same process, and only ones that it can work with."""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import oracles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.daemons import Daemon, Stage

SHOP = "shop.example"


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Callable[[], list[str]]]:
    """Yield what returns everything that systemd was told; call it before ten wait to be heard."""
    told: list[str] = []
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.setblocking(False)

        def heard() -> list[str]:
            with contextlib.suppress(BlockingIOError):
                while True:
                    told.append(wire.recv(4096).decode().partition("\n")[0])
            return told

        yield heard


def refused_at(daemon: Daemon) -> None:
    """Send SIGHUP, and wait until what was read is refused."""
    before = len(daemon.log("reload_refused"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: len(daemon.log("reload_refused")) > before, "the settings to be refused")


def ready_again(daemon: Daemon) -> None:
    """Send SIGHUP, and wait until it works anew, with whichever settings."""
    before = len(daemon.log("daemon_ready"))
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: len(daemon.log("daemon_ready")) > before, "the daemon to work anew")


@pytest.mark.slow
def test_new_settings_are_taken_by_the_same_process_and_wrong_ones_are_not(
    live: Stage, tmp_path: Path, systemd: Callable[[], list[str]]
) -> None:
    file = Path(live.environment["SESAUDITD_CONFIG"])
    as_it_was = file.read_text()
    daemon = live.daemon(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="60000000").ready()

    file.write_text(f"{as_it_was}[retention]\nevent_days = 30\n")
    refused_at(daemon)
    file.write_text(as_it_was.replace("/test.db", "/elsewhere.db"))
    refused_at(daemon)
    assert len(daemon.log("daemon_ready")) == 1, "nothing was stopped for them"
    # That an account is not the key's, only AWS can tell.
    file.write_text(as_it_was.replace(live.furnished.account_id, "999999999999"))
    ready_again(daemon)
    systemd()
    file.write_text(f"{as_it_was}[retention]\nevents_days = 390\n")
    ready_again(daemon)
    systemd()

    assert live.mail(SHOP, "anna@good.example") == 250
    live.tell()
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    assert daemon.stop() == 0
    misspelt, elsewhere, stranger = [one["reason"] for one in daemon.log("reload_refused")]
    assert "did you mean retention.events_days" in misspelt
    assert "database.url" in elsewhere
    assert "999999999999" in stranger
    assert daemon.log("reload_begun")[-1]["changed"] == ["retention"]
    oracles.nothing_lost(live)
    told = [one for one in systemd() if one != "WATCHDOG=1"]
    assert told == [
        "READY=1",
        "WATCHDOG_USEC=60000000",
        *(["RELOADING=1", "WATCHDOG_USEC=120000000", "READY=1", "WATCHDOG_USEC=60000000"] * 2),
        "STOPPING=1",
    ]
