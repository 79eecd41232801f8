"""What was done: verdicts that stand, weeks that were judged, and what was taken back."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sesauditd.model.calendar import Week
from sesauditd.model.limits import Lane
from sesauditd.model.verdicts import Does, Rule
from sesauditd.model.whatif import Hit
from sesauditd.store.tables import ENFORCEMENT, actions, periods, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

COLUMNS = (
    "key",
    "rule",
    "lane",
    "does",
    "customer",
    "domain",
    "recipient",
    "incident",
    "window_end",
    "until",
    "reason",
    "policy",
)


async def hits(
    connection: AsyncConnection, start: datetime, end: datetime
) -> Mapping[str, Sequence[Hit]]:
    """Return the standing verdicts whose windows ended in the span, by customer."""
    columns = [*(verdicts.c[name] for name in COLUMNS), actions.c.state]
    rows = await connection.execute(
        select(*columns)
        .select_from(verdicts)
        .join(actions, actions.c.id == verdicts.c.action, isouter=True)
        .where(
            verdicts.c.withdrawn_at.is_(None),
            verdicts.c.window_end >= start,
            verdicts.c.window_end <= end,
        )
    )
    found: dict[str, list[Hit]] = defaultdict(list)
    for row in rows:
        found[row.customer].append(_hit(row))
    return found


async def withdrawn(connection: AsyncConnection, start: datetime, end: datetime) -> int:
    """Return how many verdicts of the span were withdrawn after late events."""
    count = await connection.scalar(
        select(func.count()).where(
            verdicts.c.withdrawn_at.is_not(None),
            verdicts.c.window_end >= start,
            verdicts.c.window_end <= end,
        )
    )
    return int(count or 0)


async def judged_weeks(connection: AsyncConnection) -> frozenset[Week]:
    """Return the weeks that the weekly run has judged."""
    rows = await connection.execute(select(periods.c.starts_at).where(periods.c.job == ENFORCEMENT))
    return frozenset(Week(at) for at in rows.scalars())


def _hit(row: Row[Any]) -> Hit:
    return Hit(
        key=row.key,
        rule=Rule(row.rule),
        lane=Lane(row.lane),
        does=Does(row.does),
        customer=row.customer,
        domain=row.domain,
        recipient=row.recipient,
        incident=row.incident,
        at=row.window_end,
        until=row.until,
        reason=row.reason,
        state=row.state,
        policy=row.policy,
    )
