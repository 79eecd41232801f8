"""Waits until SES has found the records of domains, and says what it has not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.errors import Unavailable

if TYPE_CHECKING:
    from sesauditd.model.plan import Document

SUCCESS: Final = "SUCCESS"
FIRST_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 60.0
GROWTH: Final = 1.5


class Verifying(Protocol):
    """How far SES is with a domain."""

    async def verification(self, name: str) -> Document | None:
        """Return `verified`, `identity`, `dkim`, `mail_from` and `error`; None without one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How far SES is with a domain's records, in its own words; three things of their own."""

    verified: bool = False
    """It may send, signed or not."""
    dkim: str = ""
    mail_from: str = ""
    error: str = ""

    @property
    def is_complete(self) -> bool:
        """Return whether SES has found all records."""
        return self.verified and self.dkim == SUCCESS and self.mail_from == SUCCESS

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what is not found yet, in words."""
        why = f" ({self.error})" if self.error else ""
        said = {
            "identity": "" if self.verified else f"not verified{why}",
            "DKIM": _pending(self.dkim),
            "MAIL FROM": _pending(self.mail_from),
        }
        return tuple(f"{what}: {state}" for what, state in said.items() if state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long, and how often, SES is asked; seconds."""

    timeout_seconds: float
    first_seconds: float = FIRST_SECONDS
    longest_seconds: float = LONGEST_SECONDS


def verification_of(found: Document | None) -> Verification:
    """Return what SES says; without an identity nothing is found."""
    if found is None:
        return Verification()
    return Verification(
        verified=bool(found["verified"]),
        dkim=str(found["dkim"]),
        mail_from=str(found["mail_from"]),
        error=str(found["error"]),
    )


async def verified(
    domains: Sequence[str],
    ses: Verifying,
    waiting: Waiting,
    on_found: Callable[[str], None] = lambda _domain: None,
) -> Mapping[str, Verification]:
    """Ask SES about the domains until all are found or the time is over.

    Raises Forbidden; what SES has no time for is asked again.
    """
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + waiting.timeout_seconds
    states = dict.fromkeys(domains, Verification())
    pause = waiting.first_seconds
    while True:
        for domain in [one for one in domains if not states[one].is_complete]:
            states[domain] = await _asked(domain, ses, states[domain])
            if states[domain].is_complete:
                on_found(domain)
        left = ends_at - loop.time()
        if left <= 0 or all(one.is_complete for one in states.values()):
            return states
        await asyncio.sleep(min(pause, left))
        pause = min(pause * GROWTH, waiting.longest_seconds)


async def _asked(domain: str, ses: Verifying, before: Verification) -> Verification:
    try:
        return verification_of(await ses.verification(domain))
    except Unavailable:
        return before


def _pending(state: str) -> str:
    return "" if state == SUCCESS else state.lower() or "unknown"
