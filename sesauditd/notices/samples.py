"""Made-up notices, one of each kind, with facts as the store makes them: for previews and tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sesauditd.model.notice import Audience, Notice, NoticeKind

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
ARCHIVE = (
    "sesauditd/raw/dt=2026-11-18/hour=10/1795341600123-"
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.jsonl.gz"
)


def evidence(number: int = 1, **changed: object) -> dict[str, Any]:
    """Return one line of evidence."""
    return {
        "at": f"2026-11-18T10:{number % 60:02d}:00Z",
        "recipient": f"old-customer-{number}@gone.example",
        "domain": "shop.example",
        "status": "5.1.1",
        "diagnostic": "smtp; 550 5.1.1 The email account that you tried to reach does not exist",
        "message_id": "0107019a9f1b2c3d-0d8a0c1e-7b1f-4a60-9c55-2f1f7c0e9a11-000000",
        "object": ARCHIVE,
        "line": number,
        "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        **changed,
    }


REASONS = {
    "complaint": "week 2026-W47, 4 of 820 recipients reported spam (0.49 %); the limit is 3 of "
    "them, below 1000 recipients",
    "virus": "2 virus incidents within 365 days: the first on 2026-10-27, this one on "
    "2026-11-18 10:01 UTC",
    "guessing": "14 made-up addresses at acme.example within a week, score 0.92: 9 spellings of "
    "one name (j.doe, jdoe, doej ...); nothing was ever delivered there before",
}
BOUNCED = (
    "week 2026-W47, 13 of 100 recipients did not exist (13.0 %, at least 8.4 % when chance is "
    "allowed for); the limit is 10 of them and 8 %"
)


def ground(
    rule: str = "hard_bounce.disable", *, lines: int = 3, count: int | None = None
) -> dict[str, Any]:
    """Return a verdict that stands behind an action."""
    group = rule.partition(".")[0]
    # Of complaints and viruses no other mail server says anything.
    silent = {"status": None, "diagnostic": None} if group in {"complaint", "virus"} else {}
    return {
        "rule": rule,
        "reason": REASONS.get(group, BOUNCED),
        "from": "2026-10-27T09:12:00Z" if group == "virus" else "2026-11-16T00:00:00Z",
        "to": "2026-11-18T10:01:00Z" if group == "virus" else "2026-11-23T00:00:00Z",
        "count": lines if count is None else count,
        "evidence": [evidence(number, **silent) for number in range(1, lines + 1)],
    }


def action(**changed: object) -> dict[str, Any]:
    """Return the facts of an action."""
    return {
        "action": "0123456789ab",
        "kind": "disable_domain",
        "state": "done",
        "actor": "policy:weekly",
        "customer": "bakery",
        "domain": "shop.example",
        "domains": ["bakery.example", "shop.example"],
        "recipient": None,
        "reason": "13 of 100 recipients did not exist",
        "outcome": "",
        "at": "2026-11-24T08:00:00Z",
        "grounds": [ground()],
        **changed,
    }


def block(number: int = 1, **changed: object) -> dict[str, Any]:
    """Return one block of a digest."""
    return {
        "recipient": f"Old-Customer-{number}@gone.example",
        "domain": "shop.example",
        "rule": "hard_bounce.block",
        "lever": "account_list",
        "since": "2026-11-18T10:01:00Z",
        "until": None,
        "reason": f"mail to old-customer-{number}@gone.example came back as undeliverable (5.1.1)",
        "evidence": [evidence(number)],
        **changed,
    }


def member(customer: str, **changed: object) -> dict[str, Any]:
    """Return one line of the weekly summary."""
    counts = {
        "mailed": 1200, "delivered": 1180, "hard_bounces": 9, "soft_bounces": 4,
        "complaints": 1, "viruses": 0, "verdicts": 10, "blocks": 9, "warnings": 1,
        "disables": 0, "terminations": 0,
    }  # fmt: skip
    return {"customer": customer, **counts, **changed}


def digest_item(number: int, **changed: object) -> dict[str, Any]:
    """Return one line of a digest to operators."""
    return {
        "id": f"{number:020x}",
        "level": "warning",
        "subject": "Disabled: shop.example",
        "why": "week 2026-W47, shop.example: 13 of 100 recipients did not exist",
        "at": "2026-11-24T08:00:00Z",
        **changed,
    }


BLOCKED = {
    "customer": "bakery",
    "until": "2026-11-24T08:00:00Z",
    "actions": ["0123456789ab"],
    "blocks": [
        block(),
        block(2, lever="iam_deny", until="2026-12-18T10:00:00Z"),
        block(
            3,
            recipient="info@shop.example",
            lever="owner_told",
            reason="mail to info@shop.example came back as undeliverable (5.1.1)",
        ),
    ],
    "count": 3,
    "levers": ["account_list", "iam_deny", "owner_told"],
}
WEEKLY = {
    "week": "2026-W47",
    "from": "2026-11-16T00:00:00Z",
    "to": "2026-11-23T00:00:00Z",
    "customers": [
        member("bakery"),
        member("rowing-club-of-altfurt", mailed=80, hard_bounces=0, complaints=0, verdicts=0),
    ],
    "total": member("", mailed=1280),
    "waiting": 2,
    "unsent": [{"state": "unknown", "count": 1}],
}
NEXT_LIMIT = (
    "In the week from 2026-11-09 to 2026-11-15, 3 of 96 addresses you wrote to did not exist. "
    "We stop your mail at 15. That is 20 % of the way to it."
)
MONTHLY = {
    "customer": "bakery",
    "month": "November 2026",
    "from": "2026-11-01T00:00:00Z",
    "to": "2026-12-01T00:00:00Z",
    "grade": "B",
    "verdict": "Good. There is a little to tidy up.",
    "counts": [
        "1,204 mails were sent to 830 people.",
        "1,186 arrived (98.5 %).",
        "6 addresses do not exist, or the other side takes no mail for it (0.72 %).",
    ],
    "steps": ["Take the addresses that are listed below off your list."],
    "limits": [NEXT_LIMIT],
    "done": [],
    "blocked": [
        {
            "recipient": "old-customer-1@gone.example",
            "why": "the address takes no mail",
            "until": "for good",
        }
    ],
    "more_blocked": 0,
}
SHADOW = {
    "since": None,
    "until": "2026-11-24T08:00:00Z",
    "keys": ["a" * 16],
    "verdicts": [
        {
            "at": "2026-11-23T00:00:00Z",
            "rule": "hard_bounce.disable",
            "does": "disable_domain",
            "customer": "bakery",
            "domain": "shop.example",
            "reason": "13 of 100 recipients did not exist",
        }
    ],
    "more": 0,
    "blocks": [{"customer": "bakery", "count": 13}],
}
ALARM = {
    "name": "dead_pipe",
    "severity": "trouble",
    "summary": "no feedback has arrived for 6 hours though 410 mails were sent: see the queue",
    "details": {"oldest_message": "2026-11-24T02:00:00Z", "sent_24h": 410},
    "at": "2026-11-24T08:00:00Z",
}
LOST: Mapping[str, Any] = {
    "domain": "shop.example",
    "customer": "bakery",
    "since": "2026-11-24T08:00:00Z",
    "missing": ["DKIM: temporary_failure", "MAIL FROM: pending"],
    "state": "lost",
}
FACTS: Mapping[NoticeKind, Mapping[str, Any]] = {
    NoticeKind.WARNED: action(kind="warn", grounds=[ground("complaint.warn")]),
    NoticeKind.DISABLED: action(),
    NoticeKind.TERMINATED: action(kind="terminate_customer", grounds=[ground("virus.terminate")]),
    NoticeKind.REINSTATED: action(
        kind="reinstate_domain", actor="operator", reason="the list was cleaned", grounds=[]
    ),
    NoticeKind.RESTORED: action(
        kind="restore_customer", actor="operator", reason="a misunderstanding", grounds=[]
    ),
    NoticeKind.BLOCKED: BLOCKED,
    NoticeKind.ACTION_DONE: action(outcome="read back: sending is off, Deny is set"),
    NoticeKind.ACTION_FAILED: action(state="failed", outcome="AWS refuses: AccessDenied"),
    NoticeKind.ACTION_WAITING: {
        "actions": [
            action(state="waiting"),
            action(action="ba9876543210", state="pending", outcome="in AWS's sandbox"),
        ]
    },
    NoticeKind.WEEKLY_SUMMARY: WEEKLY,
    NoticeKind.SHADOW_DIGEST: SHADOW,
    NoticeKind.MONTHLY_REPORT: MONTHLY,
    NoticeKind.VERIFIED: {"domain": "shop.example"},
    NoticeKind.DOMAIN_VERIFIED: {**LOST, "state": "verified again", "missing": []},
    NoticeKind.VERIFICATION_LOST: LOST,
    NoticeKind.CONTACT_DEAD: {
        "address": "owner@bakery.example",
        "customer": "bakery",
        "at": "2026-11-24T08:00:00Z",
        "diagnostic": "smtp; 550 5.1.1 mailbox unavailable",
    },
    NoticeKind.OPERATOR_DIGEST: {
        "count": 140,
        "kinds": [{"what": "Disabled", "count": 138}, {"what": "FAILED", "count": 2}],
        "items": [
            digest_item(1, level="critical", subject="FAILED: disable club.example"),
            digest_item(2),
            digest_item(3, subject="Disabled: school.example"),
        ],
    },
    NoticeKind.TEST: {"at": "2026-11-24T08:00:00Z"},
    NoticeKind.TROUBLE: ALARM,
    NoticeKind.RECOVERED: ALARM,
}


def notice(kind: NoticeKind, **changed: object) -> Notice:
    """Return a made-up notice of the kind; changes are to its facts."""
    for_customer = kind.audience is Audience.CUSTOMER
    return Notice(
        kind=kind,
        customer="bakery" if for_customer else None,
        domain="shop.example" if for_customer else None,
        subject="0123456789ab",
        facts={**FACTS[kind], **changed},
    )
