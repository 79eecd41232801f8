"""Hourly roll-ups: how many recipients had which outcome, and a sketch of who they were."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, and_, delete, select, type_coerce

from sesauditd.model.addresses import domain_of
from sesauditd.model.calendar import hour_of, hour_start
from sesauditd.model.events import Outcome
from sesauditd.model.statistics import merged, sketch
from sesauditd.store.retention import kept_since
from sesauditd.store.statements import among, insert_rows
from sesauditd.store.tables import domains, event_recipients, events, rollups

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.entries import Entry

HOURS_A_DAY = 24
MICROSECONDS_AN_HOUR = 3_600_000_000

Key = tuple[str, int, str, bool]
"""Domain, hour, outcome, whether the provider reports complaints."""
KEY = ("domain", "hour", "outcome", "feeds_back")


class Seen(NamedTuple):
    """One recipient of one event, as the roll-ups count it; they sort by event and recipient."""

    event: bytes
    recipient: str
    domain: str
    hour: int
    outcome: str
    counted_as: str


@dataclass(slots=True)
class Group:
    """Those who had one outcome in one hour."""

    recipients: list[str] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """What one roll-up says."""

    count: int
    sketch: bytes


async def add(
    connection: AsyncConnection, entries: Sequence[Entry], *, no_feedback: frozenset[str]
) -> None:
    """Add new entries to the roll-ups of their hours."""
    seen = [
        Seen(
            event=entry.key,
            domain=str(entry.domain),
            hour=hour_of(entry.at),
            recipient=one.recipient,
            outcome=str(one.outcome),
            counted_as=one.counted_as,
        )
        for entry in entries
        for one in entry.suffered
        if one.outcome is not Outcome.NOTICE
    ]
    found = _grouped(seen, no_feedback)
    hours = {(domain, hour) for domain, hour, _, _ in found}
    known = await _stored(connection, among(connection, (rollups.c.domain, rollups.c.hour), hours))
    cells = {key: _cell(group, known.get(key)) for key, group in found.items()}
    await _store(connection, cells)


async def recount(
    connection: AsyncConnection,
    moments: Iterable[tuple[str, datetime]],
    *,
    no_feedback: frozenset[str],
) -> int:
    """Make the roll-ups of these domains' hours anew from the events; return how many differed.

    Hours of before the horizon stay as they are: their events may be forgotten.
    """
    wrong = 0
    since = await kept_since(connection)
    hours = {(domain, hour_of(at)) for domain, at in moments if at >= since}
    for domain, first, last in _runs(hours):
        right = await counted(connection, domain, first, last, no_feedback)
        of_run = (rollups.c.domain == domain) & rollups.c.hour.between(first, last)
        known = await _stored(connection, of_run)
        groundless = [key for key in known if key not in right]
        for key in groundless:
            of_key = and_(*(rollups.c[name] == part for name, part in zip(KEY, key, strict=True)))
            await connection.execute(delete(rollups).where(of_key))
        changed = {key: cell for key, cell in right.items() if known.get(key) != cell}
        await _store(connection, changed)
        wrong += len(groundless) + len(changed)
    return wrong


async def close_day(
    connection: AsyncConnection, day: datetime, *, no_feedback: frozenset[str]
) -> dict[str, object]:
    """Compare one UTC day's roll-ups with its events, mend what differs, and say how much."""
    first = hour_of(day.replace(hour=0, minute=0, second=0, microsecond=0))
    last = first + HOURS_A_DAY - 1
    hour = type_coerce(events.c.at, BigInteger) // MICROSECONDS_AN_HOUR
    seen = await connection.execute(
        # Named one by one, the domains lead into the index; a day alone would not.
        select(events.c.domain, hour.label("hour"))
        .where(
            events.c.domain.in_(select(domains.c.name)),
            events.c.at >= hour_start(first),
            events.c.at < hour_start(last + 1),
        )
        .distinct()
    )
    moments = {(row.domain, hour_start(row.hour)) for row in seen}
    of_day = rollups.c.domain.in_(select(domains.c.name)) & rollups.c.hour.between(first, last)
    counted = await connection.execute(select(rollups.c.domain, rollups.c.hour).where(of_day))
    moments |= {(row.domain, hour_start(row.hour)) for row in counted}
    mended = await recount(connection, moments, no_feedback=no_feedback)
    rows = (await connection.execute(select(rollups.c.hour).where(of_day))).all()
    found = {"day": f"{hour_start(first):%Y-%m-%d}", "rows": len(rows), "mended": mended}
    gone = hour_start(first) < await kept_since(connection)
    return {**found, "events_forgotten": True} if gone else found


def _runs(hours: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, int]]:
    """Yield each domain's unbroken runs of hours: domain, first, last."""
    run: tuple[str, int, int] | None = None
    for domain, hour in sorted(hours):
        if run is not None and run[0] == domain and hour == run[2] + 1:
            run = (domain, run[1], hour)
            continue
        if run is not None:
            yield run
        run = (domain, hour, hour)
    if run is not None:
        yield run


def _grouped(seen: Iterable[Seen], no_feedback: frozenset[str]) -> dict[Key, Group]:
    found: dict[Key, Group] = defaultdict(Group)
    complained: set[tuple[bytes, str]] = set()
    for one in sorted(seen):
        feeds_back = domain_of(one.recipient) not in no_feedback
        group = found[one.domain, one.hour, one.outcome, feeds_back]
        group.recipients.append(one.recipient)
        if one.outcome == Outcome.COMPLAINT:
            # Of those whom an ambiguous complaint names, one complained.
            if (one.event, one.counted_as) in complained:
                continue
            complained.add((one.event, one.counted_as))
        group.count += 1
    return found


def _cell(group: Group, known: Cell | None = None) -> Cell:
    added = sketch(group.recipients)
    if known is None:
        return Cell(group.count, added)
    return Cell(known.count + group.count, merged([known.sketch, added]))


async def counted(
    connection: AsyncConnection, domain: str, first: int, last: int, no_feedback: frozenset[str]
) -> dict[Key, Cell]:
    """Return a domain's roll-ups of these hours as its events say, whatever is stored."""
    rows = await connection.execute(
        select(events.c.at, event_recipients)
        .join(event_recipients, event_recipients.c.event == events.c.key)
        .where(
            events.c.domain == domain,
            events.c.at >= hour_start(first),
            events.c.at < hour_start(last + 1),
            event_recipients.c.outcome != str(Outcome.NOTICE),
        )
    )
    seen = [
        Seen(
            event=row.event,
            domain=domain,
            hour=hour_of(row.at),
            recipient=row.recipient,
            outcome=row.outcome,
            counted_as=row.counted_as or row.recipient,
        )
        for row in rows
    ]
    return {key: _cell(group) for key, group in _grouped(seen, no_feedback).items()}


async def _stored(connection: AsyncConnection, scope: ColumnElement[bool]) -> dict[Key, Cell]:
    rows = await connection.execute(
        select(rollups, rollups.c["count"].label("recipients")).where(scope)
    )
    return {
        (row.domain, row.hour, row.outcome, row.feeds_back): Cell(row.recipients, row.sketch)
        for row in rows
    }


async def _store(connection: AsyncConnection, cells: Mapping[Key, Cell]) -> None:
    await insert_rows(
        connection,
        rollups,
        [
            dict(zip(KEY, key, strict=True)) | {"count": cell.count, "sketch": cell.sketch}
            for key, cell in sorted(cells.items())
        ],
        replacing=("count", "sketch"),
    )
