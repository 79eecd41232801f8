"""What the daemon does for domains that were set up, besides judging them."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.owed import daily
from sesauditd.onboard.drift import summary

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection

    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.model.owed import Period
    from sesauditd.onboard.drift import Comparison
    from sesauditd.onboard.resuming import Left, Resumer
    from sesauditd.onboard.verifying import Verifier

DRIFT: Final = "drift"
NIGHTLY: Final = daily("03:30")


class Domains(Protocol):
    """The domains that were set up here."""

    async def all(self) -> Sequence[KeptDomain]:
        """Return them in the order of the alphabet."""
        ...


class Periods(Protocol):
    """Which nights were done."""

    async def first_run(self, now: datetime) -> datetime:
        """Return when this was asked for the first time."""
        ...

    async def done(self, job: str) -> Collection[str]:
        """Return the names of the periods that a job has done."""
        ...

    async def finish(self, job: str, period: Period, now: datetime) -> None:
        """Mark a period as done."""
        ...


class Report(Protocol):
    """Tells operators of trouble when it begins or changes, and when it is over."""

    async def __call__(
        self, name: str, state: str | None, said: str, details: Mapping[str, object], now: datetime
    ) -> None:
        """Tell how the thing of this name stands; a state of None is good."""
        ...


Compare = Callable[[Sequence["KeptDomain"]], Awaitable[Sequence["Comparison"]]]
Retire = Callable[[datetime], Awaitable[Sequence[str]]]
"""Retires old keys, and returns in words what could not be done."""
Follow = Callable[[Report, datetime], Awaitable[None]]
"""Follows a request for production access."""

Silent = Callable[[datetime], Awaitable[Sequence[str]]]
"""Returns the shared users that nobody uses any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Resumes, waits for verification, retires old keys, and compares every night."""

    domains: Domains
    resumer: Resumer
    verifier: Verifier
    retire: Retire
    follow: Follow
    silent: Silent
    compare: Compare
    periods: Periods
    report: Report
    clock: Callable[[], datetime]

    async def tick(self, stop: asyncio.Event) -> None:
        """Do all that is owed now; harmless to repeat. Raises what the store raises."""
        now = self.clock()
        kept = await self.domains.all()
        left = await self.resumer.resume(kept, now)
        await self._tell_left(left, now)
        if not stop.is_set():
            await self._retire(now)
        await self.follow(self.report, now)
        await self.verifier.look(kept, now, stop)
        if not stop.is_set():
            await self._nightly(kept, now)

    async def _tell_left(self, left: Sequence[Left], now: datetime) -> None:
        names = ", ".join(one.domain for one in left)
        details = {one.domain: f"{one.why}; run: {one.command}" for one in left}
        said = (
            f"The onboarding of {names} was interrupted and cannot be finished from here."
            if left
            else "No onboarding is interrupted."
        )
        await self.report("onboarding", names or None, said, details, now)

    async def _retire(self, now: datetime) -> None:
        troubles = await self.retire(now)
        said = troubles[0] if troubles else "Old access keys are retired in time."
        details = {"all": list(troubles)} if troubles else {}
        await self.report("rotation", "; ".join(troubles) or None, said, details, now)

    async def _nightly(self, kept: Sequence[KeptDomain], now: datetime) -> None:
        """Compare once a night; of nights that were missed only the last one counts."""
        done = await self.periods.done(DRIFT)
        owed = list(NIGHTLY.owed(done, await self.periods.first_run(now), now))
        if not owed:
            return
        found = await self.compare(kept)
        bad = [one for one in found if not one.is_good]
        details = {one.subject: one.failure or one.remedy for one in bad}
        await self.report(DRIFT, _state(bad), summary(found), details, now)
        await self._tell_silent(now)
        for period in owed:
            await self.periods.finish(DRIFT, period, now)

    async def _tell_silent(self, now: datetime) -> None:
        """Remind of shared logins that can go; taking one away is an operator's own decision."""
        users = await self.silent(now)
        details = {one: f"run: sesauditd credentials split --retire {one}" for one in users}
        said = (
            f"Nobody has used the shared login of {', '.join(users)} for 14 days: it can go."
            if users
            else "No shared login waits to be retired."
        )
        await self.report("shared_login", ", ".join(users) or None, said, details, now)


def _state(bad: Sequence[Comparison]) -> str | None:
    """Return a word that changes when other things differ, None if nothing does."""
    if not bad:
        return None
    parts = [
        f"{one.subject} {one.failure and 'unseen'} "
        + " ".join(
            [change.resource for change in one.plan.changes]
            + [conflict.resource for conflict in one.plan.conflicts]
        )
        for one in bad
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
