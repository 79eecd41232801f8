"""What one SES notification says, as values: feedback, its recipients, and their outcomes.

Thousands of them are made a second, and msgspec makes one several times as quickly as a frozen
dataclass does.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Outcome(StrEnum):
    """What one event means for one recipient (policy.md section 1)."""

    SENT = "sent"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    AUTO_REPLY = "auto_reply"
    REFUSED_CONTENT = "refused_content"
    UNDETERMINED = "undetermined"
    COMPLAINT = "complaint"
    VIRUS = "virus"
    ECHO = "echo"
    SIMULATED = "simulated"
    NOTICE = "notice"
    OTHER = "other"


OUTCOMES: Mapping[str, Outcome] = {str(one): one for one in Outcome}
"""By name: a look into a table, which is several times as quick as the call of an enumeration."""
STRIKING = frozenset({Outcome.HARD_BOUNCE, Outcome.SOFT_BOUNCE, Outcome.COMPLAINT})
"""Outcomes that count against somebody's address and are kept as strikes."""


class Flag(StrEnum):
    """Something about an event that a reader of its row should know."""

    TIME_REPLACED = "time_replaced"
    FOREIGN_CALLER = "foreign_caller"
    AMBIGUOUS = "ambiguous"
    FORWARDED = "forwarded"
    UNATTRIBUTED = "unattributed"
    UNVERIFIED = "unverified"
    OWN_NOTICE = "own_notice"
    OUTSIDE_TENANT = "outside_tenant"
    """A bounce or complaint of mail without the tenant that the domain's mail names else."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient as SES names it in an event."""

    address: str
    """Canonical spelling, see `addresses.canonical`."""
    spelling: str
    """AWS's own spelling, which its suppression API wants back letter for letter."""
    action: str | None = None
    status: str | None = None
    diagnostic: str | None = None


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """One SES event of either flavour, parsed; nothing is decided yet."""

    kind: str
    """`Bounce`, `Complaint`, `Delivery`, `Send`, `Reject`, `DeliveryDelay`, ...: SES's own word."""
    message_id: str
    feedback_id: str | None = None
    mail_at: datetime | None = None
    inner_at: datetime | None = None
    source: str = ""
    """Canonical address of `mail.source`."""
    identity: str = ""
    """The identity named by `mail.sourceArn` (a domain or an address), canonical, or empty."""
    caller: str | None = None
    """IAM user or role name, from `ses:caller-identity` or `mail.callerIdentity`."""
    configuration_set: str | None = None
    tenant: str | None = None
    """The tenant of SES that the mail named, from `ses:tenant-name`."""
    destination: tuple[str, ...] | None = None
    """Canonical addresses of `mail.destination`; None if the event has no such list."""
    named: tuple[Named, ...] = ()
    type: str | None = None
    subtype: str | None = None
    complaint_type: str | None = None
    reason: str | None = None
    """Why a Reject was rejected, or the delay type of a DeliveryDelay."""

    @property
    def dedupe(self) -> bytes:
        """Return 8 bytes that are equal for every arrival of this event and for no other.

        Bounces and complaints carry a feedbackId; all else is told apart by message,
        recipients and inner time (ses-facts.md 1.6).
        """
        parts = [self.kind, self.message_id]
        if self.feedback_id:
            parts.append(self.feedback_id)
        else:
            parts += sorted(named.address for named in self.named)
            parts.append(self.inner_at.isoformat() if self.inner_at else "")
        # The JSON of the list, as `json.dumps` writes it, without what makes an encoder each time.
        written = ", ".join(map(encode_basestring_ascii, parts))
        return hashlib.sha256(f"[{written}]".encode()).digest()[:8]

    @property
    def key(self) -> bytes:
        """Return the 16-byte row key: 8 bytes of mail time in seconds, 8 bytes of dedupe hash.

        The mail's time in whole seconds is the same in every event about one message and in
        both flavours, so a message's events stand side by side in the table.
        """
        seconds = int(self.mail_at.timestamp()) if self.mail_at else 0
        return max(seconds, 0).to_bytes(8, "big") + self.dedupe


class Suffered(msgspec.Struct, frozen=True, kw_only=True):
    """What one event means for one recipient."""

    recipient: str
    """Canonical address that the outcome stands for."""
    spelling: str
    outcome: Outcome
    blockable: bool = True
    """False where the address is a guess: an ambiguous complaint, an unknown forwarder."""
    counted_as: str = ""
    """What different ones are counted by: the address, `@domain` for 5.4.4, an event's own key."""
    action: str | None = None
    status: str | None = None
    diagnostic: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event, interpreted: when it happened and what it means for whom."""

    feedback: Feedback
    at: datetime
    """The event's own time (policy.md section 1), UTC."""
    received_at: datetime
    suffered: tuple[Suffered, ...]
    flags: frozenset[Flag] = frozenset()


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the raw body of an event is kept."""

    source: str
    """Archive object or file name."""
    line: int
    """One-based line in it."""
    sha256: bytes
    """Of the raw body, 32 bytes."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One raw notification and what was made of it."""

    origin: Origin
    received_at: datetime
    event: Event | None = None
    noise: str | None = None
    """The name of a text that SES or SNS puts on the topic and that means nothing."""
    unreadable: str | None = None
    """The reason for quarantine."""
    body: bytes = b""
