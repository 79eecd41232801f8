"""What another policy would have done, as figures, a JSON document and lines for a person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.model.calendar import Week, iso
from sesauditd.model.verdicts import Does, Rule
from sesauditd.model.whatif import Change, Difference, Hit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Stored history judged by other limits, beside what was done."""

    since: datetime
    until: datetime
    customer: str | None
    """The only one looked at; None for all."""
    policy: str
    """The name of the limits that were tried."""
    present: str
    """The name of those that hold."""
    differences: Sequence[Difference]
    unjudged: Sequence[Week] = ()
    """Weeks that are over and that no weekly run has judged: nothing happened in them yet."""
    withdrawn: int = 0
    """Verdicts of the span that were made and taken back."""
    judged_by_others: int = 0
    """Verdicts of the span that were made by limits that hold no more."""
    left_out: Sequence[str] = ()
    """Customers whose mode is `off`."""
    events_since: datetime | None = None
    """From when on events are kept, where the span begins before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many hits there would have been, there were, and how they differ."""

    would: int
    did: int
    changes: Mapping[Change, int]
    waits: int
    """Of those that would have been: how many would wait for an operator."""
    stopped: int
    """Of those that would have been: how many are about mail stopped before."""

    @property
    def differs(self) -> bool:
        """Say whether anything is not the same."""
        return any(count for change, count in self.changes.items() if change is not Change.SAME)

    @property
    def row(self) -> tuple[int, ...]:
        """Return the counts as a table shows them, in the order of `COLUMNS`."""
        return self.would, self.did, *(self.changes[change] for change in Change)


COLUMNS = ("Would", "Did", "New", "Gone", "Stronger", "Milder", "Moved", "=")


def tally(differences: Iterable[Difference]) -> Tally:
    """Return the counts of some differences; a hit beside several others counts once."""
    found = list(differences)
    would = {one.would.key: one.would for one in found if one.would is not None}
    did = {one.did.key for one in found if one.did is not None}
    return Tally(
        would=len(would),
        did=len(did),
        changes={change: sum(one.change is change for one in found) for change in Change},
        waits=sum(one.waits is not None for one in would.values()),
        stopped=sum(one.stopped_since is not None for one in would.values()),
    )


def by_rule(differences: Iterable[Difference]) -> dict[str, Tally]:
    """Return the counts of each rule that is named on either side, in the policy's order."""
    groups: dict[str, list[Difference]] = defaultdict(list)
    for one in differences:
        for rule in {hit.rule for hit in (one.would, one.did) if hit is not None}:
            groups[rule].append(one)
    return {rule: _of_rule(rule, groups[rule]) for rule in Rule if rule in groups}


def _of_rule(rule: Rule, differences: Sequence[Difference]) -> Tally:
    """Return the counts of one rule: what became another rule counts for the new one."""
    counted = tally(one for one in differences if one.shown.rule is rule)
    would = {one.would.key for one in differences if one.would and one.would.rule is rule}
    did = {one.did.key for one in differences if one.did and one.did.rule is rule}
    return Tally(
        would=len(would),
        did=len(did),
        changes=counted.changes,
        waits=counted.waits,
        stopped=counted.stopped,
    )


def by_customer(differences: Iterable[Difference]) -> dict[str, Tally]:
    """Return the counts of each customer that is hit on either side."""
    return _grouped(differences, lambda one: one.customer)


def by_week(differences: Iterable[Difference]) -> dict[str, Tally]:
    """Return the counts of each ISO week with a hit on either side."""
    return _grouped(differences, lambda one: Week(one.week).name)


def _grouped(differences: Iterable[Difference], name: Callable[[Hit], str]) -> dict[str, Tally]:
    groups: dict[str, list[Difference]] = defaultdict(list)
    for one in differences:
        groups[name(one.shown)].append(one)
    return {key: tally(groups[key]) for key in sorted(groups)}


def changed(differences: Iterable[Difference]) -> list[Difference]:
    """Return what is not the same, the hardest first, then in order of time."""
    found = [one for one in differences if one.change is not Change.SAME]
    return sorted(found, key=lambda one: (-_severity(one), one.shown.at, one.shown.key))


def _severity(one: Difference) -> int:
    hits = [hit for hit in (one.would, one.did) if hit is not None]
    # A block is about one recipient; it comes last of all.
    return max(0 if hit.does is Does.BLOCK else hit.does.severity + 1 for hit in hits)


def whatif_document(found: WhatIf, file: str) -> dict[str, object]:
    """Return everything as one JSON document."""
    return {
        "since": iso(found.since),
        "until": iso(found.until),
        "customer": found.customer,
        "policy": {"file": file, "name": found.policy},
        "present": {"name": found.present},
        "totals": _counts(tally(found.differences)),
        "rules": _listed("rule", by_rule(found.differences)),
        "customers": _listed("customer", by_customer(found.differences)),
        "weeks": _listed("week", by_week(found.differences)),
        "hits": [_difference(one) for one in found.differences],
        "unjudged_weeks": [one.name for one in found.unjudged],
        "withdrawn": found.withdrawn,
        "judged_by_other_policies": found.judged_by_others,
        "left_out": list(found.left_out),
        "events_since": None if found.events_since is None else iso(found.events_since),
    }


def _listed(kind: str, tallies: Mapping[str, Tally]) -> list[dict[str, object]]:
    return [{kind: name, **_counts(one)} for name, one in tallies.items()]


def _counts(one: Tally) -> dict[str, object]:
    return {
        "would": one.would,
        "did": one.did,
        **{str(change): count for change, count in one.changes.items()},
        "waits": one.waits,
        "already_stopped": one.stopped,
    }


def _difference(one: Difference) -> dict[str, object]:
    shown = one.shown
    return {
        "change": str(one.change),
        "customer": shown.customer,
        "domain": shown.domain,
        "recipient": shown.recipient,
        "would": None if one.would is None else _would(one.would),
        "did": None if one.did is None else _did(one.did),
    }


def _would(one: Hit) -> dict[str, object]:
    since = one.stopped_since
    return {
        **_hit(one),
        "waits": one.waits,
        "already_stopped_since": None if since is None else iso(since),
    }


def _did(one: Hit) -> dict[str, object]:
    return {**_hit(one), "state": one.state, "policy": one.policy}


def _hit(one: Hit) -> dict[str, object]:
    return {
        "rule": str(one.rule),
        "lane": str(one.lane),
        "action": str(one.does),
        "domain": one.domain,
        "at": iso(one.at),
        "until": None if one.until is None else iso(one.until),
        "reason": one.reason,
    }
