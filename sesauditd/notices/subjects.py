"""The subject line of each kind of notice: never a word that came out of an event."""

from __future__ import annotations

from collections.abc import Mapping

from sesauditd.model.notice import Audience, Notice, NoticeKind
from sesauditd.notices.cleaning import stripped

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


def subject_of(notice: Notice, installation: str) -> str:
    """Return the subject line, cut and on one line; operators see the installation's name."""
    if notice.audience is Audience.CUSTOMER:
        return stripped(_for_customers(notice), LONGEST)
    return stripped(f"[{installation}] {_for_operators(notice)}", LONGEST)


def whom(facts: Mapping[str, object]) -> str:
    """Return the name of the domain or customer that an action is about."""
    key = "customer" if facts.get("kind") in PER_CUSTOMER else "domain"
    return str(facts.get(key) or facts.get("customer") or "")


def _for_customers(notice: Notice) -> str:
    match notice.kind:
        case NoticeKind.WARNED:
            return f"A warning about the mail from {notice.domain}"
        case NoticeKind.DISABLED:
            return f"Mail from {notice.domain} is stopped until we hear from you"
        case NoticeKind.TERMINATED:
            return "You can no longer send mail through our server"
        case NoticeKind.REINSTATED:
            return f"Mail from {notice.domain} works again"
        case NoticeKind.RESTORED:
            return "You can send mail again"
        case NoticeKind.VERIFIED:
            return f"Mail from {notice.domain} is set up"
        case _:
            count = notice.facts.get("count")
            one = count == 1
            return f"{count} {'address takes' if one else 'addresses take'} no more mail from you"


def _for_operators(notice: Notice) -> str:
    facts = notice.facts
    match notice.kind:
        case NoticeKind.ACTION_DONE:
            return f"{DONE.get(str(facts.get('kind')), 'Done')}: {whom(facts)}"
        case NoticeKind.ACTION_FAILED:
            return f"FAILED: {VERBS.get(str(facts.get('kind')), 'act on')} {whom(facts)}"
        case NoticeKind.ACTION_WAITING:
            return _waiting(facts)
        case NoticeKind.WEEKLY_SUMMARY:
            return f"Summary of week {facts.get('week')}"
        case NoticeKind.SHADOW_DIGEST:
            return "What would have been done (shadow mode)"
        case NoticeKind.DOMAIN_VERIFIED:
            again = " again" if facts.get("state") == "verified again" else ""
            return f"Verified{again}: {facts.get('domain')}"
        case NoticeKind.VERIFICATION_LOST:
            still = "Still not verified" if facts.get("state") == "late" else "Verification lost"
            return f"{still}: {facts.get('domain')}"
        case kind:
            name = str(facts.get("name") or "").replace("_", " ")
            return f"{str(kind).capitalize()}: {name}"


def _waiting(facts: Mapping[str, object]) -> str:
    actions = facts.get("actions")
    count = len(actions) if isinstance(actions, list) else 0
    return "1 action waits" if count == 1 else f"{count} actions wait"
