"""Asks SES about the records of domains when that is owed, and says who hears of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.errors import Failed
from sesauditd.model import verification
from sesauditd.model.calendar import iso
from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.model.verification import Told, VerificationNote
from sesauditd.onboard.onboarding_wait import SUCCESS, verification_of

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from sesauditd.model.kept_domains import KeptDomain
    from sesauditd.onboard.onboarding_wait import Verification, Verifying

log = structlog.get_logger(__name__)


class Notes(Protocol):
    """What is remembered of the looks at domains."""

    async def all(self) -> Mapping[str, VerificationNote]:
        """Return the notes by domain."""
        ...

    async def keep(
        self, domain: str, note: VerificationNote, told: Sequence[Notice], now: datetime
    ) -> None:
        """Keep a note and ask for the notices, both or neither."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Looks at each domain when its time has come: soon at first, daily once all is found."""

    ses: Verifying
    notes: Notes

    async def look(
        self, domains: Sequence[KeptDomain], now: datetime, stop: asyncio.Event
    ) -> Sequence[str]:
        """Ask about every domain that is owed a look, and return which those were.

        One that cannot be looked at is owed again at once, and stops no other: that rights are
        missing is told by the comparison at night.
        """
        notes = await self.notes.all()
        asked = []
        for kept in domains:
            note = notes.get(kept.name) or verification.first(now)
            # A clock that was set back must not put a look off for ever.
            due = note.next_at <= now or note.next_at - now > verification.WAIT_WHEN_FOUND
            if stop.is_set() or not due:
                continue
            try:
                found = verification_of(await self.ses.verification(kept.name))
            except Failed as error:
                log.warning("verification_not_seen", domain=kept.name, reason=str(error))
                continue
            fresh, told = verification.looked(note, _missing(kept, found), now)
            await self.notes.keep(kept.name, fresh, list(_notices(kept, note, fresh, told)), now)
            log.info("verification_seen", domain=kept.name, stage=str(fresh.stage))
            asked.append(kept.name)
        return asked


def _missing(kept: KeptDomain, found: Verification) -> Sequence[str]:
    """Return what SES misses; what was taken over may have no MAIL FROM name of its own."""
    optional = kept.taken_over is not None and found.verified and found.dkim == SUCCESS
    return () if optional else found.missing


def _notices(
    kept: KeptDomain, before: VerificationNote, fresh: VerificationNote, told: Told | None
) -> Sequence[Notice]:
    """Return whom a look is news for; a customer whose mail is stopped hears no good news."""
    if told is None:
        return ()
    subject = f"{kept.name}/{iso(fresh.since)}"
    facts = {
        "domain": kept.name,
        "customer": kept.customer,
        "since": iso(before.since),
        "missing": list(fresh.missing),
        "state": str(told),
    }
    good = told in {Told.VERIFIED, Told.VERIFIED_AGAIN}
    kind = NoticeKind.DOMAIN_VERIFIED if good else NoticeKind.VERIFICATION_LOST
    operators = Notice(kind=kind, domain=kept.name, subject=f"{subject}/{told}", facts=facts)
    if told is not Told.VERIFIED or kept.customer is None or kept.is_stopped:
        return (operators,)
    owner = Notice(
        kind=NoticeKind.VERIFIED,
        customer=kept.customer,
        domain=kept.name,
        subject=subject,
        facts={"domain": kept.name},
    )
    return owner, operators
