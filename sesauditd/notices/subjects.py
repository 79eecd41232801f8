"""The subject line of each kind of notice: never a word that came out of an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sesauditd.model.notice import Audience, Notice, NoticeKind
from sesauditd.notices.cleaning import stripped
from sesauditd.notices.words import both

Facts: TypeAlias = Mapping[str, object]

LONGEST = 120
DONE = {
    "disable_domain": "Disabled",
    "terminate_customer": "Terminated",
    "reinstate_domain": "Reinstated",
    "restore_customer": "Restored",
}
VERBS = {
    "disable_domain": "disable",
    "terminate_customer": "terminate",
    "reinstate_domain": "reinstate",
    "restore_customer": "restore",
    "warn": "warn",
    "block_recipient": "block recipients for",
    "unblock_recipient": "unblock recipients for",
}
PER_CUSTOMER = frozenset(
    {"terminate_customer", "restore_customer", "block_recipient", "unblock_recipient"}
)


def subject_of(notice: Notice, installation: str = "") -> str:
    """Return the subject line, cut and on one line; operators see the installation's name."""
    if notice.audience is Audience.CUSTOMER:
        return stripped(_for_customers(notice), LONGEST)
    whose = f"[{installation}] " if installation else ""
    return stripped(f"{whose}{_for_operators(notice)}", LONGEST)


def whom(facts: Mapping[str, object]) -> str:
    """Return the name of the domain or customer that an action is about."""
    key = "customer" if facts.get("kind") in PER_CUSTOMER else "domain"
    return both(facts.get(key) or facts.get("customer") or "")


def _for_customers(notice: Notice) -> str:
    match notice.kind:
        case NoticeKind.WARNED:
            return f"A warning about the mail from {both(notice.domain)}"
        case NoticeKind.DISABLED:
            return f"Mail from {both(notice.domain)} is stopped until we hear from you"
        case NoticeKind.TERMINATED:
            return "You can no longer send mail through our server"
        case NoticeKind.REINSTATED:
            return f"Mail from {both(notice.domain)} works again"
        case NoticeKind.RESTORED:
            return "You can send mail again"
        case NoticeKind.VERIFIED:
            return f"Mail from {both(notice.domain)} is set up"
        case NoticeKind.MONTHLY_REPORT:
            return f"How your mail did in {notice.facts.get('month')}"
        case _:
            count = notice.facts.get("count")
            one = count == 1
            return f"{count} {'address takes' if one else 'addresses take'} no more mail from you"


def _for_operators(notice: Notice) -> str:
    found = _OPERATORS.get(notice.kind)
    return found(notice.facts) if found is not None else _alarm(notice)


def _alarm(notice: Notice) -> str:
    name = str(notice.facts.get("name") or "").replace("_", " ")
    return f"{str(notice.kind).capitalize()}: {name}"


def _done(facts: Facts) -> str:
    return f"{DONE.get(str(facts.get('kind')), 'Done')}: {whom(facts)}"


def _failed(facts: Facts) -> str:
    return f"FAILED: {VERBS.get(str(facts.get('kind')), 'act on')} {whom(facts)}"


def _verified(facts: Facts) -> str:
    again = " again" if facts.get("state") == "verified again" else ""
    return f"Verified{again}: {both(facts.get('domain'))}"


def _lost(facts: Facts) -> str:
    still = "Still not verified" if facts.get("state") == "late" else "Verification lost"
    return f"{still}: {both(facts.get('domain'))}"


def _waiting(facts: Facts) -> str:
    actions = facts.get("actions")
    count = len(actions) if isinstance(actions, list) else 0
    return "1 action waits" if count == 1 else f"{count} actions wait"


def _digest(facts: Facts) -> str:
    kinds = facts.get("kinds")
    listed = kinds if isinstance(kinds, list) else []
    told = ", ".join(f"{one.get('count')} {one.get('what')}" for one in listed)
    return f"{facts.get('count')} notices: {told}"


_OPERATORS: Mapping[NoticeKind, Callable[[Facts], str]] = {
    NoticeKind.ACTION_DONE: _done,
    NoticeKind.ACTION_FAILED: _failed,
    NoticeKind.ACTION_WAITING: _waiting,
    NoticeKind.WEEKLY_SUMMARY: lambda facts: f"Summary of week {facts.get('week')}",
    NoticeKind.SHADOW_DIGEST: lambda _facts: "What would have been done (shadow mode)",
    NoticeKind.DOMAIN_VERIFIED: _verified,
    NoticeKind.VERIFICATION_LOST: _lost,
    NoticeKind.CONTACT_DEAD: lambda facts: (
        f"A reader cannot be reached: {facts.get('customer') or 'an operator'}"
    ),
    NoticeKind.OPERATOR_DIGEST: _digest,
    NoticeKind.TEST: lambda _facts: "A test: this mail reaches you",
}
"""By kind; what is not here is named after its alarm."""
