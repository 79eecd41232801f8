"""Events of nobody we know, and such that cannot be believed: told of when they become many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sesauditd.jobs.alarms import Finding, told

if TYPE_CHECKING:
    from sesauditd.jobs.account import Reports
    from sesauditd.jobs.alarms import Recalls

DAY = timedelta(days=1)
WORDS = {
    "unattributed": (
        "events are of no registered domain",
        (
            "see `sesauditd events --unattributed`: `sesauditd adopt` the domain, or find out who "
            "sends with your account"
        ),
    ),
    "unverified": (
        "notifications could not be believed",
        (
            "see `sesauditd events --quarantined`: is [queue] topic_arns right, does somebody else "
            "send to the queue?"
        ),
    ),
}


class Strangers(Protocol):
    """Counts them; see `store.silence.Strangers`."""

    async def unattributed(self, since: datetime) -> int:
        """Return how many events since then are of no registered domain."""
        ...

    async def unverified(self, since: datetime) -> int:
        """Return how many notifications received since then were not believed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangersWatch:
    """Counts those of the last 24 hours."""

    strangers: Strangers
    memory: Recalls
    alarms: Reports
    limit: int

    async def run(self, now: datetime) -> None:
        """Look and tell."""
        since = now - DAY
        for name, count in (
            ("unattributed", await self.strangers.unattributed(since)),
            ("unverified", await self.strangers.unverified(since)),
        ):
            before = await told(self.memory, name)
            await self.alarms.report([many(name, count, self.limit, before)], now)


def many(name: str, count: int, limit: int, before: str | None) -> Finding:
    """Return whether there are too many; it is over when they are fewer than half of that."""
    what, to_do = WORDS[name]
    too_many = count >= limit or (before is not None and 2 * count >= limit)
    said = f"{count:,} {what}, in the last 24 hours"
    return Finding(
        name=name,
        state="many" if too_many else None,
        summary=f"{said}: {to_do}." if too_many else f"{said}: fewer again.",
        details={"count": count, "limit": limit},
    )
