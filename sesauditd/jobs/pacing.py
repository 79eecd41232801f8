"""How fast notices may go: the account's rate and its day's quota belong to customers, too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.errors import SesauditdError
from sesauditd.model.notice import PATIENT

if TYPE_CHECKING:
    from sesauditd.model.notice import Posting

SHARE = 0.5
"""Of MaxSendRate: two senders with half of it each never exceed it."""
UNKNOWN_SECONDS = 1.0
"""Between two recipients while the rate is not known: that of SES's own sandbox."""
LOOK_EVERY = timedelta(minutes=5)
PATIENT_PART = 0.9
"""Of the day's quota: what can wait is not sent when more is used."""

log = structlog.get_logger()


class Quota(Protocol):
    """What SES GetAccount says of sending; see `aws.mail.Account`."""

    @property
    def max_24h(self) -> float:
        """Return recipients a day; -1 is no limit."""

    @property
    def sent_24h(self) -> float:
        """Return recipients of the last 24 hours, customers' mail included."""

    @property
    def max_per_second(self) -> float:
        """Return recipients a second."""


class Pacer:
    """Says how long to wait between mails, and which may not go today."""

    def __init__(
        self, account: Callable[[], Awaitable[Quota]] | None = None, *, seconds: float | None = None
    ) -> None:
        """`seconds` between two mails, whatever the account says, is for tests and demos."""
        self._account = account
        self._seconds = seconds
        self._known: Quota | None = None
        self._looked_at: datetime | None = None
        self._sent_since = 0

    async def look(self, now: datetime) -> None:
        """Ask for the account's quota now and then; without an answer the old one holds."""
        if self._account is None:
            return
        if self._looked_at is not None and timedelta() <= now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        try:
            self._known = await self._account()
            self._sent_since = 0
        except SesauditdError as error:
            log.info("quota_not_seen", reason=str(error))

    def allows(self, posting: Posting) -> bool:
        """Say whether the day's quota has room for a notice."""
        known = self._known
        if known is None or known.max_24h <= 0:
            return True
        used = known.sent_24h + self._sent_since + len(posting.to)
        part = PATIENT_PART if posting.notice.kind in PATIENT else 1.0
        return used <= part * known.max_24h

    def sent(self, recipients: int) -> float:
        """Count a mail that went out, and return the seconds to wait before the next."""
        self._sent_since += recipients
        if self._seconds is not None:
            return self._seconds
        known = self._known
        if known is None or known.max_per_second <= 0:
            return UNKNOWN_SECONDS * recipients
        return recipients / (SHARE * known.max_per_second)
