"""Several domains in one go: what stops one of them does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.errors import SesauditdError
from sesauditd.onboard.onboarding import Outcome, Prepared, Result

if TYPE_CHECKING:
    from sesauditd.onboard.access_keys import NewKey, Show
    from sesauditd.onboard.credentials import Credentials
    from sesauditd.onboard.engine import Watch
    from sesauditd.onboard.onboarding import Wish

log = structlog.get_logger(__name__)


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
    """Domains one after the other: SES bears one control call a second, however many ask."""

    one: One
    login: Callable[[str, NewKey], Credentials]
    """A domain and its new key to the login of its sites."""

    async def prepare(
        self, wishes: Sequence[Wish], on_domain: Callable[[str], None]
    ) -> Sequence[Prepared | Outcome]:
        """Look at every domain; one that cannot be looked at is a failed Outcome."""
        found: list[Prepared | Outcome] = []
        for wish in wishes:
            try:
                found.append(await self.one.prepare(wish))
            except SesauditdError as error:
                found.append(_failed(wish.domain, error))
            on_domain(wish.domain)
        return found

    async def carry_out(
        self,
        prepared: Sequence[Prepared | Outcome],
        *,
        show: Callable[[Credentials], None],
        on_change: Watch,
        on_domain: Callable[[Outcome], None],
    ) -> Sequence[Outcome]:
        """Set the domains up in order, and return what became of each."""
        outcomes = []
        for each in prepared:
            outcome = each if isinstance(each, Outcome) else await self._one(each, show, on_change)
            outcomes.append(outcome)
            on_domain(outcome)
        return outcomes

    async def _one(
        self, prepared: Prepared, show: Callable[[Credentials], None], on_change: Watch
    ) -> Outcome:
        domain = prepared.wish.domain
        try:
            return await self.one.carry_out(
                prepared, lambda key: show(self.login(domain, key)), on_change
            )
        except SesauditdError as error:
            return _failed(domain, error)


def _failed(domain: str, error: SesauditdError) -> Outcome:
    log.warning("domain_not_onboarded", domain=domain, reason=str(error))
    return Outcome(domain=domain, result=Result.FAILED, why=str(error))
