"""What another policy would have done, beside what was done: whom it hits, when, how hard."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sesauditd.model.calendar import week_of
from sesauditd.model.sliding import LONGEST_INCIDENT
from sesauditd.model.verdicts import Does, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sesauditd.model.limits import Lane
    from sesauditd.model.verdicts import Rule, Verdict

MICROSECOND = timedelta(microseconds=1)
SLIDING = ("block-", "incident-")
"""How incidents are named that are not ISO weeks."""


class Change(StrEnum):
    """How what would have been differs from what was."""

    NEW = "new"
    GONE = "gone"
    STRONGER = "stronger"
    MILDER = "milder"
    MOVED = "moved"
    """The same, earlier or later."""
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A verdict as far as it is compared: whom a rule hits, when, and how hard."""

    key: str
    rule: Rule
    lane: Lane
    does: Does
    customer: str
    domain: str
    recipient: str | None
    incident: str
    at: datetime
    until: datetime | None
    reason: str
    state: str | None = None
    """What became of it, where it happened."""
    policy: str | None = None
    """The name of the limits that it was judged by, where it happened."""
    waits: str | None = None
    """Why it would wait for an operator."""
    stopped_since: datetime | None = None
    """Since when the same policy would have stopped this mail already."""

    @property
    def subject(self) -> str:
        """Return what is hit: a customer, a domain, or a customer's recipient."""
        return subject_of(self.does, self.customer, self.domain, self.recipient)

    @property
    def stops(self) -> bool:
        """Say whether it ends a domain's or a customer's mail."""
        return self.does in {Does.DISABLE, Does.TERMINATE}

    @property
    def week(self) -> datetime:
        """Return the Monday of the week that it belongs to; a weekly one ends on the next."""
        return week_of(self.at - MICROSECOND).start

    @property
    def is_of_week(self) -> bool:
        """Say whether a whole week was judged, and no incident."""
        return not self.incident.startswith(SLIDING)

    def overlaps(self, other: Hit) -> bool:
        """Say whether both may be one: one week, a block standing at once, a lasting incident."""
        if self.is_of_week or other.is_of_week:
            return self.incident == other.incident
        first, second = sorted((self, other), key=lambda one: one.at)
        if first.does is Does.BLOCK:
            return first.until is None or second.at <= first.until
        return second.at - first.at <= LONGEST_INCIDENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One hit, as it would have been and as it was."""

    change: Change
    would: Hit | None = None
    did: Hit | None = None

    @property
    def shown(self) -> Hit:
        """Return the side that there is, what would have been before what was."""
        found = self.would or self.did
        if found is None:
            message = "a difference between nothing and nothing"
            raise ValueError(message)
        return found


def hit_of(verdict: Verdict) -> Hit:
    """Return a verdict without its evidence."""
    return Hit(
        key=verdict.key,
        rule=verdict.rule,
        lane=verdict.lane,
        does=verdict.does,
        customer=verdict.customer,
        domain=verdict.domain,
        recipient=verdict.recipient,
        incident=verdict.incident,
        at=verdict.window.end,
        until=verdict.until,
        reason=verdict.reason,
        waits=verdict.waits,
    )


def differences(would: Iterable[Hit], did: Iterable[Hit]) -> list[Difference]:
    """Return each hit of either side once, beside its like of the other, in order of time.

    A hit is first compared with the same rule about the same subject: at the same time, else
    where both may be one incident. Of the warnings and stops that are left, the hardest about
    the same domain or customer in the same week are beside each other.
    """
    found: list[Difference] = []
    left, right = list(would), list(did)
    for is_like in (_at_once, Hit.overlaps):
        pairs, left, right = _paired(left, right, is_like)
        found += [Difference(change=_changed(*pair), would=pair[0], did=pair[1]) for pair in pairs]
    found += _in_one_week(left, right)
    return sorted(found, key=_order)


def _order(one: Difference) -> tuple[datetime, str, str, str]:
    return one.shown.at, one.shown.customer, one.shown.subject, one.shown.key


def _at_once(one: Hit, other: Hit) -> bool:
    return one.at == other.at


def _paired(
    would: Sequence[Hit], did: Sequence[Hit], is_like: Callable[[Hit, Hit], bool]
) -> tuple[list[tuple[Hit, Hit]], list[Hit], list[Hit]]:
    """Return pairs by one rule about one subject, and what is left of either side."""
    waiting: dict[tuple[str, str], list[Hit]] = defaultdict(list)
    for one in sorted(did, key=lambda each: (each.at, each.key)):
        waiting[one.rule, one.subject].append(one)
    pairs, left = [], []
    for one in sorted(would, key=lambda each: (each.at, each.key)):
        candidates = waiting[one.rule, one.subject]
        found = next((other for other in candidates if is_like(one, other)), None)
        if found is None:
            left.append(one)
        else:
            candidates.remove(found)
            pairs.append((one, found))
    return pairs, left, [one for others in waiting.values() for one in others]


def _changed(would: Hit, did: Hit) -> Change:
    if would.does is not did.does:
        return Change.STRONGER if would.does.severity > did.does.severity else Change.MILDER
    if would.does is Does.BLOCK and (would.until is None) != (did.until is None):
        return Change.STRONGER if would.until is None else Change.MILDER
    if would.at != did.at and would.rule is did.rule:
        return Change.MOVED
    if would.until is not None and did.until is not None and would.until != did.until:
        return Change.STRONGER if would.until > did.until else Change.MILDER
    return Change.SAME


def _in_one_week(would: Sequence[Hit], did: Sequence[Hit]) -> list[Difference]:
    """Return what is left, the hardest of one week beside each other."""
    found, met = [], set()
    for one in did:
        other = _hardest(one, would)
        if other is None:
            found.append(Difference(change=Change.GONE, did=one))
        else:
            met.add(other.key)
            found.append(Difference(change=_changed(other, one), would=other, did=one))
    for one in would:
        if one.key in met:
            continue
        other = _hardest(one, did)
        change = Change.NEW if other is None else _changed(one, other)
        found.append(Difference(change=change, would=one, did=other))
    return found


def _hardest(one: Hit, others: Sequence[Hit]) -> Hit | None:
    """Return the hardest of the others about the same domain or customer in the same week."""
    near = [other for other in others if _meet(one, other)]
    return max(near, key=lambda each: (each.does.severity, each.key), default=None)


def _meet(one: Hit, other: Hit) -> bool:
    if Does.BLOCK in {one.does, other.does} or one.customer != other.customer:
        return False
    whole = Does.TERMINATE in {one.does, other.does}
    return one.week == other.week and (whole or one.domain == other.domain)
