"""Add what onboarding, cases and levers grew to remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sesauditd.store.columns import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the tables, a function for each part that grew."""
    _closed_domains()
    _tenancies()
    _shards()
    _cases()


def downgrade() -> None:
    """Take them away again, in the reverse order."""
    _without_cases()
    _without_shards()
    _without_tenancies()
    _without_closed_domains()


def _closed_domains() -> None:
    op.add_column(
        "domains",
        sa.Column("closed_at", Moment(), nullable=True, comment="when it was offboarded"),
    )


def _without_closed_domains() -> None:
    op.drop_column("domains", "closed_at")


def _tenancies() -> None:
    op.create_table(
        "tenancies",
        sa.Column(
            "domain", sa.String(), nullable=False, comment="A-label; may not be registered yet"
        ),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column(
            "first_seen_at",
            Moment(),
            nullable=True,
            comment="when an event of the domain first named the tenant",
        ),
        sa.Column("last_seen_at", Moment(), nullable=True),
        sa.Column(
            "outside_at",
            Moment(),
            nullable=True,
            comment="newest bounce or complaint of mail that named none",
        ),
        sa.PrimaryKeyConstraint("domain"),
    )


def _without_tenancies() -> None:
    op.drop_table("tenancies")


def _shards() -> None:
    op.add_column(
        "blocks",
        sa.Column(
            "shard",
            sa.Integer(),
            nullable=True,
            comment="which of the customer's IAM policies names it",
        ),
    )


def _without_shards() -> None:
    op.drop_column("blocks", "shard")


def _cases() -> None:
    op.add_column(
        "cases",
        sa.Column(
            "incident",
            sa.String(),
            nullable=True,
            comment="what else belongs to it; empty: nothing",
        ),
    )
    op.add_column("cases", sa.Column("explained_at", Moment(), nullable=True))
    op.create_table(
        "case_actions",
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("undone_at", Moment(), nullable=True),
        sa.Column(
            "withdrawn", sa.Boolean(), nullable=True, comment="undone since no ground was left"
        ),
        sa.ForeignKeyConstraint(["action"], ["actions.id"]),
        sa.ForeignKeyConstraint(["case"], ["cases.id"]),
        sa.PrimaryKeyConstraint("action"),
    )
    op.create_index("ix_case_actions_case", "case_actions", ["case"])
    op.execute(
        'INSERT INTO case_actions (action, "case", undone_at, withdrawn) '
        "SELECT action, id, closed_at, state = 'withdrawn' FROM cases"
    )
    op.create_index("journal_by_kind", "journal", ["kind", "subject"])


def _without_cases() -> None:
    op.drop_index("journal_by_kind", "journal")
    op.drop_table("case_actions")
    for column in ("explained_at", "incident"):
        op.drop_column("cases", column)
