"""A wall clock that jumps: nothing is judged by it until somebody has looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.jobs.alarms import Finding

if TYPE_CHECKING:
    from sesauditd.jobs.account import Reports

MOST = timedelta(minutes=5)
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""This program did not exist before: a machine without a battery wakes up in 1970."""


@dataclass(slots=True)
class ClockWatch:
    """Compares the wall clock with one that nobody can set."""

    alarms: Reports
    elapsed: Callable[[], float]
    """Seconds that passed since some moment, sleep of the machine included."""
    _start: tuple[datetime, float] | None = field(default=None, init=False)
    drift: timedelta = field(default=timedelta(0), init=False)
    _too_early: bool = field(default=False, init=False)

    @property
    def may_judge(self) -> bool:
        """Return whether the wall clock went as time did since it was first credible."""
        return abs(self.drift) <= MOST and not self._too_early

    async def run(self, now: datetime) -> None:
        """Look, and tell when the clocks part or agree again."""
        self._too_early = now < EARLIEST
        if self._start is None and not self._too_early:
            self._start = (now, self.elapsed())
        if self._start is not None:
            began, elapsed_then = self._start
            self.drift = now - began - timedelta(seconds=self.elapsed() - elapsed_then)
        await self.alarms.report([self._finding(now)], now)

    def _finding(self, now: datetime) -> Finding:
        if self._too_early:
            return Finding(
                name="clock",
                state="too early",
                summary=f"The clock says {now:%Y-%m-%d}: nothing is enforced until it is set.",
            )
        if self.may_judge:
            return Finding(name="clock", state=None, summary="The clock goes as time does.")
        return Finding(
            name="clock",
            state="jumped",
            summary=f"The clock jumped by {self.drift // timedelta(minutes=1)} minutes: nothing "
            "is enforced; set it right, or restart sesauditd if it is right now.",
        )
