"""The table of domains that name a tenant of SES, and how far that can be relied on."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from sesauditd.store.columns import Moment
from sesauditd.store.tables.catalogue import metadata

tenancies = Table(
    "tenancies",
    metadata,
    Column("domain", String, primary_key=True, comment="A-label; may not be registered yet"),
    Column("tenant", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("first_seen_at", Moment, comment="when an event of the domain first named the tenant"),
    Column("last_seen_at", Moment),
    Column("outside_at", Moment, comment="newest bounce or complaint of mail that named none"),
)
