"""Add what the running daemon remembers: attempts, notices on their way, observations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from sesauditd.store.columns import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("actions", sa.Column("attempted_at", Moment(), nullable=True))
    op.add_column(
        "actions",
        sa.Column("next_try_at", Moment(), nullable=True, comment="empty: as soon as possible"),
    )
    op.add_column(
        "notices", sa.Column("audience", sa.String(), nullable=False, server_default="customer")
    )
    op.add_column("notices", sa.Column("domain", sa.String(), nullable=True))
    op.add_column(
        "notices", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("notices", sa.Column("due_at", Moment(), nullable=True, comment="empty: at once"))
    op.add_column(
        "notices",
        sa.Column("message_id", sa.String(), nullable=True, comment="SES's own, once it was sent"),
    )
    op.add_column("notices", sa.Column("outcome", sa.Text(), nullable=True))
    op.create_table(
        "observations",
        sa.Column("name", sa.String(), nullable=False, comment="such as account, alarm:dead_pipe"),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("observations")
    for column in ("outcome", "message_id", "due_at", "attempts", "domain", "audience"):
        op.drop_column("notices", column)
    for column in ("next_try_at", "attempted_at"):
        op.drop_column("actions", column)
