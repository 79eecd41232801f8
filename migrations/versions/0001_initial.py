"""Create every table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sesauditd.store.columns import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "archive_objects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False, comment="object key or file name"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source"),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column(
            "since",
            Moment(),
            nullable=True,
            comment="when the relationship began; empty where nobody told",
        ),
        sa.Column("registered_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "journal",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("heartbeat_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "onboarding_steps",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=True),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "step"),
    )
    op.create_table(
        "periods",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False, comment="such as 2026-W47"),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("job", "period"),
    )
    op.create_table(
        "deliveries",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column(
            "recipient", sa.String(), nullable=False, comment="only addresses with a soft bounce"
        ),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("customer", "recipient", "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "domains",
        sa.Column("name", sa.String(), nullable=False, comment="A-label"),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("registered_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index(op.f("ix_domains_customer"), "domains", ["customer"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("requested_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notices_state"), "notices", ["state"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("archive_object", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["archive_object"],
            ["archive_objects.id"],
        ),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "reopened_weeks",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("customer", "starts_at"),
    )
    op.create_table(
        "standings",
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False, comment="empty: the customer itself"),
        sa.Column("soft_streak", sa.Integer(), nullable=False),
        sa.Column("hard_bounces", sa.Integer(), nullable=False),
        sa.Column("complaints", sa.Integer(), nullable=False),
        sa.Column("virus_incidents", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("customer", "recipient"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "actions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("spelling", sa.String(), nullable=True),
        sa.Column("lever", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column(
            "cause",
            sa.String(),
            nullable=True,
            comment="verdict key; empty for an operator's decision",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence_at", Moment(), nullable=False, comment="newest evidence"),
        sa.Column("until", Moment(), nullable=True, comment="when a block ends"),
        sa.Column("approved", sa.Boolean(), nullable=False, comment="by an operator"),
        sa.Column("requested_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("actions_by_subject", "actions", ["customer", "domain"], unique=False)
    op.create_index(op.f("ix_actions_cause"), "actions", ["cause"], unique=False)
    op.create_index(op.f("ix_actions_state"), "actions", ["state"], unique=False)
    op.create_table(
        "events",
        sa.Column(
            "key", sa.LargeBinary(length=16), nullable=False, comment="mail second, dedupe hash"
        ),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False, comment="the event's own time"),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True, comment="empty while unattributed"),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("caller", sa.String(), nullable=True),
        sa.Column("configuration_set", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("subtype", sa.String(), nullable=True, comment="of a bounce or complaint"),
        sa.Column(
            "detail",
            sa.String(),
            nullable=True,
            comment="complaint type, reject reason or delay type",
        ),
        sa.Column("flags", sa.String(), nullable=False, comment="space separated"),
        sa.Column("archive_object", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False, comment="of the raw body"),
        sa.ForeignKeyConstraint(
            ["archive_object"],
            ["archive_objects.id"],
        ),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.create_index("events_by_domain", "events", ["domain", "at"], unique=False)
    op.create_index("events_by_message", "events", ["message_id"], unique=False)
    op.create_index(
        "events_rejected",
        "events",
        ["domain", "at"],
        unique=False,
        sqlite_where=sa.text("kind = 'Reject'"),
        postgresql_where=sa.text("kind = 'Reject'"),
    )
    op.create_table(
        "iam_users",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("registered_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("name", "domain"),
    )
    op.create_table(
        "reached",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("receiving_domain", sa.String(), nullable=False),
        sa.Column(
            "first_at", Moment(), nullable=False, comment="first delivery that did not bounce after"
        ),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("domain", "receiving_domain"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollups",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False, comment="whole hours since 1970 UTC"),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column(
            "feeds_back", sa.Boolean(), nullable=False, comment="provider reports complaints to SES"
        ),
        sa.Column("count", sa.Integer(), nullable=False, comment="recipients, repetitions counted"),
        sa.Column(
            "sketch",
            sa.LargeBinary(),
            nullable=False,
            comment="theta sketch of different recipients",
        ),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("domain", "hour", "outcome", "feeds_back"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "blocks",
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("spelling", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False, comment="or `operator`"),
        sa.Column("lever", sa.String(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=True, comment="empty: for good"),
        sa.Column("lifted_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action"],
            ["actions.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("action"),
    )
    op.create_index("blocks_by_recipient", "blocks", ["customer", "recipient"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.String(),
            nullable=False,
            comment="opened explained reinstated terminated ...",
        ),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action"],
            ["actions.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_cases_customer"), "cases", ["customer"], unique=False)
    op.create_table(
        "event_recipients",
        sa.Column("event", sa.LargeBinary(length=16), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("spelling", sa.String(), nullable=True, comment="AWS's own, where it differs"),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("blockable", sa.Boolean(), nullable=False),
        sa.Column(
            "counted_as", sa.String(), nullable=True, comment="where it differs from the recipient"
        ),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("diagnostic", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event"],
            ["events.key"],
        ),
        sa.PrimaryKeyConstraint("event", "recipient"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "soft_bounces_by_recipient",
        "event_recipients",
        ["recipient"],
        unique=False,
        sqlite_where=sa.text("outcome = 'soft_bounce'"),
        postgresql_where=sa.text("outcome = 'soft_bounce'"),
    )
    op.create_table(
        "strikes",
        sa.Column("event", sa.LargeBinary(length=16), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("subtype", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.Column("diagnostic", sa.String(), nullable=True),
        sa.Column("spelling", sa.String(), nullable=False),
        sa.Column("blockable", sa.Boolean(), nullable=False),
        sa.Column("counted_as", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.ForeignKeyConstraint(
            ["event"],
            ["events.key"],
        ),
        sa.PrimaryKeyConstraint("event", "recipient"),
        sqlite_with_rowid=False,
    )
    op.create_index("strikes_by_domain", "strikes", ["domain", "at"], unique=False)
    op.create_index(
        "strikes_by_recipient", "strikes", ["customer", "recipient", "at"], unique=False
    )
    op.create_index("strikes_of_address", "strikes", ["recipient"], unique=False)
    op.create_table(
        "verdicts",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("does", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("spelling", sa.String(), nullable=True),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("window_start", Moment(), nullable=False),
        sa.Column("window_end", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("waits", sa.Text(), nullable=True),
        sa.Column(
            "mode", sa.String(), nullable=False, comment="enforce or shadow when it was judged"
        ),
        sa.Column(
            "policy", sa.String(), nullable=False, comment="hash of the limits it was judged by"
        ),
        sa.Column("judged_at", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.Column("action", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["action"],
            ["actions.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_verdicts_action"), "verdicts", ["action"], unique=False)
    op.create_index("verdicts_by_customer", "verdicts", ["customer", "recipient"], unique=False)
    op.create_index("verdicts_by_end", "verdicts", ["window_end"], unique=False)


def downgrade() -> None:
    """Drop every table."""
    op.drop_index("verdicts_by_end", table_name="verdicts")
    op.drop_index("verdicts_by_customer", table_name="verdicts")
    op.drop_index(op.f("ix_verdicts_action"), table_name="verdicts")
    op.drop_table("verdicts")
    op.drop_index("strikes_of_address", table_name="strikes")
    op.drop_index("strikes_by_recipient", table_name="strikes")
    op.drop_index("strikes_by_domain", table_name="strikes")
    op.drop_table("strikes")
    op.drop_index(
        "soft_bounces_by_recipient",
        table_name="event_recipients",
        sqlite_where=sa.text("outcome = 'soft_bounce'"),
        postgresql_where=sa.text("outcome = 'soft_bounce'"),
    )
    op.drop_table("event_recipients")
    op.drop_index(op.f("ix_cases_customer"), table_name="cases")
    op.drop_table("cases")
    op.drop_index("blocks_by_recipient", table_name="blocks")
    op.drop_table("blocks")
    op.drop_table("rollups")
    op.drop_table("reached")
    op.drop_table("iam_users")
    op.drop_index(
        "events_rejected",
        table_name="events",
        sqlite_where=sa.text("kind = 'Reject'"),
        postgresql_where=sa.text("kind = 'Reject'"),
    )
    op.drop_index("events_by_message", table_name="events")
    op.drop_index("events_by_domain", table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("ix_actions_state"), table_name="actions")
    op.drop_index(op.f("ix_actions_cause"), table_name="actions")
    op.drop_index("actions_by_subject", table_name="actions")
    op.drop_table("actions")
    op.drop_table("standings")
    op.drop_table("reopened_weeks")
    op.drop_table("quarantine")
    op.drop_index(op.f("ix_notices_state"), table_name="notices")
    op.drop_table("notices")
    op.drop_index(op.f("ix_domains_customer"), table_name="domains")
    op.drop_table("domains")
    op.drop_table("deliveries")
    op.drop_table("periods")
    op.drop_table("onboarding_steps")
    op.drop_table("leases")
    op.drop_table("journal")
    op.drop_table("customers")
    op.drop_table("archive_objects")
