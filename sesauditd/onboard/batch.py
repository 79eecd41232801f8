"""Several domains in one go: what stops one of them does not stop the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import structlog

from sesauditd.errors import SesauditdError
from sesauditd.onboard.onboarding import Outcome, Prepared, Result

if TYPE_CHECKING:
    from sesauditd.onboard.access_keys import NewKey, Show
    from sesauditd.onboard.credentials import Credentials
    from sesauditd.onboard.engine import Watch
    from sesauditd.onboard.onboarding import Wish

log = structlog.get_logger(__name__)
Done = TypeVar("Done")
Work = Callable[[], Awaitable[Done]]

AT_ONCE: Final = 6
"""Enough that some domain always waits for SES's next turn while IAM and DNS work for others."""
LISTED_FROM: Final = 3
"""Domains for which two listings are fewer questions than two about each."""


class One(Protocol):
    """Onboards one domain."""

    async def prepare(self, wish: Wish) -> Prepared:
        """Return what would be done, without one write."""
        ...

    async def carry_out(self, prepared: Prepared, show: Show, on_change: Watch) -> Outcome:
        """Make everything that is missing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Domains side by side: SES bears one control call a second, however many ask.

    What IAM, Route 53 and the database need for one domain is hidden behind the turns of
    others; of a domain and one above it, the one above comes first.
    """

    one: One
    login: Callable[[str, NewKey], Credentials]
    """A domain and its new key to the login of its sites."""
    listings: Sequence[Callable[[], AbstractContextManager[None]]]
    """Let a block go by listings of what exists, in place of a question for each domain."""
    at_once: int = AT_ONCE

    async def prepare(
        self, wishes: Sequence[Wish], on_domain: Callable[[str], None]
    ) -> Sequence[Prepared | Outcome]:
        """Look at every domain; one that cannot be looked at is a failed Outcome."""

        async def look(wish: Wish) -> Prepared | Outcome:
            found: Prepared | Outcome
            try:
                found = await self.one.prepare(wish)
            except SesauditdError as error:
                found = _failed(wish.domain, error)
            on_domain(wish.domain)
            return found

        return await self._all([(wish.domain, partial(look, wish)) for wish in wishes])

    async def carry_out(
        self,
        prepared: Sequence[Prepared | Outcome],
        *,
        show: Callable[[Credentials], None],
        on_change: Watch,
        on_domain: Callable[[Outcome], None],
    ) -> Sequence[Outcome]:
        """Set the domains up, and return what became of each, in their order."""

        async def make(each: Prepared | Outcome) -> Outcome:
            outcome = each if isinstance(each, Outcome) else await self._one(each, show, on_change)
            on_domain(outcome)
            return outcome

        return await self._all([(_domain(each), partial(make, each)) for each in prepared])

    async def _all(self, work: Sequence[tuple[str, Work[Done]]]) -> Sequence[Done]:
        with ExitStack() as held:
            for listing in self.listings if len(work) >= LISTED_FROM else ():
                held.enter_context(listing())
            return await _Lanes(self.at_once, [name for name, _ in work]).all(work)

    async def _one(
        self, prepared: Prepared, show: Callable[[Credentials], None], on_change: Watch
    ) -> Outcome:
        domain = prepared.wish.domain
        try:
            return await self.one.carry_out(
                prepared,
                lambda key: show(replace(self.login(domain, key), tenant=prepared.tenant)),
                on_change,
            )
        except SesauditdError as error:
            return _failed(domain, error)


@dataclass(slots=True)
class _Lanes:
    """Runs work side by side, a few at once, begun in order."""

    at_once: int
    domains: Sequence[str]
    _ended: dict[str, asyncio.Event] = field(init=False)
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._ended = {name: asyncio.Event() for name in self.domains}
        self._free = asyncio.Semaphore(self.at_once)

    async def all(self, work: Sequence[tuple[str, Work[Done]]]) -> Sequence[Done]:
        """Return what each returned; what one raises ends the others, and is raised."""
        tasks = [asyncio.create_task(self._turn(name, one)) for name, one in work]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self, name: str, work: Work[Done]) -> Done:
        # A DMARC record or a delegation of the domain above counts for the one below.
        for above in (one for one in self._ended if name.endswith(f".{one}")):
            await self._ended[above].wait()
        try:
            async with self._free:
                return await work()
        finally:
            self._ended[name].set()


def _domain(each: Prepared | Outcome) -> str:
    return each.domain if isinstance(each, Outcome) else each.wish.domain


def _failed(domain: str, error: SesauditdError) -> Outcome:
    # Whoever asked is told by the outcome.
    log.info("domain_not_onboarded", domain=domain, reason=str(error))
    return Outcome(domain=domain, result=Result.FAILED, why=str(error))
