"""Records readings: each event once, whatever arrives twice, late or in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.events import Event, Flag, Suffered
from sesauditd.model.recorded import Recorded
from sesauditd.store import tenancies
from sesauditd.store.derived import derive
from sesauditd.store.entries import Entry, sent_at, written
from sesauditd.store.replies import answer, settled, stored_soft_bounces
from sesauditd.store.statements import chunks, insert_rows, upsert
from sesauditd.store.tables import archive_objects, event_recipients, events, quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Reading
    from sesauditd.model.register import Attribution, Register
    from sesauditd.model.touched import Touched
    from sesauditd.store.tenancies import Sightings


async def record(
    connection: AsyncConnection,
    readings: Sequence[Reading],
    register: Register,
    *,
    no_feedback: frozenset[str],
) -> tuple[Recorded, Touched]:
    """Record a batch inside the caller's writing transaction.

    Returns how many readings went where, and what must be judged anew. `no_feedback` names the
    mailbox providers that never report complaints. Repeating a reading changes nothing.
    """
    objects = await _archive_objects(connection, readings)
    await _keep_unreadable(connection, readings, objects)
    first: dict[bytes, tuple[Reading, Event]] = {}
    for reading in readings:
        if reading.event is not None:
            first.setdefault(reading.event.feedback.key, (reading, reading.event))
    known = await _known(connection, first)
    new = {key: pair for key, pair in first.items() if key not in known}
    soft = await stored_soft_bounces(connection, [event.suffered for _, event in new.values()])
    sightings = tenancies.Sightings(known=await tenancies.known(connection))
    entries = await _insert(connection, new, register, objects, sightings)
    await sightings.keep(connection)
    answered = await answer(connection, entries, soft)
    touched = await derive(connection, register, entries, soft, answered, no_feedback=no_feedback)
    seen = sum(reading.event is not None for reading in readings)
    counts = Recorded(
        recorded=len(new),
        duplicates=seen - len(new),
        quarantined=sum(reading.unreadable is not None for reading in readings),
        ignored=sum(reading.noise is not None for reading in readings),
    )
    return counts, touched


async def _archive_objects(
    connection: AsyncConnection, readings: Sequence[Reading]
) -> dict[str, int]:
    sources = sorted({reading.origin.source for reading in readings})
    if sources:
        await connection.execute(
            upsert(connection, archive_objects).on_conflict_do_nothing(),
            [{"source": source} for source in sources],
        )
    found: dict[str, int] = {}
    for part in chunks(sources):
        rows = await connection.execute(
            select(archive_objects).where(archive_objects.c.source.in_(part))
        )
        found |= {row.source: row.id for row in rows}
    return found


async def _keep_unreadable(
    connection: AsyncConnection, readings: Sequence[Reading], objects: Mapping[str, int]
) -> None:
    rows = [
        {
            "sha256": reading.origin.sha256,
            "received_at": reading.received_at,
            "reason": reading.unreadable,
            "body": reading.body,
            "archive_object": objects[reading.origin.source],
            "line": reading.origin.line,
        }
        for reading in readings
        if reading.unreadable is not None
    ]
    if rows:
        await connection.execute(upsert(connection, quarantine).on_conflict_do_nothing(), rows)


async def _known(connection: AsyncConnection, keys: Iterable[bytes]) -> set[bytes]:
    known: set[bytes] = set()
    for part in chunks(sorted(keys)):
        rows = await connection.execute(select(events.c.key).where(events.c.key.in_(part)))
        known |= set(rows.scalars())
    return known


async def _insert(
    connection: AsyncConnection,
    new: Mapping[bytes, tuple[Reading, Event]],
    register: Register,
    objects: Mapping[str, int],
    sightings: Sightings,
) -> list[Entry]:
    rows: list[dict[str, object]] = []
    entries: list[Entry] = []
    for key, (reading, event) in sorted(new.items()):
        own = Flag.OWN_NOTICE in event.flags
        # When the mail was sent matters only where domains went from one customer to another.
        at = sent_at(key, event.at) if register.terms else None
        found = None if own else register.attribute(event.feedback, at)
        told = sightings.told(event, found)
        rows.append(_event_row(key, reading, told, found, objects))
        entries.append(_entry(key, told, found))
    entries = await settled(connection, entries)
    await insert_rows(connection, events, rows)
    suffered = [recipient_row(entry.key, one) for entry in entries for one in entry.suffered]
    await insert_rows(connection, event_recipients, suffered)
    return entries


def _entry(key: bytes, event: Event, found: Attribution | None) -> Entry:
    return Entry(
        key=key,
        at=event.at,
        customer=found.customer if found else None,
        domain=found.domain if found else None,
        message_id=event.feedback.message_id,
        type=event.feedback.type,
        subtype=event.feedback.subtype,
        suffered=event.suffered,
    )


def _event_row(
    key: bytes,
    reading: Reading,
    event: Event,
    found: Attribution | None,
    objects: Mapping[str, int],
) -> dict[str, object]:
    feedback = event.feedback
    flags = set(event.flags)
    if found is None and Flag.OWN_NOTICE not in flags:
        flags.add(Flag.UNATTRIBUTED)
    if found is not None and found.foreign_caller:
        flags.add(Flag.FOREIGN_CALLER)
    return {
        "key": key,
        "kind": feedback.kind,
        "message_id": feedback.message_id,
        "at": event.at,
        "received_at": reading.received_at,
        "domain": found.domain if found else None,
        "source": feedback.source,
        "identity": feedback.identity,
        "caller": feedback.caller,
        "configuration_set": feedback.configuration_set,
        "type": feedback.type,
        "subtype": feedback.subtype,
        "detail": feedback.complaint_type or feedback.reason,
        "flags": written(flags),
        "archive_object": objects[reading.origin.source],
        "line": reading.origin.line,
        "sha256": reading.origin.sha256,
    }


def recipient_row(key: bytes, one: Suffered) -> dict[str, object]:
    """Return what is stored of one recipient of an event."""
    return {
        "event": key,
        "recipient": one.recipient,
        "spelling": one.spelling if one.spelling != one.recipient else None,
        "outcome": str(one.outcome),
        "blockable": one.blockable,
        "counted_as": one.counted_as if one.counted_as != one.recipient else None,
        "status": one.status,
        "diagnostic": one.diagnostic,
    }
