"""The morning's screen as a JSON document."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sesauditd.report.document import score_document
from sesauditd.report.plain import iso
from sesauditd.report.rows import action_row, domain_row, verdict_row

if TYPE_CHECKING:
    from sesauditd.report.pages import Standing, Status


def status_document(status: Status) -> dict[str, object]:
    """Return one document; `pending` counts actions by state, `actions` lists them."""
    overview, daemon = status.overview, status.daemon
    return {
        "mode": status.mode,
        "daemon": {
            "alive": daemon.alive,
            "last_message_at": iso(daemon.last_message_at),
            "account": daemon.account,
            "troubles": [asdict(one) for one in daemon.troubles],
            "unsent_notices": daemon.unsent,
        },
        "newest_event_at": iso(overview.newest_event_at),
        "last_judged_week": overview.last_judged_week,
        "quarantined": overview.quarantined,
        "unattributed": overview.unattributed,
        "journal_length": overview.journal_length,
        "pending": dict(overview.pending),
        "actions": [action_row(one) for one in status.pending],
        "shadow_verdicts": [verdict_row(one) for one in status.shown_only],
        "domains": [domain_row(one) for one in status.domains],
        "customers": [_standing(one) for one in status.customers],
    }


def _standing(standing: Standing) -> dict[str, object]:
    return {
        "customer": standing.customer,
        "mode": standing.mode,
        **score_document(standing.score),
        "domains": standing.domains,
        "mailed": standing.mailed,
        "hard_bounces": standing.hard_bounces,
        "complaints": standing.complaints,
    }
