"""The morning's screen as a JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sesauditd.report.document import DIGITS, score_document
from sesauditd.report.morning import tasks
from sesauditd.report.plain import iso
from sesauditd.report.reputation import reputation_document
from sesauditd.report.rows import action_row, domain_row, verdict_row

if TYPE_CHECKING:
    from sesauditd.report.account import Against, Member
    from sesauditd.report.morning import Task
    from sesauditd.report.pages import Standing, Status


def status_document(status: Status) -> dict[str, object]:
    """Return one document; `pending` counts actions by state, `actions` lists them."""
    overview, daemon, parts = status.overview, status.daemon, status.parts
    return {
        "mode": status.mode,
        "daemon": {
            "alive": daemon.alive,
            "last_message_at": iso(daemon.last_message_at),
            "account": daemon.account,
            "troubles": [asdict(one) for one in daemon.troubles],
            "unsent_notices": daemon.unsent,
            "intake": daemon.intake,
            "canary": daemon.canary,
        },
        "reputation": reputation_document(daemon.reputation),
        "newest_event_at": iso(overview.newest_event_at),
        "last_judged_week": overview.last_judged_week,
        "quarantined": overview.quarantined,
        "unattributed": overview.unattributed,
        "journal_length": overview.journal_length,
        "pending": dict(overview.pending),
        "actions": [action_row(one) for one in status.pending],
        "shadow_verdicts": [verdict_row(one) for one in status.shown_only],
        "domains": [domain_row(one) for one in status.domains],
        "customers": [_standing(one, parts[one.customer]) for one in status.customers],
        "tasks": [_task(one) for one in tasks(status.morning)],
    }


def _task(task: Task) -> dict[str, object]:
    return {
        "urgency": task.urgency.name.lower(),
        "what": task.what,
        "command": task.command or None,
    }


def _share(against: Against) -> dict[str, object]:
    room = against.of_room_percent
    return {
        "share_percent": round(against.share_percent, DIGITS),
        "budget_percent": round(against.budget_percent, DIGITS),
        "of_room_percent": None if room is None else round(room, DIGITS),
    }


def _standing(standing: Standing, part: Member) -> dict[str, object]:
    return {
        "customer": standing.customer,
        "mode": standing.mode,
        **score_document(standing.score),
        "domains": standing.domains,
        "mailed": standing.mailed,
        "hard_bounces": standing.hard_bounces,
        "complaints": standing.complaints,
        "mailed_by_week": list(standing.weeks),
        "of_account": {
            "hard_bounces": _share(part.bounces),
            "complaints": _share(part.complaints),
        },
    }
