"""Add what watching, telling and recovering need to remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sesauditd.store.columns import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the tables, a function for each part that grew."""
    _alerts()
    _paces()
    _reputation()
    # Whoever forges messages fills the quarantine, and a watch looks at its newest rows.
    op.create_index("quarantine_by_receipt", "quarantine", ["received_at"], unique=False)


def downgrade() -> None:
    """Take them away again, in the reverse order."""
    op.drop_index("quarantine_by_receipt", table_name="quarantine")
    op.drop_table("reputation_polls")
    op.drop_table("paces")
    _without_alerts()


def _alerts() -> None:
    op.add_column(
        "notices",
        sa.Column(
            "alerted_at",
            Moment(),
            nullable=True,
            comment="when the roads that are not mail were told; operators",
        ),
    )
    # What was mailed long ago must not ring on an upgrade.
    op.execute("UPDATE notices SET alerted_at = changed_at")
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(), nullable=False, comment="of the alarm and the road together"),
        sa.Column("road", sa.String(), nullable=False, comment="its name, never its address"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("alarm", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_alerts_state"), "alerts", ["state"], unique=False)


def _without_alerts() -> None:
    op.drop_index(op.f("ix_alerts_state"), table_name="alerts")
    op.drop_table("alerts")
    op.drop_column("notices", "alerted_at")


def _paces() -> None:
    op.create_table(
        "paces",
        sa.Column(
            "name", sa.String(), nullable=False, comment="of what is asked: ses/eu-central-1"
        ),
        sa.Column("next_at", Moment(), nullable=False, comment="when the next turn is free"),
        sa.PrimaryKeyConstraint("name"),
    )


def _reputation() -> None:
    op.create_table(
        "reputation_polls",
        sa.Column("at", Moment(), nullable=False),
        sa.Column(
            "bounce_rate",
            sa.Float(),
            nullable=True,
            comment="AWS's own, a fraction of 1; empty: not known",
        ),
        sa.Column("complaint_rate", sa.Float(), nullable=True, comment="likewise"),
        sa.Column(
            "sent",
            sa.Float(),
            nullable=True,
            comment="what AWS counts as sent in a day; empty: not known",
        ),
        sa.Column("heard", sa.Integer(), nullable=False, comment="what we heard of in that day"),
        sa.Column("tallies", sa.JSON(), nullable=False, comment="our own counts, a span each"),
        sa.Column("problem", sa.String(), nullable=True, comment="why AWS's figures are not known"),
        sa.PrimaryKeyConstraint("at"),
    )
