"""The reputation watch: AWS's own rates and ours are kept side by side, and told of in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Failed, Forbidden
from sesauditd.jobs.alarms import Finding, told
from sesauditd.jobs.reputation_words import agreement, disagreement, rate_finding, unheard_finding
from sesauditd.model.reputation import (
    FEWEST_JUDGED,
    Kind,
    Poll,
    Z,
    level,
    settled,
    sign,
    unheard,
)
from sesauditd.model.statistics import wilson_lower

if TYPE_CHECKING:
    from sesauditd.jobs.account import Reports
    from sesauditd.jobs.alarms import Recalls
    from sesauditd.model.reputation import Sign, Tally

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PATIENCE = 3
"""So many polls in a row without an answer are a matter for operators."""


class Rates(Protocol):
    """AWS's own rates of the account, as shares of 1; None where it has none."""

    @property
    def bounce_rate(self) -> float | None:
        """Return `Reputation.BounceRate`."""
        ...

    @property
    def complaint_rate(self) -> float | None:
        """Return `Reputation.ComplaintRate`."""
        ...


class Metrics(Protocol):
    """Asks CloudWatch."""

    async def reputation(self, now: datetime) -> Rates:
        """Return the newest rates; raises Unavailable or Forbidden."""
        ...

    async def sent(
        self, start: datetime, end: datetime, configuration_set: str | None = None
    ) -> float | None:
        """Return what AWS counts as sent, None if it counts nothing; raises as above."""
        ...


class Polls(Protocol):
    """Our own figures, and what was asked before; see `store.reputation.Polls`."""

    async def tallies(self, now: datetime) -> Sequence[Tally]:
        """Return our counts over each span that ends now."""
        ...

    async def heard(self, start: datetime, end: datetime) -> int:
        """Return how many recipients we heard of."""
        ...

    async def keep(self, poll: Poll) -> None:
        """Keep a poll."""
        ...

    async def newest(self, limit: int) -> Sequence[Poll]:
        """Return the last polls, the newest first."""
        ...

    async def watched_since(self, now: datetime) -> datetime:
        """Return when this was asked for the first time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """From when on a figure is a matter for operators."""

    near: float = 0.8
    """Share of AWS's line of review."""
    tolerance: float = 0.2
    """Likewise, by which two rates may be apart."""
    polls: int = 8
    settle: timedelta = 14 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class ReputationWatch:
    """Polls CloudWatch, counts what AWS counts, and compares."""

    metrics: Metrics
    polls: Polls
    memory: Recalls
    alarms: Reports
    measure: Measure

    async def run(self, now: datetime) -> None:
        """Look, keep, tell. What AWS does not say is kept as not known, with the reason."""
        watched_since = await self.polls.watched_since(now)
        poll = await self._polled(now)
        await self.polls.keep(poll)
        recent = await self.polls.newest(max(PATIENCE, 4 * self.measure.polls))
        await self.alarms.report(list(answering(recent)), now)
        for kind in Kind:
            await self.alarms.report(await self._lines(poll, kind), now)
        watched = now - watched_since
        if watched >= self.measure.settle:
            found = [one for kind in Kind for one in differing(recent, kind, self.measure)]
            await self.alarms.report(found, now)
        if watched >= min(self.measure.settle, DAY + 2 * HOUR):
            await self.alarms.report(list(unseen(recent, self.measure.polls)), now)

    async def _polled(self, now: datetime) -> Poll:
        end = now.replace(minute=0, second=0, microsecond=0) - HOUR
        start = end - DAY
        heard, tallies = await self.polls.heard(start, end), await self.polls.tallies(now)
        bounce_rate = complaint_rate = sent = problem = None
        try:
            rates = await self.metrics.reputation(now)
            bounce_rate, complaint_rate = rates.bounce_rate, rates.complaint_rate
            sent = await self.metrics.sent(start, end)
        except Failed as error:
            problem = f"{error}{_advice(error)}"
        return Poll(
            at=now,
            bounce_rate=bounce_rate,
            complaint_rate=complaint_rate,
            sent=sent,
            heard=heard,
            tallies=tuple(tallies),
            problem=problem,
        )

    async def _lines(self, poll: Poll, kind: Kind) -> Sequence[Finding]:
        """Return which lines AWS's rate and ours have reached; a missing rate says nothing."""
        found: list[Finding] = []
        for name, rate, judged in (
            (f"reputation_{kind}", poll.rate(kind), poll.rate(kind)),
            (f"own_{kind}", *_own(poll, kind)),
        ):
            if rate is not None and judged is not None:
                before = await told(self.memory, name)
                state = level(judged, kind, self.measure.near, before)
                found.append(rate_finding(name, kind, rate, state, poll))
        return found


def answering(recent: Sequence[Poll]) -> Iterator[Finding]:
    """Yield whether AWS tells its figures: a refusal at once, no answer after three polls."""
    newest = recent[0]
    if newest.problem is None:
        yield Finding(
            name="reputation_unknown", state=None, summary="CloudWatch tells AWS's figures again."
        )
    elif newest.problem.endswith(ALLOW) or (
        len(recent) >= PATIENCE and all(one.problem for one in recent[:PATIENCE])
    ):
        yield Finding(
            name="reputation_unknown",
            state="unknown",
            summary=f"AWS's own rates are not known: {newest.problem}",
        )


def differing(recent: Sequence[Poll], kind: Kind, measure: Measure) -> Iterator[Finding]:
    """Yield whether AWS's rate and ours can both be right, once enough polls say the same."""
    found = settled([sign(one, kind, measure.tolerance) for one in recent], measure.polls)
    poll = next((one for one in recent if sign(one, kind, measure.tolerance) is not None), None)
    if found is not None and poll is not None:
        yield _differing(found, kind, poll)


def _differing(found: Sign, kind: Kind, poll: Poll) -> Finding:
    if found == "agrees":
        return agreement(kind, poll)
    return disagreement(kind, found, poll)


def unseen(recent: Sequence[Poll], polls: int) -> Iterator[Finding]:
    """Yield whether AWS sends mail that nobody tells us of."""
    found = settled([unheard(one) for one in recent], polls)
    poll = next((one for one in recent if one.sent is not None), None)
    if found is not None and poll is not None:
        yield unheard_finding(found, poll)


ALLOW = "allow cloudwatch:GetMetricData, see docs/iam/observe.json"


def _advice(error: Failed) -> str:
    return f"; {ALLOW}" if isinstance(error, Forbidden) else ""


def _own(poll: Poll, kind: Kind) -> tuple[float | None, float | None]:
    """Return our rate, and how much of it chance does not explain."""
    ours = poll.ours
    if ours is None:
        return None, None
    hits, size = ours.of(kind)
    if size < FEWEST_JUDGED:
        return None, None
    return hits / size, wilson_lower(hits, size, Z)
