"""Signs of life for systemd: ready, stopping, and alive as long as work turns over."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from sesauditd.daemon.backoff import rest

if TYPE_CHECKING:
    import asyncio

RELOAD_SECONDS = 120.0
"""What a reload may take: work in hand is finished, and the parts are put together anew."""
IDLE_SECONDS = 10.0
"""How often marks are looked at where systemd asks for no pings."""

log = structlog.get_logger()


@dataclass(slots=True)
class Progress:
    """One loop's mark: it must turn over at least every so many seconds."""

    name: str
    limit_seconds: float
    ticks: Callable[[], float] = time.monotonic
    last: float | None = field(default=None, init=False)
    """When it last turned over, on the clock of `ticks`; None before it began and after its end."""

    def turned(self) -> None:
        """Say that the loop turned over."""
        self.last = self.ticks()

    def ended(self) -> None:
        """Say that the loop ended as it should, so that nothing is expected of it."""
        self.last = None

    @property
    def overdue(self) -> bool:
        """Return whether the loop began and has not turned over within its limit."""
        return self.last is not None and self.ticks() - self.last > self.limit_seconds


@dataclass(frozen=True, slots=True)
class Notifier:
    """The socket on which systemd listens; without an address nothing is sent."""

    address: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Notifier:
        """Return the notifier that `NOTIFY_SOCKET` names (sd_notify(3))."""
        return cls(environment.get("NOTIFY_SOCKET") or None)

    def send(self, state: str) -> bool:
        """Send one state, such as `READY=1`; return whether somebody took it. Never raises."""
        if self.address is None:
            return False
        # A leading @ means a name without a file (unix(7)).
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as wire:
                # A full or frozen listener must not hang the daemon that it watches.
                wire.settimeout(0)
                wire.sendto(state.encode(), address)
        except OSError as error:
            log.warning("notify_failed", reason=str(error))
            return False
        return True

    def ready(self) -> bool:
        """Say that the daemon works; `systemctl start` waits for it."""
        return self.send("READY=1")

    def reloading(self) -> bool:
        """Say that the configuration is read anew; `ready` says that this is over."""
        return self.send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def watched(self, seconds: float) -> bool:
        """Say after how long without a sign of life the daemon is to be restarted from now on."""
        return self.send(f"WATCHDOG_USEC={round(seconds * 1_000_000)}")

    def stopping(self) -> bool:
        """Say that the daemon is on its way out."""
        return self.send("STOPPING=1")

    def status(self, text: str) -> bool:
        """Show one line in `systemctl status`."""
        return self.send(f"STATUS={' '.join(text.split())}")

    def alive(self) -> bool:
        """Say that everything turned over; without it systemd kills and restarts the daemon."""
        return self.send("WATCHDOG=1")


def watchdog_seconds(environment: Mapping[str, str], process_id: int) -> float | None:
    """Return after how many seconds without a ping systemd acts, None if it does not watch us.

    `WATCHDOG_USEC` and `WATCHDOG_PID` are described in sd_watchdog_enabled(3).
    """
    microseconds = environment.get("WATCHDOG_USEC", "")
    watched = environment.get("WATCHDOG_PID", "") or str(process_id)
    if not microseconds.isdecimal() or int(microseconds) == 0 or watched != str(process_id):
        return None
    return int(microseconds) / 1_000_000


@dataclass(slots=True, kw_only=True)
class Watchdog:
    """Pings systemd as long as every mark turned over in time, so that what hangs is restarted."""

    notifier: Notifier
    marks: Sequence[Progress]
    interval_seconds: float = IDLE_SECONDS
    limit_seconds: float | None = None
    """After how long without a ping systemd restarts us, if it watches."""
    _hanging: frozenset[str] = field(default=frozenset(), init=False)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], marks: Sequence[Progress]
    ) -> Watchdog:
        """Return a watchdog that pings three times as often as systemd demands."""
        limit = watchdog_seconds(environment, os.getpid())
        return cls(
            notifier=Notifier.from_environment(environment),
            marks=marks,
            interval_seconds=IDLE_SECONDS if limit is None else limit / 3,
            limit_seconds=limit,
        )

    def ready(self) -> None:
        """Say that the daemon works, and is to be watched as its unit says."""
        self.notifier.ready()
        if self.limit_seconds is not None:
            self.notifier.watched(self.limit_seconds)

    def ending(self, *, to_reload: bool) -> None:
        """Say that the daemon ends, or that nothing will turn over for the time of a reload."""
        if not to_reload:
            self.notifier.stopping()
            return
        self.notifier.reloading()
        if self.limit_seconds is not None:
            self.notifier.watched(max(self.limit_seconds, RELOAD_SECONDS))

    async def run(self, stop: asyncio.Event) -> None:
        """Look at the marks and ping, until stopped."""
        while True:
            self.look()
            if await rest(stop, self.interval_seconds):
                return

    def look(self) -> bool:
        """Ping if every mark turned over in time, say once which one hangs; return which it was."""
        hanging = frozenset(mark.name for mark in self.marks if mark.overdue)
        if hanging != self._hanging:
            self._tell(hanging)
        if hanging:
            return False
        self.notifier.alive()
        return True

    def _tell(self, hanging: frozenset[str]) -> None:
        self._hanging = hanging
        if hanging:
            log.error("work_hangs", loops=sorted(hanging))
            self.notifier.status(f"hangs: {', '.join(sorted(hanging))}")
        else:
            log.info("work_goes_on")
            self.notifier.status("running")
