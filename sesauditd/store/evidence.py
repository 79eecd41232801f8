"""Evidence as it is told: each event with the archive object that holds its raw body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.calendar import iso
from sesauditd.store.statements import chunks
from sesauditd.store.tables import archive_objects, events, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

Line = dict[str, object]

LONGEST = 500
"""Characters of one value that a stranger wrote; a diagnostic may be 100 kB long."""
RECIPIENTS_TOLD = 3
COUNTS = ("count", "rejects", "hard_bounces", "complaints", "unknown_users")
"""What different rules call the number of events that they count."""


async def grounds_of(connection: AsyncConnection, action: str) -> list[Line]:
    """Return the verdicts that stand behind an action: rule, reason, window and evidence."""
    rows = await connection.execute(
        select(verdicts)
        .where(verdicts.c.action == action, verdicts.c.withdrawn_at.is_(None))
        .order_by(verdicts.c.window_end, verdicts.c.key)
    )
    return [
        {
            "rule": row.rule,
            "reason": row.reason[:LONGEST],
            "from": iso(row.window_start),
            "to": iso(row.window_end),
            "count": _count(row.evidence),
            "evidence": await lines_of(connection, strikes_in(row.evidence)),
        }
        for row in rows
    ]


def strikes_in(evidence: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the events that a verdict's evidence lists."""
    listed = evidence.get("strikes")
    if not isinstance(listed, list):
        return []
    return [one for one in listed if isinstance(one, dict)]


def _count(evidence: Mapping[str, object]) -> int | None:
    """Return how many events there are in all, of which the evidence lists some."""
    found = [evidence.get(key) for key in COUNTS]
    return next((one for one in found if isinstance(one, int)), None)


async def lines_of(
    connection: AsyncConnection, strikes: Sequence[Mapping[str, object]]
) -> list[Line]:
    """Return each event as JSON, with archive object, line and SHA-256 where it is stored."""
    kept = await _kept(connection, (str(one.get("event")) for one in strikes))
    nowhere: Line = {"object": None, "line": None, "sha256": None}
    return [
        {
            "at": one.get("at"),
            "recipient": _recipient(one),
            "domain": one.get("domain"),
            "status": _cut(one.get("status")),
            "diagnostic": _cut(one.get("diagnostic")),
            "message_id": _cut(one.get("message_id")),
            **kept.get(str(one.get("event")), nowhere),
        }
        for one in strikes
    ]


async def _kept(connection: AsyncConnection, names: Iterable[str]) -> dict[str, Line]:
    keys = sorted({bytes.fromhex(one) for one in names if one != "None"})
    found: dict[str, Line] = {}
    for part in chunks(keys):
        rows = await connection.execute(
            select(events.c.key, events.c.line, events.c.sha256, archive_objects.c.source)
            .join(archive_objects, archive_objects.c.id == events.c.archive_object)
            .where(events.c.key.in_(part))
        )
        for row in rows:
            where: Line = {"object": row.source, "line": row.line, "sha256": row.sha256.hex()}
            found[row.key.hex()] = where
    return found


def _recipient(strike: Mapping[str, object]) -> str | None:
    several = strike.get("recipients")
    if not isinstance(several, list):
        return _cut(strike.get("recipient"))
    more = len(several) - RECIPIENTS_TOLD
    told = ", ".join(str(one) for one in several[:RECIPIENTS_TOLD])
    return _cut(f"{told} and {more} more" if more > 0 else told)


def _cut(value: object) -> str | None:
    return None if value is None else str(value)[:LONGEST]
