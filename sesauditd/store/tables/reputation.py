"""The table of what AWS said of the account's rates, and what we counted at that moment."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Integer, String, Table

from sesauditd.store.columns import Moment
from sesauditd.store.tables.catalogue import metadata

reputation_polls = Table(
    "reputation_polls",
    metadata,
    Column("at", Moment, primary_key=True),
    Column("bounce_rate", Float, comment="AWS's own, a fraction of 1; empty: not known"),
    Column("complaint_rate", Float, comment="likewise"),
    Column("sent", Float, comment="what AWS counts as sent in a day; empty: not known"),
    Column("heard", Integer, nullable=False, comment="what we heard of in that day"),
    Column("tallies", JSON, nullable=False, comment="our own counts, a span each"),
    Column("problem", String, comment="why AWS's figures are not known"),
)
