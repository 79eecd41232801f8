"""Verdicts: which rule fired about whom, in which window, and why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sesauditd.model.limits import Lane


class Rule(StrEnum):
    """The rules of policy.md section 2, by the names that scripts and people use."""

    SOFT_BOUNCE_BLOCK = "soft_bounce.block"
    HARD_BOUNCE_BLOCK = "hard_bounce.block"
    HARD_BOUNCE_WARN = "hard_bounce.warn"
    HARD_BOUNCE_DISABLE = "hard_bounce.disable"
    HARD_BOUNCE_SURGE = "hard_bounce.surge"
    GUESSING_DISABLE = "guessing.disable"
    GUESSING_TERMINATE = "guessing.terminate"
    COMPLAINT_BLOCK = "complaint.block"
    COMPLAINT_WARN = "complaint.warn"
    COMPLAINT_DISABLE = "complaint.disable"
    COMPLAINT_SURGE = "complaint.surge"
    COMPLAINT_TERMINATE = "complaint.terminate"
    VIRUS_DISABLE = "virus.disable"
    VIRUS_TERMINATE = "virus.terminate"


class Does(StrEnum):
    """What a verdict asks for, from the mildest to the hardest."""

    BLOCK = "block_recipient"
    WARN = "warn"
    DISABLE = "disable_domain"
    TERMINATE = "terminate_customer"

    @property
    def severity(self) -> int:
        """Return a number that is higher for the harder action."""
        return list(Does).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The span that a verdict was judged on, both ends included for sliding rules."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One rule that fired about one subject, in one incident or period."""

    rule: Rule
    lane: Lane
    does: Does
    customer: str
    domain: str
    """For a termination, the domain in which the rule fired."""
    recipient: str | None = None
    spelling: str | None = None
    """AWS's own spelling of the recipient."""
    incident: str
    """The ISO week, or which incident of this subject it is; part of the key."""
    window: Window
    reason: str
    """One sentence with the numbers, for the person it hits."""
    evidence: Mapping[str, object] = field(default_factory=dict)
    """JSON values only; the newest evidence is at `window.end` or before."""
    until: datetime | None = None
    """When a block ends; None means for good, and for everything that is no block."""
    waits: str | None = None
    """Why this verdict waits for an operator whatever the settings say; None if it does not."""

    @property
    def subject(self) -> str:
        """Return what the verdict is about: a customer, a domain, or a customer's recipient."""
        return subject_of(self.does, self.customer, self.domain, self.recipient)

    @property
    def key(self) -> str:
        """Return 16 hex digits that name this verdict whenever and wherever it is judged."""
        return key_of(self.rule, self.subject, self.incident)


def key_of(rule: str, subject: str, incident: str) -> str:
    """Return the 16 hex digits that name a verdict of a rule about a subject."""
    text = f"{rule}\n{subject}\n{incident}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def subject_of(does: Does, customer: str, domain: str, recipient: str | None) -> str:
    """Return what a verdict is about: a customer, a domain, or a customer's recipient."""
    match does:
        case Does.BLOCK:
            return f"{customer}/{recipient}"
        case Does.TERMINATE:
            return customer
        case _:
            return domain
