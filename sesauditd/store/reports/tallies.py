"""Counts that metrics are made of; each asks for as few rows as it can."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from sesauditd.model.actions import State
from sesauditd.model.calendar import hour_of
from sesauditd.report.figures import EXECUTED, STORED, WITHDRAWN
from sesauditd.store.tables import actions, blocks, domains, notices, rollups, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

RECENT_HOURS = 26
"""Hours of the roll-ups that may still grow; what comes even later is counted the next day."""

Pairs = dict[tuple[str, ...], float]


@dataclass(slots=True)
class Outcomes:
    """Sums of the roll-ups that only grow: the past is added up once a day, its end each time."""

    _past: Counter[str] = field(default_factory=Counter, init=False)
    _until: int | None = field(default=None, init=False)
    _told: Counter[str] = field(default_factory=Counter, init=False)

    async def add_up(self, connection: AsyncConnection, now: datetime) -> None:
        """Add up the past if that was not done for a day: every roll-up is read."""
        hour = hour_of(now)
        if self._until is not None and 0 <= hour - self._until <= 2 * RECENT_HOURS:
            return
        until = hour - RECENT_HOURS
        query = (
            select(rollups.c.outcome, func.sum(rollups.c["count"]).label("number"))
            .where(rollups.c.hour < until)
            .group_by(rollups.c.outcome)
        )
        self._past, self._until = _counted(await connection.execute(query)), until

    async def sums(self, connection: AsyncConnection, now: datetime) -> Mapping[str, int]:
        """Return how many recipients had each outcome, never fewer than were told before."""
        if self._until is None or self._until > hour_of(now):
            await self.add_up(connection, now)
        # By domain, the hours are found in the key.
        query = (
            select(rollups.c.outcome, func.sum(rollups.c["count"]).label("number"))
            .where(
                rollups.c.domain.in_(select(domains.c.name)),
                rollups.c.hour >= self._until,
            )
            .group_by(rollups.c.outcome)
        )
        self._told |= self._past + _counted(await connection.execute(query))
        return dict(self._told)


async def verdicts_by_state(connection: AsyncConnection) -> Pairs:
    """Return how many verdicts each rule has in each state."""
    withdrawn = verdicts.c.withdrawn_at.is_not(None)
    query = (
        select(
            verdicts.c.rule,
            withdrawn.label("withdrawn"),
            verdicts.c.mode,
            actions.c.state,
            func.count().label("number"),
        )
        .join(actions, actions.c.id == verdicts.c.action, isouter=True)
        .group_by(verdicts.c.rule, withdrawn, verdicts.c.mode, actions.c.state)
    )
    sums: Pairs = {}
    for row in await connection.execute(query):
        key = (row.rule, _state(row.state, row.mode, withdrawn=bool(row.withdrawn)))
        sums[key] = sums.get(key, 0) + int(row.number)
    return sums


async def actions_by_kind(connection: AsyncConnection) -> tuple[Pairs, int]:
    """Return how many actions of each kind are in each state, and all attempts at them."""
    query = select(
        actions.c.kind,
        actions.c.state,
        func.count().label("number"),
        func.sum(actions.c.attempts).label("attempts"),
    ).group_by(actions.c.kind, actions.c.state)
    rows = (await connection.execute(query)).fetchall()
    sums: Pairs = {(row.kind, row.state): int(row.number) for row in rows}
    return sums, sum(int(row.attempts) for row in rows)


async def notices_by_state(connection: AsyncConnection) -> Mapping[str, int]:
    """Return how many notices are in each state."""
    query = select(notices.c.state, func.count().label("number")).group_by(notices.c.state)
    return {str(row.state): int(row.number) for row in await connection.execute(query)}


async def active_blocks(connection: AsyncConnection, now: datetime) -> int:
    """Return how many blocks hold."""
    query = (
        select(func.count())
        .select_from(blocks)
        .where(blocks.c.lifted_at.is_(None), or_(blocks.c.until.is_(None), blocks.c.until > now))
    )
    return int(await connection.scalar(query) or 0)


def _counted(rows: Iterable[Row[Any]]) -> Counter[str]:
    return Counter({str(row.outcome): int(row.number) for row in rows})


def _state(action: str | None, mode: str, *, withdrawn: bool) -> str:
    """Return a verdict's state, in the words of `StoredVerdict.state`."""
    if withdrawn:
        return WITHDRAWN
    if action is None:
        return "shadow" if mode == "shadow" else STORED
    return EXECUTED if action == State.DONE else action
