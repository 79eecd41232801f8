"""Pages of events and of what could not be read, the newest first."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, not_, select

from sesauditd.model.events import Flag
from sesauditd.report.figures import Quarantined, Reached, StoredEvent
from sesauditd.store.statements import chunks
from sesauditd.store.tables import archive_objects, domains, event_recipients, events, quarantine

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

BODY_SHOWN = 80
"""Characters of an unreadable notification."""
LONGEST_CHARACTER = 4
"""Bytes of one character in UTF-8."""


async def events_page(
    connection: AsyncConnection,
    *,
    limit: int,
    domain: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    unattributed: bool = False,
) -> tuple[StoredEvent, ...]:
    """Return at most so many of the newest events that fit, with all their recipients.

    Events are found through their index by domain and time, one domain after the other: no
    more are read of each than the page can hold, unless a kind is asked for.
    """
    if unattributed:
        places: list[ColumnElement[bool]] = [_nobodys()]
    elif domain is not None:
        places = [events.c.domain == domain]
    else:
        names = await connection.execute(select(domains.c.name).order_by(domains.c.name))
        places = [events.c.domain.is_(None), *(events.c.domain == one for one in names.scalars())]
    pages = [await _page(connection, place, limit, kind, since) for place in places]
    newest = heapq.nlargest(limit, (one for page in pages for one in page), key=_by_time)
    return await _with_recipients(connection, newest)


async def newest_event_at(connection: AsyncConnection) -> datetime | None:
    """Return the time of the newest event, None while there is none."""
    of_domain = (
        select(func.max(events.c.at))
        .where(events.c.domain == domains.c.name)
        .correlate(domains)
        .scalar_subquery()
    )
    owned = (await connection.execute(select(of_domain).select_from(domains))).scalars()
    nobodys = await connection.scalar(
        select(func.max(events.c.at)).where(events.c.domain.is_(None))
    )
    return max((one for one in [*owned, nobodys] if one is not None), default=None)


async def unattributed_count(connection: AsyncConnection) -> int:
    """Return how many events belong to no registered domain; the daemon's own notices do not."""
    query = select(func.count()).select_from(events).where(_nobodys())
    return int(await connection.scalar(query) or 0)


async def quarantined_count(connection: AsyncConnection) -> int:
    """Return how many notifications could not be read."""
    return int(await connection.scalar(select(func.count()).select_from(quarantine)) or 0)


async def quarantined_page(
    connection: AsyncConnection, *, limit: int, since: datetime | None = None
) -> tuple[Quarantined, ...]:
    """Return at most so many of the newest notifications that could not be read."""
    beginning = func.substr(quarantine.c.body, 1, BODY_SHOWN * LONGEST_CHARACTER)
    query = (
        select(
            quarantine.c.received_at,
            quarantine.c.reason,
            quarantine.c.line,
            quarantine.c.sha256,
            beginning.label("beginning"),
            archive_objects.c.source,
        )
        .join(archive_objects, archive_objects.c.id == quarantine.c.archive_object)
        .order_by(
            quarantine.c.received_at.desc(),
            archive_objects.c.source,
            quarantine.c.line,
            quarantine.c.sha256,
        )
        .limit(limit)
    )
    if since is not None:
        query = query.where(quarantine.c.received_at >= since)
    return tuple(
        Quarantined(
            received_at=row.received_at,
            reason=row.reason,
            source=row.source,
            line=row.line,
            sha256=row.sha256,
            body=bytes(row.beginning or b"").decode("utf-8", errors="replace")[:BODY_SHOWN],
        )
        for row in await connection.execute(query)
    )


def _nobodys() -> ColumnElement[bool]:
    own = events.c.flags.contains(str(Flag.OWN_NOTICE), autoescape=True)
    return and_(events.c.domain.is_(None), not_(own))


def _by_time(event: StoredEvent) -> tuple[datetime, bytes]:
    return event.at, event.key


async def _page(
    connection: AsyncConnection,
    place: ColumnElement[bool],
    limit: int,
    kind: str | None,
    since: datetime | None,
) -> list[StoredEvent]:
    query = (
        select(events, domains.c.customer, archive_objects.c.source.label("archive"))
        .join(archive_objects, archive_objects.c.id == events.c.archive_object)
        .join(domains, domains.c.name == events.c.domain, isouter=True)
        .where(place)
        .order_by(events.c.at.desc(), events.c.key.desc())
        .limit(limit)
    )
    if kind is not None:
        query = query.where(events.c.kind == kind)
    if since is not None:
        query = query.where(events.c.at >= since)
    return [_event(row) for row in await connection.execute(query)]


async def _with_recipients(
    connection: AsyncConnection, found: list[StoredEvent]
) -> tuple[StoredEvent, ...]:
    reached: dict[bytes, list[Reached]] = defaultdict(list)
    for part in chunks([one.key for one in found]):
        rows = await connection.execute(
            select(event_recipients)
            .where(event_recipients.c.event.in_(part))
            .order_by(event_recipients.c.event, event_recipients.c.recipient)
        )
        for row in rows:
            reached[row.event].append(
                Reached(
                    recipient=row.recipient,
                    outcome=row.outcome,
                    status=row.status,
                    diagnostic=row.diagnostic,
                )
            )
    return tuple(replace(one, recipients=tuple(reached[one.key])) for one in found)


def _event(row: Row[Any]) -> StoredEvent:
    return StoredEvent(
        key=row.key,
        at=row.at,
        received_at=row.received_at,
        kind=row.kind,
        type=row.type,
        subtype=row.subtype,
        detail=row.detail,
        message_id=row.message_id,
        domain=row.domain,
        customer=row.customer,
        source=row.source,
        identity=row.identity,
        caller=row.caller,
        flags=tuple(row.flags.split()),
        archive=row.archive,
        line=row.line,
        sha256=row.sha256,
    )
