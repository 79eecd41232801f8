"""Every table, once; the migrations in `migrations/` make exactly these."""

from __future__ import annotations

from sesauditd.store.tables.catalogue import metadata
from sesauditd.store.tables.decided import (
    ENFORCEMENT,
    actions,
    alerts,
    blocks,
    case_actions,
    cases,
    journal,
    leases,
    notices,
    observations,
    onboarding_steps,
    periods,
    reopened_weeks,
    standings,
    verdicts,
)
from sesauditd.store.tables.observed import (
    archive_objects,
    customers,
    deliveries,
    domains,
    event_recipients,
    events,
    iam_users,
    quarantine,
    reached,
    rollups,
    strikes,
)
from sesauditd.store.tables.paces import paces
from sesauditd.store.tables.reputation import reputation_polls
from sesauditd.store.tables.tenancies import tenancies

__all__ = [
    "ENFORCEMENT",
    "actions",
    "alerts",
    "archive_objects",
    "blocks",
    "case_actions",
    "cases",
    "customers",
    "deliveries",
    "domains",
    "event_recipients",
    "events",
    "iam_users",
    "journal",
    "leases",
    "metadata",
    "notices",
    "observations",
    "onboarding_steps",
    "paces",
    "periods",
    "quarantine",
    "reached",
    "reopened_weeks",
    "reputation_polls",
    "rollups",
    "standings",
    "strikes",
    "tenancies",
    "verdicts",
]
