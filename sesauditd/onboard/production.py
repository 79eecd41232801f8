"""Asks AWS to let the account out of its sandbox, and follows what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from sesauditd.errors import Failed, Refused
from sesauditd.model.calendar import iso
from sesauditd.model.production import Review

if TYPE_CHECKING:
    from sesauditd.model.production import Request, Standing
    from sesauditd.onboard.worker import Report

log = structlog.get_logger(__name__)

ASKED: Final = "production_access"
EVERY: Final = timedelta(hours=1)


class Account(Protocol):
    """How SES sees the account."""

    async def standing(self) -> Standing:
        """Return how far it is."""
        ...

    async def ask(self, request: Request) -> None:
        """Ask for production access."""
        ...


class Memory(Protocol):
    """What was observed and is remembered."""

    async def recall(self, name: str) -> Mapping[str, object] | None:
        """Return what was remembered under a name, None if nothing was."""
        ...

    async def remember(self, name: str, facts: Mapping[str, object], now: datetime) -> None:
        """Keep facts under a name, in the place of what was there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionAccess:
    """The way out of AWS's sandbox."""

    account: Account
    memory: Memory

    async def check(self) -> Standing:
        """Return how far it is; raises Refused where there is nothing to ask for."""
        standing = await self.account.standing()
        if standing.production or standing.review is Review.PENDING:
            raise Refused(f"there is nothing to ask for. {standing.said}")
        return standing

    async def ask(self, request: Request, now: datetime) -> Standing:
        """Ask, and return how far it then is.

        Raises Refused where there is nothing to ask for, Failed.
        """
        await self.check()
        # Before the call: the daemon follows also a request whose answer was lost.
        await self.memory.remember(ASKED, {"open": True, "next_at": iso(now)}, now)
        await self.account.ask(request)
        log.info("production_access_asked", mail_type=str(request.mail_type))
        return await self.account.standing()

    async def follow(self, report: Report, now: datetime) -> None:
        """Look hourly while a request is open, and tell operators what becomes of it."""
        facts = await self.memory.recall(ASKED) or {}
        if not facts.get("open") or datetime.fromisoformat(str(facts["next_at"])) > now:
            return
        try:
            standing = await self.account.standing()
        except Failed as error:
            log.warning("production_access_not_seen", reason=str(error))
            return
        state = None if standing.production else str(standing.review or "unknown").lower()
        await report(ASKED, state, standing.said, {"case": standing.case}, now)
        fresh = {"open": not standing.production, "next_at": iso(now + EVERY)}
        await self.memory.remember(ASKED, fresh, now)
