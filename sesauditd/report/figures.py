"""What reports and listings are made of: rows as they are shown, filled in by the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from sesauditd.model.actions import State
from sesauditd.model.calendar import aware
from sesauditd.model.verdicts import Does, Rule

if TYPE_CHECKING:
    from sesauditd.model.events import Outcome
    from sesauditd.model.tenancy import Tenancy

EXECUTED = "executed"
WITHDRAWN = "withdrawn"
STORED = "stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a report is about: from the beginning of a day, UTC, to a moment, both included."""

    start: datetime
    end: datetime

    @classmethod
    def between(cls, start: datetime, end: datetime) -> Span:
        """Return the span from the beginning of the day of `start`; counts are kept by day.

        Raises ValueError for a time without a zone.
        """
        day = datetime.combine(aware(start).date(), time(), tzinfo=UTC)
        return cls(start=day, end=aware(end))

    def holds(self, moment: datetime) -> bool:
        """Say whether the moment lies in the span."""
        return self.start <= moment <= self.end

    def holds_day(self, day: date) -> bool:
        """Say whether the day, UTC, has a part in the span."""
        return self.start.date() <= day <= self.end.date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer of the register."""

    name: str
    since: datetime | None
    """When the relationship began; None where nobody told."""
    registered_at: datetime
    domains: tuple[str, ...]
    is_closed: bool = False
    """Whether all of its domains were offboarded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain of the register, and whether it may send."""

    name: str
    customer: str
    contact: str
    registered_at: datetime | None
    """None while it is being onboarded."""
    iam_users: tuple[str, ...]
    state: str
    """`sending`, `onboarding`, `disabled`, `terminated`, `offboarded`, or what is on its way."""
    stopped: bool
    """Whether AWS was told, or may have been told, to refuse the domain's mail."""
    tenancy: Tenancy | None = None
    """The tenant of SES that its mail is to name, None without one."""
    waits_for: str | None = None
    """What its onboarding waits for, in words; None once it is over."""
    closed_at: datetime | None = None
    """When it was offboarded; then another customer may have it under its plain name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Recipients with one outcome on one day or in one week, repetitions counted."""

    domain: str
    day: date
    """The first one that is counted here."""
    outcome: Outcome
    feeds_back: bool
    """Whether their providers report complaints to SES."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """A verdict, and what came of it."""

    key: str
    rule: Rule
    lane: str
    does: Does
    customer: str
    domain: str
    recipient: str | None
    incident: str
    window_start: datetime
    window_end: datetime
    reason: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    until: datetime | None = None
    mode: str
    """`enforce` or `shadow`, when it was judged."""
    policy: str
    judged_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_because: str | None = None
    action: str | None = None
    action_state: State | None = None

    @property
    def state(self) -> str:
        """Return the state that people and scripts see."""
        if self.withdrawn_at is not None:
            return WITHDRAWN
        if self.action_state is None:
            return "shadow" if self.mode == "shadow" else STORED
        return EXECUTED if self.action_state is State.DONE else str(self.action_state)

    @property
    def stands(self) -> bool:
        """Say whether the verdict was not withdrawn."""
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAction:
    """Something that a verdict or an operator asked for."""

    id: str
    kind: str
    customer: str
    domain: str | None
    recipient: str | None
    lever: str | None
    state: State
    actor: str
    cause: str | None
    reason: str
    evidence_at: datetime
    until: datetime | None
    approved: bool
    requested_at: datetime
    changed_at: datetime
    attempts: int
    outcome: str | None
    before: object = None
    after: object = None

    @property
    def subject(self) -> str:
        """Return whom the action is about: a recipient, a domain or a customer."""
        if self.kind in {Does.TERMINATE, "restore_customer"}:
            return self.customer
        return self.recipient or self.domain or self.customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One customer's mail to one recipient is stopped, or was."""

    action: str
    customer: str
    recipient: str
    domain: str
    rule: str
    lever: str
    state: State
    """Of the action behind it."""
    since: datetime
    until: datetime | None
    lifted_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a customer was asked to explain."""

    id: str
    customer: str
    domain: str | None
    rule: str
    action: str
    state: str
    opened_at: datetime
    explanation: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A notification that could not be read."""

    received_at: datetime
    reason: str
    source: str
    line: int
    sha256: bytes
    body: str
    """The first characters of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One recipient of an event, and what the event means for them."""

    recipient: str
    outcome: str
    status: str | None = None
    diagnostic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One event, with everybody it is about and where its raw body is."""

    key: bytes
    at: datetime
    received_at: datetime
    kind: str
    type: str | None
    subtype: str | None
    detail: str | None
    message_id: str
    domain: str | None
    customer: str | None
    source: str
    identity: str
    caller: str | None
    flags: tuple[str, ...]
    archive: str
    line: int
    sha256: bytes
    recipients: tuple[Reached, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The state of the installation in a few numbers."""

    newest_event_at: datetime | None
    last_judged_week: str | None
    quarantined: int
    unattributed: int
    journal_length: int
    pending: Mapping[str, int] = field(default_factory=dict)
    """State to number of actions that are not settled."""
