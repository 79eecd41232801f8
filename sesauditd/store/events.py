"""Records readings: each event once, whatever arrives twice, late or in pieces."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from sesauditd.model.events import Event, Feedback, Flag, Outcome, Suffered
from sesauditd.model.recorded import Recorded
from sesauditd.store.derived import Entry, delivered_messages, derive
from sesauditd.store.statements import chunks, upsert
from sesauditd.store.tables import archive_objects, event_recipients, events, quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.events import Reading
    from sesauditd.model.register import Attribution, Register
    from sesauditd.model.touched import Touched


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
    entries = await _insert_events(connection, new, register, objects)
    touched = await derive(connection, register, entries, no_feedback=no_feedback)
    seen = sum(reading.event is not None for reading in readings)
    counts = Recorded(
        recorded=len(new),
        duplicates=seen - len(new),
        quarantined=sum(reading.unreadable is not None for reading in readings),
        ignored=sum(reading.noise is not None for reading in readings),
    )
    return counts, touched


async def attribute_late(
    connection: AsyncConnection, register: Register, *, no_feedback: frozenset[str]
) -> Touched:
    """Attribute stored events that nobody was registered for when they came."""
    rows = await connection.execute(
        select(events).where(
            events.c.domain.is_(None), events.c.flags.contains(str(Flag.UNATTRIBUTED))
        )
    )
    found = [
        (row, attribution)
        for row in rows.fetchall()
        if (attribution := register.attribute(_sender_of(row))) is not None
    ]
    entries = await _attributed(connection, found)
    settled = await _settle_auto_replies(connection, entries, stored=True)
    return await derive(connection, register, settled, no_feedback=no_feedback)


def _sender_of(row: Row[Any]) -> Feedback:
    return Feedback(
        kind=row.kind,
        message_id=row.message_id,
        source=row.source,
        identity=row.identity,
        caller=row.caller,
    )


async def _attributed(
    connection: AsyncConnection, found: Sequence[tuple[Row[Any], Attribution]]
) -> list[Entry]:
    if not found:
        return []
    await connection.execute(
        update(events)
        .where(events.c.key == bindparam("of_key"))
        .values(domain=bindparam("new_domain"), flags=bindparam("new_flags")),
        [
            {"of_key": row.key, "new_domain": owner.domain, "new_flags": _late_flags(row, owner)}
            for row, owner in found
        ],
    )
    suffered = await _stored_recipients(connection, [row.key for row, _ in found])
    return [
        Entry(
            key=row.key,
            at=row.at,
            customer=owner.customer,
            domain=owner.domain,
            message_id=row.message_id,
            type=row.type,
            subtype=row.subtype,
            suffered=tuple(suffered[row.key]),
        )
        for row, owner in found
    ]


def _late_flags(row: Row[Any], owner: Attribution) -> str:
    flags = {Flag(one) for one in row.flags.split()} - {Flag.UNATTRIBUTED}
    return _written(flags | ({Flag.FOREIGN_CALLER} if owner.foreign_caller else set()))


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


async def _insert_events(
    connection: AsyncConnection,
    new: Mapping[bytes, tuple[Reading, Event]],
    register: Register,
    objects: Mapping[str, int],
) -> list[Entry]:
    rows: list[dict[str, object]] = []
    entries: list[Entry] = []
    for key, (reading, event) in sorted(new.items()):
        own = Flag.OWN_NOTICE in event.flags
        found = None if own else register.attribute(event.feedback)
        rows.append(_event_row(key, reading, event, found, objects))
        entries.append(
            Entry(
                key=key,
                at=event.at,
                customer=found.customer if found else None,
                domain=found.domain if found else None,
                message_id=event.feedback.message_id,
                type=event.feedback.type,
                subtype=event.feedback.subtype,
                suffered=event.suffered,
            )
        )
    entries = await _settle_auto_replies(connection, entries, stored=False)
    if rows:
        await connection.execute(events.insert(), rows)
    suffered = [_recipient_row(entry.key, one) for entry in entries for one in entry.suffered]
    if suffered:
        await connection.execute(event_recipients.insert(), suffered)
    return entries


async def _settle_auto_replies(
    connection: AsyncConnection, entries: list[Entry], *, stored: bool
) -> list[Entry]:
    """Make out-of-office answers of attributed soft bounces whose message was delivered."""
    doubtful = [entry.message_id for entry in entries if entry.domain and entry.soft_recipients]
    delivered = await delivered_messages(connection, doubtful)
    for entry in entries:
        delivered |= {
            (entry.message_id, one.recipient)
            for one in entry.suffered
            if entry.domain and one.outcome is Outcome.DELIVERED
        }
    settled = [entry.settled(delivered) if entry.domain else entry for entry in entries]
    if stored:
        for before, after in zip(entries, settled, strict=True):
            for one in after.suffered:
                if one not in before.suffered:
                    await connection.execute(
                        update(event_recipients)
                        .where(
                            event_recipients.c.event == after.key,
                            event_recipients.c.recipient == one.recipient,
                        )
                        .values(outcome=str(one.outcome))
                    )
    return settled


async def _stored_recipients(
    connection: AsyncConnection, keys: Sequence[bytes]
) -> dict[bytes, list[Suffered]]:
    found: dict[bytes, list[Suffered]] = defaultdict(list)
    for part in chunks(keys):
        rows = await connection.execute(
            select(event_recipients).where(event_recipients.c.event.in_(part))
        )
        for row in rows:
            found[row.event].append(
                Suffered(
                    recipient=row.recipient,
                    spelling=row.spelling or row.recipient,
                    outcome=Outcome(row.outcome),
                    blockable=row.blockable,
                    counted_as=row.counted_as or row.recipient,
                    status=row.status,
                    diagnostic=row.diagnostic,
                )
            )
    return found


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
        "flags": _written(flags),
        "archive_object": objects[reading.origin.source],
        "line": reading.origin.line,
        "sha256": reading.origin.sha256,
    }


def _recipient_row(key: bytes, one: Suffered) -> dict[str, object]:
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


def _written(flags: Iterable[Flag]) -> str:
    return " ".join(sorted(str(flag) for flag in flags))
