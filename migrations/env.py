"""Runs the migrations on the connection that the program hands in."""

from __future__ import annotations

from alembic import context

from sesauditd.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
# The caller's own transaction is around all of it: half a migration is none.
context.run_migrations()
