"""Notices: what customers and operators are told, as values that wait in an outbox."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Audience(StrEnum):
    """Who is told."""

    CUSTOMER = "customer"
    OPERATOR = "operator"


class NoticeKind(StrEnum):
    """What somebody is told (policy.md section 5)."""

    WARNED = "warned"
    DISABLED = "disabled"
    TERMINATED = "terminated"
    REINSTATED = "reinstated"
    RESTORED = "restored"
    BLOCKED = "blocked"
    """A digest: one a day at most for a customer."""
    MONTHLY_REPORT = "monthly_report"
    """How a customer's mail did in a month, where that is switched on."""
    VERIFIED = "verified"
    """A domain that was set up can send, for the first time."""
    DOMAIN_VERIFIED = "domain_verified"
    """The same for operators, also when lost records are back."""
    VERIFICATION_LOST = "verification_lost"
    """SES does not find a domain's records any more, or still not after three days."""
    ACTION_DONE = "action_done"
    ACTION_FAILED = "action_failed"
    ACTION_WAITING = "action_waiting"
    WEEKLY_SUMMARY = "weekly_summary"
    SHADOW_DIGEST = "shadow_digest"
    CONTACT_DEAD = "contact_dead"
    """A notice came back for good: its reader has to be reached in another way."""
    OPERATOR_DIGEST = "operator_digest"
    """Many notices to operators in one mail."""
    TEST = "test"
    """Whether mail reaches operators; never kept."""
    TROUBLE = "trouble"
    RECOVERED = "recovered"

    @property
    def audience(self) -> Audience:
        """Return who is told of this kind of thing."""
        return Audience.CUSTOMER if self in FOR_CUSTOMERS else Audience.OPERATOR


FOR_CUSTOMERS = frozenset(
    {
        NoticeKind.WARNED,
        NoticeKind.DISABLED,
        NoticeKind.TERMINATED,
        NoticeKind.REINSTATED,
        NoticeKind.RESTORED,
        NoticeKind.BLOCKED,
        NoticeKind.MONTHLY_REPORT,
        NoticeKind.VERIFIED,
    }
)


PATIENT = frozenset(
    {
        NoticeKind.BLOCKED,
        NoticeKind.MONTHLY_REPORT,
        NoticeKind.VERIFIED,
        NoticeKind.DOMAIN_VERIFIED,
        NoticeKind.WEEKLY_SUMMARY,
        NoticeKind.SHADOW_DIGEST,
    }
)
"""Kinds that go when nothing else waits, and not on the last of a day's quota."""


class NoticeState(StrEnum):
    """The life of a notice: one attempt, committed before it is made."""

    REQUESTED = "requested"
    ATTEMPTED = "attempted"
    SENT = "sent"
    FAILED = "failed"
    """Surely not sent, and trying again would not help."""
    UNKNOWN = "unknown"
    """It may have been sent; it is never sent again by itself."""
    UNDELIVERABLE = "undeliverable"
    """Nobody to send it to, or nobody to send it from; kept to be shown."""
    FOLDED = "folded"
    """Told within a digest to operators, which has a row of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell one audience, once."""

    kind: NoticeKind
    customer: str | None = None
    domain: str | None = None
    """The domain whose contact is told; None for all contacts of the customer."""
    subject: str
    """What it is about and which time: an action's id, `shop/2026-11-24`, `2026-W47`."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """JSON values only; what the templates of the kind name."""
    due_at: datetime | None = None
    """Not before; None for at once."""

    @property
    def audience(self) -> Audience:
        """Return who is told."""
        return self.kind.audience

    @property
    def id(self) -> str:
        """Return 20 hex digits, the same whenever the same thing is to be told again."""
        text = f"{self.kind}\n{self.audience}\n{self.subject}"
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNotice:
    """A notice as it is kept, and what has become of it."""

    notice: Notice
    state: NoticeState
    requested_at: datetime
    changed_at: datetime
    attempts: int
    outcome: str | None
    message_id: str | None
    """SES's own, once it was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A notice that is due, and the addresses of those whom it is for."""

    notice: Notice
    attempts: int = 0
    to: tuple[str, ...] = ()
    """Living addresses, from the register or the settings: never from an event."""
    dead: tuple[str, ...] = ()
    """Addresses that are left out because an earlier notice to them bounced for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadContact:
    """An address to which one of our own notices bounced for good."""

    address: str
    customer: str | None
    """None for an operator."""
    at: datetime
    diagnostic: str | None = None
