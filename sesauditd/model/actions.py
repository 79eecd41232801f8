"""What becomes of a verdict: done at once, proposed, kept waiting, or only shown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sesauditd.model.addresses import domain_of
from sesauditd.model.verdicts import Does, Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sesauditd.model.verdicts import Verdict

DAY = timedelta(hours=24)


class State(StrEnum):
    """The life of an action: requested, attempted, then one of four outcomes; or held back."""

    REQUESTED = "requested"
    ATTEMPTED = "attempted"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Asked for, but what was read back does not show it yet; tried again."""
    PENDING = "pending"
    """AWS refuses or cannot yet, the outcome says why; tried again."""
    PROPOSED = "proposed"
    WAITING = "waiting"
    SHADOW = "shadow"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    REVERSED = "reversed"


NOT_STARTED = frozenset({State.REQUESTED, State.PROPOSED, State.WAITING, State.SHADOW})
"""States in which nothing was asked of AWS yet."""
DUE = frozenset({State.REQUESTED, State.ATTEMPTED, State.PENDING, State.UNKNOWN})
"""States that the executor carries on from."""
STARTED = frozenset({State.ATTEMPTED, State.DONE, State.FAILED, State.UNKNOWN, State.PENDING})
LIVE = DUE | {State.DONE}


class Reverse(StrEnum):
    """What undoes an action."""

    UNBLOCK = "unblock_recipient"
    REINSTATE = "reinstate_domain"
    RESTORE = "restore_customer"


REVERSES = {
    Does.BLOCK: Reverse.UNBLOCK,
    Does.DISABLE: Reverse.REINSTATE,
    Does.TERMINATE: Reverse.RESTORE,
}


OVERFLOWN = "the customer's IAM policies are full"
"""How the outcome of a block begins that went to the account's list for want of room."""


class Lever(StrEnum):
    """How a block is set on AWS (policy.md section 4)."""

    ACCOUNT_LIST = "account_list"
    IAM_DENY = "iam_deny"
    OWNER_TOLD = "owner_told"
    """No lever at all: a Deny would refuse whole messages to the customer's own people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What decides beside the verdict itself."""

    mode: str
    """`enforce` or `shadow`."""
    confirm_terminations: bool
    from_replay: bool
    now: datetime
    stale_after: timedelta
    overtaken: bool
    """An operator decided about the subject after the verdict's window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """The state in which an action begins, and why it does not simply go ahead."""

    state: State
    why: str | None = None


def fate_of(verdict: Verdict, about: Circumstances) -> Fate:
    """Return in which state the verdict's action begins; the blast radius comes after."""
    if about.mode != "enforce":
        return Fate(state=State.SHADOW, why="shadow mode: shown, not done")
    if verdict.until is not None and verdict.until <= about.now:
        return Fate(state=State.EXPIRED, why="the block was over before it was judged")
    if about.overtaken:
        return Fate(state=State.SUPERSEDED, why="an operator has decided since")
    if verdict.waits:
        return Fate(state=State.WAITING, why=verdict.waits)
    if verdict.does is Does.TERMINATE and about.confirm_terminations:
        return Fate(state=State.WAITING, why="terminations are confirmed by the operator")
    if about.from_replay:
        return Fate(state=State.PROPOSED, why="judged from a replay")
    if about.now - newest_evidence(verdict) > about.stale_after:
        days = about.stale_after.days
        return Fate(state=State.PROPOSED, why=f"the newest evidence is over {days} days old")
    return Fate(state=State.REQUESTED)


def newest_evidence(verdict: Verdict) -> datetime:
    """Return the time of the newest event that the verdict rests on."""
    newest = verdict.evidence.get("newest_at")
    return datetime.fromisoformat(newest) if isinstance(newest, str) else verdict.window.end


def lever_of(verdict: Verdict, own: Collection[str] = ()) -> Lever:
    """Return how a block is set: a mailbox that is gone is gone for every customer.

    `own` are the customer's domains and contact addresses, which are never denied.
    """
    gone = verdict.rule is Rule.HARD_BOUNCE_BLOCK and verdict.evidence.get("mailbox_gone") is True
    if gone:
        return Lever.ACCOUNT_LIST
    return deny_unless_own(verdict.recipient or "", own)


def deny_unless_own(recipient: str, own: Collection[str]) -> Lever:
    """Return how one customer's mail to a recipient is stopped, whoever wants it."""
    is_own = recipient in own or domain_of(recipient) in own
    return Lever.OWNER_TOLD if is_own else Lever.IAM_DENY


def action_id(kind: str, subject: str, cause: str, generation: int) -> str:
    """Return 12 hex digits that name an action, the same whenever it is derived again."""
    text = f"{kind}\n{subject}\n{cause}\n{generation}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighty:
    """A disable or termination that competes for the blast radius."""

    id: str
    at: datetime
    fixed: bool
    """It went ahead already, or an operator approved it."""


def within_blast_radius(weighty: Sequence[Weighty], cap: int) -> frozenset[str]:
    """Return which disables and terminations go ahead: no 24 hours hold more than the cap.

    The earliest go first, by event time and then by name, so that the choice does not depend
    on the order of arrival.
    """
    granted = sorted(one.at for one in weighty if one.fixed)
    chosen: set[str] = set()
    for one in sorted(weighty, key=lambda each: (each.at, each.id)):
        if one.fixed:
            continue
        if _fits(granted, one.at, cap):
            granted = sorted([*granted, one.at])
            chosen.add(one.id)
    return frozenset(chosen)


def _fits(granted: Sequence[datetime], at: datetime, cap: int) -> bool:
    near = sorted([*(one for one in granted if abs(one - at) <= DAY), at])
    return all(sum(start <= other <= start + DAY for other in near) <= cap for start in near)
