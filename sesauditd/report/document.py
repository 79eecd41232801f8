"""Reports as JSON documents: plain values, keys always in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.report.account import BOUNCE_LINES, COMPLAINT_LINES, standing_of
from sesauditd.report.plain import iso
from sesauditd.report.reputation import reputation_document
from sesauditd.report.rows import block_row, verdict_row

if TYPE_CHECKING:
    from sesauditd.model.history import Strike
    from sesauditd.report.account import Account, Against, Lines, Member
    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.causes import Cause
    from sesauditd.report.counts import Rate, WeekCounts
    from sesauditd.report.distances import Distance, Nearness
    from sesauditd.report.pages import Report
    from sesauditd.report.score import Score

Document = dict[str, object]
STRIKES_LISTED = 100
DIGITS = 4
"""Decimals of a percentage."""


def report_document(report: Report) -> Document:
    """Return one document, of the same keys whatever the report is about."""
    return {
        "since": iso(report.span.start),
        "until": iso(report.span.end),
        "account": None if report.account is None else _account(report.account),
        "customers": [behaviour_document(one) for one in report.customers],
        "domains": [behaviour_document(one) for one in report.domains],
    }


def behaviour_document(behaviour: Behaviour) -> Document:
    """Return a behaviour; of its strikes the newest 100, and how many there are."""
    return {
        "kind": str(behaviour.kind),
        "name": behaviour.name,
        "customer": behaviour.customer,
        "customer_since": iso(behaviour.since),
        "domains": list(behaviour.domains),
        "since": iso(behaviour.span.start),
        "until": iso(behaviour.span.end),
        **score_document(behaviour.score),
        "mailed": behaviour.mailed,
        "recipients": behaviour.recipients,
        "outcomes": {str(name): count for name, count in behaviour.outcomes.items()},
        "rates": {
            "hard_bounce": _rate(behaviour.rates.hard_bounce),
            "soft_bounce": _rate(behaviour.rates.soft_bounce),
            "complaint": _rate(behaviour.rates.complaint),
        },
        "weeks": [_week(one) for one in behaviour.weeks],
        "providers": [_cause("provider", one) for one in behaviour.providers],
        "statuses": [_cause("status", one) for one in behaviour.statuses],
        "limits": [_nearness(one) for one in behaviour.limits],
        "blocks": [block_row(one) for one in behaviour.blocks],
        "verdicts": [verdict_row(one) for one in behaviour.verdicts],
        "strikes": {
            "total": len(behaviour.strikes),
            "newest": [_strike(one) for one in behaviour.strikes[:STRIKES_LISTED]],
        },
    }


def score_document(score: Score | None) -> Document:
    """Return score and grade; both are null for fewer than 20 mails."""
    return {
        "score": score.value if score else None,
        "grade": score.grade if score else None,
        "nearest_limit_percent": score.nearest_percent if score else None,
        "disables_in_90_days": score.disables if score else None,
    }


def _rate(rate: Rate) -> Document:
    return {
        "count": rate.hits,
        "of": rate.size,
        "percent": round(rate.percent, DIGITS),
        "low_percent": round(rate.low_percent, DIGITS),
        "high_percent": round(rate.high_percent, DIGITS),
    }


def _week(week: WeekCounts) -> Document:
    return {
        "week": week.week,
        "starts_at": iso(week.starts_at),
        "mailed": week.mailed,
        "delivered": week.delivered,
        "hard_bounces": week.hard_bounces,
        "soft_bounces": week.soft_bounces,
        "complaints": week.complaints,
    }


def _cause(what: str, cause: Cause) -> Document:
    return {
        what: cause.name,
        "hard_bounces": cause.hard_bounces,
        "soft_bounces": cause.soft_bounces,
        "complaints": cause.complaints,
        "recipients": cause.recipients,
        "example": cause.example,
    }


def _nearness(nearness: Nearness) -> Document:
    return {
        "rule": str(nearness.rule),
        "newest_week": _distance(nearness.newest),
        "worst": _distance(nearness.worst),
    }


def _distance(distance: Distance | None) -> Document | None:
    if distance is None:
        return None
    return {
        "ratio": round(distance.ratio, DIGITS),
        "scope": distance.scope,
        "basis": str(distance.basis),
        "count": distance.count,
        "count_limit": distance.count_limit,
        "percent": None if distance.percent is None else round(distance.percent, DIGITS),
        "percent_limit": distance.percent_limit,
        "n": distance.size,
        "window": {"start": iso(distance.start), "end": iso(distance.end)},
    }


def _strike(strike: Strike) -> Document:
    return {
        "at": iso(strike.at),
        "outcome": str(strike.outcome),
        "domain": strike.domain,
        "recipient": strike.recipient,
        "status": strike.status,
        "diagnostic": strike.diagnostic,
        "message_id": strike.message_id,
        "event": strike.event,
    }


def _account(account: Account) -> Document:
    return {
        "mailed": account.mailed,
        "bounces": _against(account.bounces, BOUNCE_LINES),
        "complaints": _against(account.complaints, COMPLAINT_LINES),
        "unattributed_events": account.unattributed,
        "reputation": reputation_document(account.reputation),
        "customers": [_member(one) for one in account.members],
    }


def _member(member: Member) -> Document:
    return {
        "customer": member.customer,
        "mailed": member.mailed,
        "score": member.score.value if member.score else None,
        "grade": member.score.grade if member.score else None,
        "bounces": _against(member.bounces, BOUNCE_LINES),
        "complaints": _against(member.complaints, COMPLAINT_LINES),
    }


def _against(against: Against, lines: Lines) -> Document:
    return {
        "count": against.count,
        "of": against.size,
        "percent": round(against.percent, DIGITS),
        "share_percent": round(against.share_percent, DIGITS),
        "budget_percent": round(against.budget_percent, DIGITS),
        "of_room_percent": (
            None if against.of_room_percent is None else round(against.of_room_percent, DIGITS)
        ),
        "review_percent": lines.review_percent,
        "pause_percent": lines.pause_percent,
        "standing": standing_of(against, lines),
    }
