"""A wall clock that jumps: nothing is judged by it until somebody has looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.jobs.alarms import Finding

if TYPE_CHECKING:
    from sesauditd.jobs.account import Reports

MOST = timedelta(minutes=5)


@dataclass(slots=True)
class ClockWatch:
    """Compares the wall clock with one that nobody can set."""

    alarms: Reports
    elapsed: Callable[[], float]
    """Seconds that passed since some moment, sleep of the machine included."""
    _start: tuple[datetime, float] | None = field(default=None, init=False)
    drift: timedelta = field(default=timedelta(0), init=False)

    @property
    def may_judge(self) -> bool:
        """Return whether the wall clock went as time did since the daemon started."""
        return abs(self.drift) <= MOST

    async def run(self, now: datetime) -> None:
        """Look, and tell when the clocks part or agree again."""
        elapsed = self.elapsed()
        if self._start is None:
            self._start = (now, elapsed)
        began, elapsed_then = self._start
        self.drift = now - began - timedelta(seconds=elapsed - elapsed_then)
        await self.alarms.report([self._finding()], now)

    def _finding(self) -> Finding:
        if self.may_judge:
            return Finding(name="clock", state=None, summary="The clock goes as time does.")
        return Finding(
            name="clock",
            state="jumped",
            summary=f"The clock jumped by {self.drift // timedelta(minutes=1)} minutes: nothing "
            "is enforced; set it right, or restart sesauditd if it is right now.",
        )
