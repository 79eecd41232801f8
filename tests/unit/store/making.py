"""Readings as the parser would make them, and what the store holds after them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.classify import interpret
from sesauditd.model.events import Feedback, Named, Origin, Reading
from sesauditd.store import register
from sesauditd.store.events import record
from sesauditd.store.register import Adoption
from sesauditd.store.tables import (
    deliveries,
    event_recipients,
    events,
    reached,
    rollups,
    strikes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy import Table

    from sesauditd.model.recorded import Recorded
    from sesauditd.model.touched import Touched
    from sesauditd.store.engine import Database

START = datetime(2026, 11, 16, 10, tzinfo=UTC)
RECEIVED = START + timedelta(days=60)
NO_FEEDBACK = frozenset({"gmail.com"})
DERIVED = (strikes, rollups, deliveries, reached)
FIRST_ARRIVAL = frozenset({"archive_object", "line", "received_at", "sha256"})
"""Columns that tell of the arrival that came first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail that a customer sent."""

    name: str
    to: tuple[str, ...] = ("ann@x.example",)
    domain: str = "a.example"
    caller: str | None = None
    at: datetime = START

    def tells(
        self,
        kind: str,
        *recipients: str,
        after: timedelta = timedelta(0),
        status: str | None = None,
        **about: Any,
    ) -> Reading:
        """Return what SES tells about the message, about all its recipients if none is given."""
        named = recipients or self.to
        parts = (self.name, kind, named, after, status, sorted(about.items()))
        mark = hashlib.sha256(repr(parts).encode())
        feedback = Feedback(
            kind=kind,
            message_id=self.name,
            feedback_id=mark.hexdigest()[:12] if kind in {"Bounce", "Complaint"} else None,
            mail_at=self.at,
            inner_at=self.at + after,
            source=f"shop@{self.domain}",
            identity=self.domain,
            caller=self.caller,
            destination=self.to,
            named=tuple(Named(address=one, spelling=one, status=status) for one in named),
            **about,
        )
        return Reading(
            origin=Origin(source="first.jsonl", line=1, sha256=mark.digest()),
            received_at=RECEIVED,
            event=interpret(feedback, received_at=RECEIVED),
        )

    def delivered(self, *recipients: str, after: timedelta = timedelta(seconds=2)) -> Reading:
        """Return a Delivery."""
        return self.tells("Delivery", *recipients, after=after)

    def bounced_soft(self, *recipients: str, after: timedelta = timedelta(minutes=1)) -> Reading:
        """Return a soft bounce, which a Delivery makes an out-of-office answer."""
        return self.tells("Bounce", *recipients, after=after, type="Transient", subtype="General")

    def bounced_hard(
        self,
        *recipients: str,
        after: timedelta = timedelta(minutes=1),
        status: str | None = "5.1.1",
    ) -> Reading:
        """Return a hard bounce."""
        return self.tells(
            "Bounce", *recipients, after=after, status=status, type="Permanent", subtype="General"
        )

    def complained(self, *recipients: str, after: timedelta = timedelta(hours=1)) -> Reading:
        """Return a complaint."""
        return self.tells("Complaint", *recipients, after=after, complaint_type="abuse")


def adoption(domain: str, customer: str, iam_user: str | None = None) -> Adoption:
    """Return a domain to register."""
    return Adoption(
        domain=domain, customer=customer, contact=f"{customer}@home.example", iam_user=iam_user
    )


async def adopt(database: Database, *adoptions: Adoption) -> None:
    """Register domains, without looking at what came before."""
    async with database.write() as connection:
        for one in adoptions:
            await register.adopt(connection, one, now=START, actor="operator")


async def keep(database: Database, *readings: Reading) -> tuple[Recorded, Touched]:
    """Record readings in one batch."""
    async with database.write() as connection:
        owners = await register.snapshot(connection)
        return await record(connection, readings, owners, no_feedback=NO_FEEDBACK)


async def keep_one_by_one(database: Database, readings: Sequence[Reading]) -> None:
    """Record each reading in a batch of its own."""
    for one in readings:
        await keep(database, one)


async def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table, sorted, without what tells of the first arrival."""
    columns = [column for column in table.c if column.name not in FIRST_ARRIVAL]
    keys = list(table.primary_key.columns)
    async with database.read() as connection:
        found = await connection.execute(select(*columns).order_by(*keys))
        return [dict(row) for row in found.mappings()]


async def contents(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Return all that follows from readings."""
    return {
        table.name: await rows(database, table) for table in (events, event_recipients, *DERIVED)
    }
