"""Rows as they should be by what the archive says, compared with what is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sesauditd.model.events import Flag, Outcome
from sesauditd.store.entries import sent_at
from sesauditd.store.events import recipient_row
from sesauditd.store.retention import kept_since
from sesauditd.store.statements import chunks
from sesauditd.store.tables import archive_objects, event_recipients, events, quarantine
from sesauditd.store.tables import journal as journal_rows

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Event, Reading
    from sesauditd.model.register import Register
    from sesauditd.store.journal_copies import Entry

MOST_NAMED = 20
TOLD_LATER = frozenset({str(Outcome.SOFT_BOUNCE), str(Outcome.AUTO_REPLY)})
"""Which of the two it was, another message decides."""


async def rows_of_objects(connection: AsyncConnection) -> dict[str, int]:
    """Return how many events and quarantined messages name each object as their origin."""
    found: dict[str, int] = defaultdict(int)
    for table in (events, quarantine):
        rows = await connection.execute(
            select(archive_objects.c.source, func.count().label("number"))
            .join(table, table.c.archive_object == archive_objects.c.id)
            .group_by(archive_objects.c.source)
        )
        for row in rows:
            found[row.source] += row.number
    return dict(found)


async def compared(
    connection: AsyncConnection, source: str, readings: Sequence[Reading], register: Register
) -> tuple[int, list[str]]:
    """Compare one object's readings with the store.

    Returns how many rows have their origin there, and a sentence for each that differs or lacks;
    what is older than the horizon may lack.
    """
    rows = await _events(connection, readings)
    told = await _recipients(connection, rows)
    kept = await _quarantined(connection, readings)
    since = await kept_since(connection)
    found: list[str] = []
    own = 0
    for one in readings:
        waits = kept.get(one.origin.sha256)
        own += _is_of(waits, source, one)
        if one.unreadable is not None:
            found += _unlike_kept(waits, source, one)
        elif one.event is not None:
            row = rows.get(one.event.feedback.key)
            own += _is_of(row, source, one)
            if row is None and waits is None and one.event.at >= since:
                found.append(f"events: {_place(source, one)} is missing in the store")
            elif row is not None and _is_of(row, source, one):
                unlike = sorted(_unlike(row, told[row.key], one, one.event, register))
                found += _said(row, unlike, _place(source, one))
    return own, found


def _is_of(row: Row[Any] | None, source: str, reading: Reading) -> bool:
    """Say whether a row has its origin in this very line."""
    return row is not None and (row.source_object, row.line) == (source, reading.origin.line)


def _place(source: str, reading: Reading) -> str:
    return f"line {reading.origin.line} of {source}"


def _said(row: Row[Any], unlike: Sequence[str], place: str) -> list[str]:
    if not unlike:
        return []
    return [f"events: row {row.key.hex()} changed ({', '.join(unlike)}): see {place}"]


def _unlike_kept(row: Row[Any] | None, source: str, reading: Reading) -> list[str]:
    place = _place(source, reading)
    if row is None:
        return [f"quarantine: {place} could not be read and is missing"]
    if row.body != reading.body:
        return [f"quarantine: row {row.sha256.hex()} changed: {place} has its body"]
    return []


async def strangers(
    connection: AsyncConnection, source: str, readings: Sequence[Reading]
) -> list[str]:
    """Return a sentence for each event that names a line which does not tell of it."""
    said = {one.origin.line: one.event.feedback.key for one in readings if one.event is not None}
    rows = await connection.execute(
        select(events.c.key, events.c.line)
        .join(archive_objects, archive_objects.c.id == events.c.archive_object)
        .where(archive_objects.c.source == source)
        .order_by(events.c.line)
    )
    return [
        f"events: row {row.key.hex()} says that it is of line {row.line} of {source}, and is not"
        for row in rows
        if said.get(row.line) != row.key
    ][:MOST_NAMED]


async def journals_apart(connection: AsyncConnection, entries: Sequence[Entry]) -> list[str]:
    """Return where the stored journal is not what was copied to the archive."""
    rows = await connection.execute(select(journal_rows.c.sequence, journal_rows.c.hash))
    stored = {row.sequence: row.hash for row in rows}
    found = [
        f"journal: row {one.sequence} is not the one that was copied to the archive"
        if one.sequence in stored
        else f"journal: row {one.sequence} is in the archive and not in the store"
        for one in entries
        if stored.get(one.sequence) != one.hash
    ]
    more = len(found) - MOST_NAMED
    return [*found[:MOST_NAMED], *([f"journal: and {more} rows more"] if more > 0 else [])]


async def _events(
    connection: AsyncConnection, readings: Sequence[Reading]
) -> dict[bytes, Row[Any]]:
    keys = [one.event.feedback.key for one in readings if one.event is not None]
    query = select(events, archive_objects.c.source.label("source_object")).join(
        archive_objects, archive_objects.c.id == events.c.archive_object
    )
    return {
        row.key: row
        for part in chunks(keys)
        for row in await connection.execute(query.where(events.c.key.in_(part)))
    }


async def _recipients(
    connection: AsyncConnection, rows: Mapping[bytes, Row[Any]]
) -> dict[bytes, dict[str, dict[str, Any]]]:
    found: dict[bytes, dict[str, dict[str, Any]]] = defaultdict(dict)
    for part in chunks(list(rows)):
        told = await connection.execute(
            select(event_recipients).where(event_recipients.c.event.in_(part))
        )
        for row in told.mappings():
            found[row["event"]][row["recipient"]] = _plain({**row})
    return found


async def _quarantined(
    connection: AsyncConnection, readings: Sequence[Reading]
) -> dict[bytes, Row[Any]]:
    query = select(quarantine, archive_objects.c.source.label("source_object")).join(
        archive_objects, archive_objects.c.id == quarantine.c.archive_object
    )
    return {
        row.sha256: row
        for part in chunks([one.origin.sha256 for one in readings])
        for row in await connection.execute(query.where(quarantine.c.sha256.in_(part)))
    }


def _unlike(
    row: Row[Any],
    told: Mapping[str, Mapping[str, Any]],
    reading: Reading,
    event: Event,
    register: Register,
) -> Iterator[str]:
    """Yield the columns that are not what the archived line leads to."""
    feedback = event.feedback
    own = Flag.OWN_NOTICE in event.flags
    whose = None if own else register.attribute(feedback, sent_at(row.key, event.at))
    wanted: dict[str, object] = {
        "sha256": reading.origin.sha256,
        "kind": feedback.kind,
        "message_id": feedback.message_id,
        "at": event.at,
        "received_at": reading.received_at,
        "domain": whose.domain if whose else None,
        "source": feedback.source,
        "identity": feedback.identity,
        "caller": feedback.caller,
        "configuration_set": feedback.configuration_set,
        "type": feedback.type,
        "subtype": feedback.subtype,
        "detail": feedback.complaint_type or feedback.reason,
    }
    for name, value in wanted.items():
        if getattr(row, name) != value:
            yield name
    suffered = {one.recipient: _plain(recipient_row(row.key, one)) for one in event.suffered}
    if suffered != told:
        yield "recipients"


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    outcome = str(row["outcome"])
    settled = str(Outcome.SOFT_BOUNCE) if outcome in TOLD_LATER else outcome
    return {**row, "outcome": settled}
