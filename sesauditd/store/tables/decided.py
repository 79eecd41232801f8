"""Tables of what was decided: verdicts, actions, cases, the journal, the calendar of jobs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from sesauditd.store.columns import Moment
from sesauditd.store.tables.catalogue import metadata

standings = Table(
    "standings",
    metadata,
    Column("customer", ForeignKey("customers.id"), primary_key=True),
    Column("recipient", String, primary_key=True, comment="empty: the customer itself"),
    Column("soft_streak", Integer, nullable=False),
    Column("hard_bounces", Integer, nullable=False),
    Column("complaints", Integer, nullable=False),
    Column("virus_incidents", Integer, nullable=False),
    sqlite_with_rowid=False,
)

actions = Table(
    "actions",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("domain", ForeignKey("domains.name")),
    Column("recipient", String),
    Column("spelling", String),
    Column("lever", String),
    Column("state", String, nullable=False, index=True),
    Column("actor", String, nullable=False),
    Column("cause", String, index=True, comment="verdict key; empty for an operator's decision"),
    Column("reason", Text, nullable=False),
    Column("evidence_at", Moment, nullable=False, comment="newest evidence"),
    Column("until", Moment, comment="when a block ends"),
    Column("approved", Boolean, nullable=False, comment="by an operator"),
    Column("requested_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text),
    Column("before", JSON),
    Column("after", JSON),
    Column("attempted_at", Moment),
    Column("next_try_at", Moment, comment="empty: as soon as possible"),
    Index("actions_by_subject", "customer", "domain"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("key", String, primary_key=True),
    Column("rule", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("does", String, nullable=False),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("domain", ForeignKey("domains.name"), nullable=False),
    Column("recipient", String),
    Column("spelling", String),
    Column("incident", String, nullable=False),
    Column("window_start", Moment, nullable=False),
    Column("window_end", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("until", Moment),
    Column("waits", Text),
    Column("mode", String, nullable=False, comment="enforce or shadow when it was judged"),
    Column("policy", String, nullable=False, comment="hash of the limits it was judged by"),
    Column("judged_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    Column("withdrawn_because", Text),
    Column("action", ForeignKey("actions.id"), index=True),
    Index("verdicts_by_customer", "customer", "recipient"),
    Index("verdicts_by_end", "window_end"),
)

blocks = Table(
    "blocks",
    metadata,
    Column("action", ForeignKey("actions.id"), primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("recipient", String, nullable=False),
    Column("spelling", String, nullable=False),
    Column("domain", ForeignKey("domains.name"), nullable=False),
    Column("rule", String, nullable=False, comment="or `operator`"),
    Column("lever", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, comment="empty: for good"),
    Column("lifted_at", Moment),
    Column("shard", Integer, comment="which of the customer's IAM policies names it"),
    Index("blocks_by_recipient", "customer", "recipient"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", String, primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False, index=True),
    Column("domain", ForeignKey("domains.name")),
    Column("rule", String, nullable=False),
    Column("action", ForeignKey("actions.id"), nullable=False),
    Column("state", String, nullable=False, comment="opened explained reinstated terminated ..."),
    Column("opened_at", Moment, nullable=False),
    Column("explanation", Text),
    Column("closed_at", Moment),
    Column("incident", String, comment="what else belongs to it; empty: nothing"),
    Column("explained_at", Moment),
)

case_actions = Table(
    "case_actions",
    metadata,
    Column("action", ForeignKey("actions.id"), primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False, index=True),
    Column("undone_at", Moment),
    Column("withdrawn", Boolean, comment="undone since no ground was left"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("customer", ForeignKey("customers.id")),
    Column("subject", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("facts", JSON, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("audience", String, nullable=False, server_default="customer"),
    Column("domain", String),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", Moment, comment="empty: at once"),
    Column("message_id", String, comment="SES's own, once it was sent"),
    Column("outcome", Text),
    Column("alerted_at", Moment, comment="when the roads that are not mail were told; operators"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True, comment="of the alarm and the road together"),
    Column("road", String, nullable=False, comment="its name, never its address"),
    Column("name", String, nullable=False),
    Column("alarm", JSON, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("outcome", Text),
)

periods = Table(
    "periods",
    metadata,
    Column("job", String, primary_key=True),
    Column("period", String, primary_key=True, comment="such as 2026-W47"),
    Column("starts_at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("done_at", Moment),
)

ENFORCEMENT: Final = "enforcement"
"""The job whose periods are the weeks that were judged."""

reopened_weeks = Table(
    "reopened_weeks",
    metadata,
    Column("customer", ForeignKey("customers.id"), primary_key=True),
    Column("starts_at", Moment, primary_key=True),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
)

observations = Table(
    "observations",
    metadata,
    Column("name", String, primary_key=True, comment="such as account, alarm:dead_pipe"),
    Column("facts", JSON, nullable=False),
    Column("at", Moment, nullable=False),
)

onboarding_steps = Table(
    "onboarding_steps",
    metadata,
    Column("domain", String, primary_key=True),
    Column("step", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("detail", JSON),
    Column("changed_at", Moment, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Index("journal_by_kind", "kind", "subject"),
)
