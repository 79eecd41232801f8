"""Hourly roll-ups: how many recipients had which outcome, and a sketch of who they were."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, tuple_

from sesauditd.model.addresses import domain_of
from sesauditd.model.calendar import hour_of, hour_start
from sesauditd.model.events import Outcome
from sesauditd.model.statistics import merged, sketch
from sesauditd.store.statements import chunks, upsert
from sesauditd.store.tables import event_recipients, events, rollups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.derived import Entry

HOURS_A_DAY = 24

Key = tuple[str, int, str, bool]
"""Domain, hour, outcome, whether the provider reports complaints."""


async def add(
    connection: AsyncConnection, entries: Sequence[Entry], *, no_feedback: frozenset[str]
) -> None:
    """Add new entries to the roll-ups of their hours."""
    found: dict[Key, list[str]] = defaultdict(list)
    for entry in entries:
        hour = hour_of(entry.at)
        for one in entry.suffered:
            if one.outcome is not Outcome.NOTICE:
                feeds_back = domain_of(one.recipient) not in no_feedback
                key = (str(entry.domain), hour, str(one.outcome), feeds_back)
                found[key].append(one.recipient)
    await _store(connection, found, await _stored(connection, found))


async def recount(
    connection: AsyncConnection,
    moments: Sequence[tuple[str, datetime]],
    *,
    no_feedback: frozenset[str],
) -> None:
    """Make the roll-ups of these domains' hours anew from the stored events."""
    for domain, hour in sorted({(domain, hour_of(at)) for domain, at in moments}):
        rows = await connection.execute(
            select(event_recipients.c.recipient, event_recipients.c.outcome)
            .join(events, events.c.key == event_recipients.c.event)
            .where(
                events.c.domain == domain,
                events.c.at >= hour_start(hour),
                events.c.at < hour_start(hour + 1),
            )
        )
        found: dict[Key, list[str]] = defaultdict(list)
        for row in rows:
            feeds_back = domain_of(row.recipient) not in no_feedback
            found[domain, hour, row.outcome, feeds_back].append(row.recipient)
        await connection.execute(
            delete(rollups).where(rollups.c.domain == domain, rollups.c.hour == hour)
        )
        await _store(connection, found, {})


async def _stored(
    connection: AsyncConnection, found: Mapping[Key, list[str]]
) -> dict[Key, tuple[int, bytes]]:
    hours = sorted({(domain, hour) for domain, hour, _, _ in found})
    known: dict[Key, tuple[int, bytes]] = {}
    for part in chunks(hours):
        rows = await connection.execute(
            select(rollups, rollups.c["count"].label("recipients")).where(
                tuple_(rollups.c.domain, rollups.c.hour).in_(part)
            )
        )
        for row in rows:
            key = (row.domain, row.hour, row.outcome, row.feeds_back)
            known[key] = (row.recipients, row.sketch)
    return known


async def _store(
    connection: AsyncConnection,
    found: Mapping[Key, list[str]],
    known: Mapping[Key, tuple[int, bytes]],
) -> None:
    rows: list[dict[str, Any]] = []
    for key, recipients in sorted(found.items()):
        domain, hour, outcome, feeds_back = key
        count, before = known.get(key, (0, None))
        added = sketch(recipients)
        rows.append(
            {
                "domain": domain,
                "hour": hour,
                "outcome": outcome,
                "feeds_back": feeds_back,
                "count": count + len(recipients),
                "sketch": added if before is None else merged([before, added]),
            }
        )
    if not rows:
        return
    statement = upsert(connection, rollups)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["domain", "hour", "outcome", "feeds_back"],
            set_={
                "count": statement.excluded["count"],
                "sketch": statement.excluded["sketch"],
            },
        ),
        rows,
    )


async def close_day(
    connection: AsyncConnection, day: datetime, *, no_feedback: frozenset[str]
) -> dict[str, object]:
    """Compare one UTC day's roll-ups with its events, mend what differs, and say how much."""
    first = hour_of(day.replace(hour=0, minute=0, second=0, microsecond=0))
    of_day = rollups.c.hour.between(first, first + HOURS_A_DAY - 1)
    before = {tuple(row) for row in await connection.execute(select(rollups).where(of_day))}
    rows = await connection.execute(
        select(events.c.domain, events.c.at).where(
            events.c.domain.is_not(None),
            events.c.at >= hour_start(first),
            events.c.at < hour_start(first + HOURS_A_DAY),
        )
    )
    moments = {(row.domain, hour_start(hour_of(row.at))) for row in rows}
    moments |= {(row[0], hour_start(row[1])) for row in before}
    await recount(connection, sorted(moments), no_feedback=no_feedback)
    after = {tuple(row) for row in await connection.execute(select(rollups).where(of_day))}
    return {
        "day": f"{hour_start(first):%Y-%m-%d}",
        "rows": len(after),
        "mended": len(before ^ after),
    }
