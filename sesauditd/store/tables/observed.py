"""Tables of what was seen: the register, events and what follows from them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from sesauditd.store.columns import Moment
from sesauditd.store.tables.catalogue import metadata

# Where an index holds some rows only, the migration says so to a server, too. Said here, it would
# bring that dialect with all of its drivers' parts into every command.
customers = Table(
    "customers",
    metadata,
    Column("id", String, primary_key=True),
    Column("since", Moment, comment="when the relationship began; empty where nobody told"),
    Column("registered_at", Moment, nullable=False),
)

domains = Table(
    "domains",
    metadata,
    Column("name", String, primary_key=True, comment="A-label"),
    Column("customer", ForeignKey("customers.id"), nullable=False, index=True),
    Column("contact", String, nullable=False),
    Column("registered_at", Moment, nullable=False),
    Column("closed_at", Moment, comment="when it was offboarded"),
)

iam_users = Table(
    "iam_users",
    metadata,
    Column("name", String, primary_key=True),
    Column("domain", ForeignKey("domains.name"), primary_key=True),
    Column("registered_at", Moment, nullable=False),
)

archive_objects = Table(
    "archive_objects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String, nullable=False, unique=True, comment="object key or file name"),
)

events = Table(
    "events",
    metadata,
    Column("key", LargeBinary(16), primary_key=True, comment="mail second, dedupe hash"),
    Column("kind", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("at", Moment, nullable=False, comment="the event's own time"),
    Column("received_at", Moment, nullable=False),
    Column("domain", ForeignKey("domains.name"), comment="empty while unattributed"),
    Column("source", String, nullable=False),
    Column("identity", String, nullable=False),
    Column("caller", String),
    Column("configuration_set", String),
    Column("type", String),
    Column("subtype", String, comment="of a bounce or complaint"),
    Column("detail", String, comment="complaint type, reject reason or delay type"),
    Column("flags", String, nullable=False, comment="space separated"),
    Column("archive_object", ForeignKey("archive_objects.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False, comment="of the raw body"),
    Index("events_by_domain", "domain", "at"),
    Index("events_by_message", "message_id"),
    Index(
        "events_rejected",
        "domain",
        "at",
        sqlite_where=text("kind = 'Reject'"),
    ),
    sqlite_with_rowid=False,
)

event_recipients = Table(
    "event_recipients",
    metadata,
    Column("event", ForeignKey("events.key"), primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("spelling", String, comment="AWS's own, where it differs"),
    Column("outcome", String, nullable=False),
    Column("blockable", Boolean, nullable=False),
    Column("counted_as", String, comment="where it differs from the recipient"),
    Column("status", String),
    Column("diagnostic", String),
    Index(
        "soft_bounces_by_recipient",
        "recipient",
        sqlite_where=text("outcome = 'soft_bounce'"),
    ),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("received_at", Moment, nullable=False),
    Column("reason", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("archive_object", ForeignKey("archive_objects.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Index("quarantine_by_receipt", "received_at"),
)

rollups = Table(
    "rollups",
    metadata,
    Column("domain", ForeignKey("domains.name"), primary_key=True),
    Column("hour", Integer, primary_key=True, comment="whole hours since 1970 UTC"),
    Column("outcome", String, primary_key=True),
    Column("feeds_back", Boolean, primary_key=True, comment="provider reports complaints to SES"),
    Column(
        "count",
        Integer,
        nullable=False,
        comment="recipients, repetitions counted",
    ),
    Column("sketch", LargeBinary, nullable=False, comment="theta sketch of different recipients"),
    sqlite_with_rowid=False,
)

strikes = Table(
    "strikes",
    metadata,
    Column("event", ForeignKey("events.key"), primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("domain", ForeignKey("domains.name"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("subtype", String),
    Column("status", String),
    Column("diagnostic", String),
    Column("spelling", String, nullable=False),
    Column("blockable", Boolean, nullable=False),
    Column("counted_as", String, nullable=False),
    Index("strikes_by_recipient", "customer", "recipient", "at"),
    Index("strikes_by_domain", "domain", "at"),
    Index("strikes_of_address", "recipient"),
    sqlite_with_rowid=False,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("customer", ForeignKey("customers.id"), primary_key=True),
    Column("recipient", String, primary_key=True, comment="only addresses with a soft bounce"),
    Column("at", Moment, primary_key=True),
    sqlite_with_rowid=False,
)

reached = Table(
    "reached",
    metadata,
    Column("domain", ForeignKey("domains.name"), primary_key=True),
    Column("receiving_domain", String, primary_key=True),
    Column("first_at", Moment, nullable=False, comment="first delivery that did not bounce after"),
    Column("message_id", String, nullable=False),
    Column("recipient", String, nullable=False),
    sqlite_with_rowid=False,
)
