"""How the daemon is, for the morning's screen."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from sesauditd.report.pages import Daemon, Trouble
from sesauditd.store import leases, reputation, watch
from sesauditd.store.tables import notices, observations

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

ALARMS = "alarm:"
UNSENT = ("failed", "unknown", "undeliverable")


async def daemon(connection: AsyncConnection, now: datetime) -> Daemon:
    """Return how the daemon is; `now` by the machine's clock, as its heartbeat is."""
    unsent = select(func.count()).select_from(notices).where(notices.c.state.in_(UNSENT))
    return Daemon(
        alive=await leases.alive(connection, leases.DAEMON, now),
        last_message_at=await watch.last_message(connection),
        account=await watch.recall(connection, "account"),
        troubles=await _troubles(connection),
        unsent=int(await connection.scalar(unsent) or 0),
        reputation=next(iter(await reputation.newest(connection, 1)), None),
        intake=await watch.recall(connection, "intake"),
        canary=await watch.recall(connection, "canary"),
    )


async def _troubles(connection: AsyncConnection) -> tuple[Trouble, ...]:
    rows = await connection.execute(
        select(observations)
        .where(observations.c.name.startswith(ALARMS, autoescape=True))
        .order_by(observations.c.name)
    )
    return tuple(
        Trouble(
            name=row.name.removeprefix(ALARMS),
            summary=str(row.facts.get("summary", "")),
            since=str(row.facts.get("at", "")),
        )
        for row in rows
        if row.facts.get("state") is not None
    )
