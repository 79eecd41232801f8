"""How grave a notice to operators is, and what the roads that are not mail are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from sesauditd.model.level import Level, gravest
from sesauditd.model.notice import NoticeKind
from sesauditd.notices.alarms import Alarm, Severity
from sesauditd.notices.cleaning import stripped
from sesauditd.notices.subjects import subject_of, whom
from sesauditd.notices.troubles import trouble_of

if TYPE_CHECKING:
    from sesauditd.model.notice import Notice

TOLD = ("customer", "domain", "reason", "outcome", "address", "diagnostic")
"""Facts that fit on a phone."""
ACTIONS = {
    "terminate_customer": Level.CRITICAL,
    "disable_domain": Level.WARNING,
}


def level_of(notice: Notice) -> Level:
    """Return how grave a notice is for whoever gets it."""
    facts = notice.facts
    match notice.kind:
        case NoticeKind.TERMINATED | NoticeKind.DISABLED | NoticeKind.ACTION_FAILED:
            return Level.CRITICAL
        case NoticeKind.ACTION_DONE:
            return ACTIONS.get(str(facts.get("kind")), Level.INFO)
        case NoticeKind.TROUBLE | NoticeKind.RECOVERED:
            return trouble_of(str(facts.get("name"))).level
        case NoticeKind.OPERATOR_DIGEST:
            return _of_digest(facts)
        case (
            NoticeKind.WARNED
            | NoticeKind.ACTION_WAITING
            | NoticeKind.VERIFICATION_LOST
            | NoticeKind.CONTACT_DEAD
        ):
            return Level.WARNING
        case (
            NoticeKind.REINSTATED
            | NoticeKind.RESTORED
            | NoticeKind.BLOCKED
            | NoticeKind.MONTHLY_REPORT
            | NoticeKind.VERIFIED
            | NoticeKind.DOMAIN_VERIFIED
            | NoticeKind.WEEKLY_SUMMARY
            | NoticeKind.SHADOW_DIGEST
            | NoticeKind.TEST
        ):
            return Level.INFO
        case never:
            assert_never(never)


def alarm_of(notice: Notice, now: datetime) -> Alarm:
    """Return what the roads are told of a notice: its subject, whom it is about, and why."""
    facts = notice.facts
    subject = subject_of(notice)
    told: dict[str, object] = {"notice": notice.id}
    first = facts.get("actions")
    about = first[0] if isinstance(first, list) and first else facts
    if isinstance(about, Mapping):
        told |= {key: stripped(str(about[key]), 200) for key in TOLD if about.get(key)}
        if notice.kind is NoticeKind.ACTION_DONE:
            told["about"] = whom(about)
    items = facts.get("items")
    if isinstance(items, list):
        told |= {str(number): _item(one) for number, one in enumerate(items, 1)}
    return Alarm(
        name=str(notice.kind),
        severity=Severity.NOTE,
        summary=subject,
        details=told,
        at=now,
        own_level=level_of(notice),
    )


def _item(one: object) -> str:
    return str(one.get("subject")) if isinstance(one, Mapping) else ""


def _of_digest(facts: Mapping[str, object]) -> Level:
    items = facts.get("items")
    listed = items if isinstance(items, list) else []
    known = {str(level) for level in Level}
    found = [str(one.get("level")) for one in listed if isinstance(one, Mapping)]
    return gravest([Level(one) for one in found if one in known])
