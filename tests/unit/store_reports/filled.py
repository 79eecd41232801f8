"""Puts rows straight into the tables, as few words as a test needs."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from sesauditd.model.calendar import hour_of
from sesauditd.model.statistics import sketch
from sesauditd.store import tables

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.engine import Database

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
WEEK = datetime(2026, 11, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)

_ordinals = itertools.count(1)

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filling:
    """One writing transaction."""

    connection: AsyncConnection

    async def put(self, table: Table, **values: object) -> Row:
        """Insert one row as it stands."""
        await self.connection.execute(table.insert().values(**values))
        return values

    async def domain(self, name: str, customer: str = "k", since: datetime | None = None) -> None:
        """Register a domain, and its customer where there is none of that name."""
        known = await self.connection.execute(tables.customers.select())
        if customer not in {row.id for row in known}:
            await self.put(tables.customers, id=customer, since=since, registered_at=NOW)
        await self.put(
            tables.domains,
            name=name,
            customer=customer,
            contact=f"owner@{customer}.example",
            registered_at=NOW,
        )

    async def source(self, name: str = "feedback.jsonl", number: int = 1) -> None:
        """Name an archive object that events may stand in."""
        await self.put(tables.archive_objects, id=number, source=name)

    async def event(
        self,
        domain: str | None,
        at: datetime = WEEK,
        kind: str = "Send",
        *recipients: str,
        flags: str = "",
        outcome: str = "sent",
    ) -> bytes:
        """Insert an event of new key, with its recipients."""
        number = next(_ordinals)
        key = int(at.timestamp()).to_bytes(8, "big") + number.to_bytes(8, "big")
        await self.put(
            tables.events,
            key=key,
            kind=kind,
            message_id=f"m{number}",
            at=at,
            received_at=at,
            domain=domain,
            source=f"shop@{domain or 'nobody.example'}",
            identity=domain or "",
            flags=flags,
            archive_object=1,
            line=number,
            sha256=hashlib.sha256(key).digest(),
        )
        for one in recipients:
            await self.put(
                tables.event_recipients, event=key, recipient=one, outcome=outcome, blockable=True
            )
        return key

    async def strike(
        self, domain: str, recipient: str, at: datetime = WEEK, customer: str = "k", **more: object
    ) -> None:
        """Insert a hard bounce, its event and its roll-up."""
        key = await self.event(domain, at, "Bounce", recipient, outcome="hard_bounce")
        facts: Row = {
            "outcome": "hard_bounce",
            "message_id": f"m{key.hex()}",
            "status": "5.1.1",
            "spelling": recipient,
            "blockable": True,
            "counted_as": recipient,
        }
        await self.put(
            tables.strikes,
            event=key,
            recipient=recipient,
            customer=customer,
            domain=domain,
            at=at,
            **(facts | more),
        )

    async def rollup(
        self,
        domain: str,
        recipients: int,
        at: datetime = WEEK,
        outcome: str = "sent",
        *,
        feeds_back: bool = True,
    ) -> None:
        """Insert the roll-up of so many different recipients."""
        await self.put(
            tables.rollups,
            domain=domain,
            hour=hour_of(at),
            outcome=outcome,
            feeds_back=feeds_back,
            count=recipients,
            sketch=sketch(f"r{one}@{domain}" for one in range(recipients)),
        )

    async def action(
        self, kind: str = "disable_domain", state: str = "done", **more: object
    ) -> str:
        """Insert an action; return its id."""
        facts: Row = {
            "id": f"{next(_ordinals):012x}",
            "customer": "k",
            "domain": "a.example",
            "actor": "operator",
            "reason": "because",
            "evidence_at": WEEK,
            "approved": False,
            "requested_at": WEEK,
            "changed_at": WEEK,
            "attempts": 0,
        }
        row = await self.put(tables.actions, kind=kind, state=state, **(facts | more))
        return str(row["id"])

    async def block(self, recipient: str, state: str = "done", **more: object) -> None:
        """Insert a block and the action behind it."""
        name = await self.action("block_recipient", state, recipient=recipient)
        facts: Row = {
            "customer": "k",
            "spelling": recipient,
            "domain": "a.example",
            "rule": "hard_bounce.block",
            "lever": "account_list",
            "since": WEEK,
        }
        await self.put(tables.blocks, action=name, recipient=recipient, **(facts | more))

    async def verdict(self, end: datetime = NOW, **more: object) -> None:
        """Insert a verdict."""
        facts: Row = {
            "key": f"{next(_ordinals):016x}",
            "rule": "hard_bounce.disable",
            "lane": "weekly",
            "does": "disable_domain",
            "customer": "k",
            "domain": "a.example",
            "incident": "2026-W47",
            "window_start": end - timedelta(days=7),
            "reason": "too many",
            "evidence": {"count": 20},
            "mode": "enforce",
            "policy": "0" * 12,
            "judged_at": NOW,
        }
        await self.put(tables.verdicts, window_end=end, **(facts | more))


@asynccontextmanager
async def filling(database: Database) -> AsyncIterator[Filling]:
    """Give a transaction to fill the database in."""
    async with database.write() as connection:
        yield Filling(connection)


Fill: TypeAlias = Callable[[Filling], Any]
