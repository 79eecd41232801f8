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


def downgrade() -> None:
    """Take them away again, in the reverse order."""
    _without_closed_domains()


def _closed_domains() -> None:
    op.add_column(
        "domains",
        sa.Column("closed_at", Moment(), nullable=True, comment="when it was offboarded"),
    )


def _without_closed_domains() -> None:
    op.drop_column("domains", "closed_at")
