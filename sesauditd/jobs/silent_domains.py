"""Domains of which nothing is heard any more, while AWS counts mail that nobody told of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sesauditd.jobs.alarms import Finding, told
from sesauditd.model.reputation import FEWEST_UNHEARD, UNHEARD_SHARE
from sesauditd.model.silence import is_silent

if TYPE_CHECKING:
    from sesauditd.jobs.account import Reports
    from sesauditd.jobs.alarms import Recalls
    from sesauditd.jobs.reputation import Metrics
    from sesauditd.model.silence import Habit

HOUR = timedelta(hours=1)
MOST_ASKED = 50
"""Domains at a look: each is a question to CloudWatch."""
NAMES_SHOWN = 5


class Habits(Protocol):
    """What was heard of domains that may send; see `store.silence.Habits`."""

    async def habits(self, now: datetime) -> Sequence[Habit]:
        """Return the habit of each domain that may send and sent lately."""
        ...

    async def set_of(self, domain: str) -> str | None:
        """Return the configuration set of its newest event, None if there was none."""
        ...

    async def heard(self, start: datetime, end: datetime) -> int:
        """Return how many recipients of the whole account we heard of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceWatch:
    """Looks every hour."""

    habits: Habits
    metrics: Metrics
    memory: Recalls
    alarms: Reports
    least: timedelta

    async def run(self, now: datetime) -> None:
        """Look and tell; raises Unavailable or Forbidden when CloudWatch does not say.

        While the whole pipe is dead, that is told and not each domain.
        """
        if await told(self.memory, "dead_pipe") is not None:
            return
        before = set((await told(self.memory, "silent_domains") or "").split())
        found = [one for one in await self.habits.habits(now) if is_silent(one, self.least, now)]
        dead: set[str] = set()
        unknown = False
        for habit in found[:MOST_ASKED]:
            sends = await self._sends(habit, now)
            unknown = unknown or sends is None
            # Once told it stays so while the silence lasts, whatever CloudWatch still has of it.
            if sends or habit.domain in before:
                dead.add(habit.domain)
        if dead or not unknown:
            await self.alarms.report([silent(dead)], now)

    async def _sends(self, habit: Habit, now: datetime) -> bool | None:
        """Say whether AWS sent mail that we never heard of; None if it does not count it."""
        start, end = _whole_hours(habit.last, now)
        name = await self.habits.set_of(habit.domain)
        if name is not None:
            of_set = await self.metrics.sent(start, end, name)
            if of_set is not None:
                return of_set > 0
        of_account = await self.metrics.sent(start, end)
        if of_account is None:
            return None
        missing = of_account - await self.habits.heard(start, end)
        return missing > max(FEWEST_UNHEARD, UNHEARD_SHARE * of_account)


def silent(domains: Collection[str]) -> Finding:
    """Return which domains are silent while they send."""
    names = sorted(domains)
    if not names:
        return Finding(
            name="silent_domains", state=None, summary="Every domain that sends is heard of again."
        )
    shown = ", ".join(names[:NAMES_SHOWN])
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return Finding(
        name="silent_domains",
        state=" ".join(names),
        summary=f"Nothing is heard of {shown}{more}, while AWS counts mail that nobody told of: "
        f"see `sesauditd drift {names[0]}` and `sesauditd test {names[0]}`; its set may have "
        "lost its event destination, or its site names another set.",
        details={"domains": names},
    )


def _whole_hours(last: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Return the hours that are whole, and that SES has had an hour to count."""
    start = last.replace(minute=0, second=0, microsecond=0) + HOUR
    return start, max(now.replace(minute=0, second=0, microsecond=0) - HOUR, start + HOUR)
