"""A case as a value: what it stopped, what happened in which order, how often before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from sesauditd.model.actions import NOT_STARTED
from sesauditd.report.plain import day, iso
from sesauditd.report.rows import Row, case_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sesauditd.report.figures import Case

AGAIN_WITHIN = timedelta(days=90)
"""A case of the same kind so soon after a reinstatement is a second offence (policy.md)."""
GROUNDLESS = "withdrawn"
BY_HAND = "operator"
"""Stands for the rule where an operator stopped somebody."""
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One disable or termination that a case is about."""

    action: str
    kind: str
    domain: str | None
    """None for a termination: it is about all domains."""
    state: str
    undone_at: datetime | None
    withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened in a case."""

    at: datetime
    what: str
    """`opened`, `requested`, `outcome`, `told`, `explained`, `reinstated`, `withdrawn` ..."""
    text: str
    actor: str | None = None
    """For operators alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A case of the customer that counts: it was not groundless."""

    at: datetime
    rule: str
    case: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with all that is known of it."""

    case: Case
    explained_at: datetime | None
    domains: tuple[str, ...]
    stops: tuple[Stop, ...]
    timeline: tuple[Moment, ...]
    grounds: tuple[Mapping[str, object], ...]
    """Standing verdicts behind it: rule, reason, span, evidence with its place in the archive."""
    reason: str
    offence: str | None
    """Says that it is not the first so soon, None if it is."""
    strikes: tuple[Strike, ...]

    @property
    def has_begun(self) -> bool:
        """Say whether anything was stopped yet: what only waits for an operator stops nobody."""
        return any(one.state not in NOT_STARTED for one in self.stops)


def family_of(rule: str) -> str:
    """Return what a rule is about: complaint of complaint.disable."""
    return rule.partition(".")[0]


def offences(cases: Iterable[Case]) -> dict[str, str]:
    """Return, by case, how it follows on earlier ones of its customer and kind.

    Only those that follow within 90 days on a reinstatement are named; groundless ones and those
    of an operator's own decisions count for nothing.
    """
    counted: dict[str, int] = {}
    found: dict[str, str] = {}
    whole = sorted(cases, key=lambda one: (one.opened_at, one.id))
    standing = [one for one in whole if one.state != GROUNDLESS and one.rule != BY_HAND]
    for place, one in enumerate(standing):
        before = _before(one, standing[:place])
        counted[one.id] = 1
        if before is None or before.closed_at is None:
            continue
        counted[one.id] = counted[before.id] + 1
        number = counted[one.id]
        found[one.id] = (
            f"{ORDINALS.get(number, f'{number}th')} {family_of(one.rule)} case, within "
            f"{AGAIN_WITHIN.days} days after the reinstatement of {day(before.closed_at)}"
        )
    return found


def strikes(cases: Iterable[Case], customer: str) -> tuple[Strike, ...]:
    """Return the strikes of a customer, the oldest first."""
    return tuple(
        Strike(at=one.opened_at, rule=one.rule, case=one.id, state=one.state)
        for one in sorted(cases, key=lambda one: (one.opened_at, one.id))
        if one.customer == customer and one.state != GROUNDLESS
    )


def listed_row(case: Case, domains: Sequence[str], offence: str | None) -> Row:
    """Return a case of a list."""
    return {**case_row(case), "domains": list(domains), "offence": offence}


def file_row(file: CaseFile) -> Row:
    """Return a case with its timeline and its evidence, for operators."""
    return {
        **listed_row(file.case, file.domains, file.offence),
        "explained_at": iso(file.explained_at),
        "reason": file.reason,
        "stops": [
            {
                "action_id": one.action,
                "action": one.kind,
                "domain": one.domain,
                "state": one.state,
                "undone_at": iso(one.undone_at),
                "withdrawn": one.withdrawn,
            }
            for one in file.stops
        ],
        "timeline": [
            {"at": iso(one.at), "what": one.what, "text": one.text, "actor": one.actor}
            for one in file.timeline
        ],
        "grounds": [dict(one) for one in file.grounds],
        "strikes": [
            {"at": iso(one.at), "rule": one.rule, "case": one.case, "state": one.state}
            for one in file.strikes
        ],
    }


def customer_row(file: CaseFile) -> Row:
    """Return what a customer may have of a case: nothing of operators, actions and levers."""
    return {
        "case": file.case.id,
        "domains": list(file.domains),
        "state": file.case.state,
        "opened_at": iso(file.case.opened_at),
        "reason": file.reason,
        "explanation": file.case.explanation,
        "closed_at": iso(file.case.closed_at),
        "timeline": [{"at": iso(one.at), "text": one.text} for one in file.timeline if told(one)],
        "grounds": [dict(one) for one in handed_on(file.grounds)],
    }


def handed_on(grounds: Iterable[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Return grounds without the folders of this machine that a replayed file came from."""
    return [{**ground, "evidence": _without_folders(ground.get("evidence"))} for ground in grounds]


def _without_folders(listed: object) -> list[Mapping[str, object]]:
    found = listed if isinstance(listed, list) else []
    return [
        {**one, "object": PurePath(str(one["object"])).name}
        if str(one.get("object") or "").startswith("/")
        else one
        for one in found
    ]


def told(moment: Moment) -> bool:
    """Say whether a customer is shown a moment: not what became of levers."""
    return moment.what not in {"requested", "outcome"}


def _before(case: Case, earlier: Sequence[Case]) -> Case | None:
    """Return the newest of the kind that was reinstated shortly before."""
    found = [
        one
        for one in earlier
        if one.customer == case.customer
        and family_of(one.rule) == family_of(case.rule)
        and one.closed_at is not None
        and one.closed_at <= case.opened_at <= one.closed_at + AGAIN_WITHIN
    ]
    return found[-1] if found else None
