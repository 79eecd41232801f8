"""The table of turns: when the next call of a service may be made, by whichever process."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from sesauditd.store.columns import Moment
from sesauditd.store.tables.catalogue import metadata

paces = Table(
    "paces",
    metadata,
    Column("name", String, primary_key=True, comment="of what is asked: ses/eu-central-1"),
    Column("next_at", Moment, nullable=False, comment="when the next turn is free"),
)
