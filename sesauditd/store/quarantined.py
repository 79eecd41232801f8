"""What could not be read or was not believed, one by one, and what became readable since."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from sesauditd.errors import Refused
from sesauditd.store import journal
from sesauditd.store.statements import chunks
from sesauditd.store.tables import archive_objects, events, quarantine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

UNVERIFIED: Final = "unverified:"
"""How the reason begins of a message that may be forged (ADR 8)."""
VOUCHED: Final = "vouched"
"""The kind of the journal's row by which an operator believes such messages: so a rebuild does."""
SHORTEST: Final = 6
DIGITS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One message in quarantine."""

    sha256: bytes
    received_at: datetime
    reason: str
    body: bytes
    source: str
    line: int

    @property
    def is_unverified(self) -> bool:
        """Say whether nobody knows that SNS sent it."""
        return self.reason.startswith(UNVERIFIED)

    @property
    def is_whole(self) -> bool:
        """Say whether it is what its hash is of: of a line that was too long, a part is kept."""
        return hashlib.sha256(self.body).digest() == self.sha256


async def named(connection: AsyncConnection, beginning: str) -> Kept:
    """Return the message whose SHA-256 begins so; raises Refused for none, and for several."""
    wanted = beginning.lower()
    if not SHORTEST <= len(wanted) <= DIGITS or set(wanted) - set("0123456789abcdef"):
        raise Refused(f"{beginning!r}: give {SHORTEST} to {DIGITS} hex digits of its sha256")
    first, last = (bytes.fromhex(wanted.ljust(DIGITS, digit)) for digit in "0f")
    query = _query().where(quarantine.c.sha256.between(first, last)).limit(2)
    found = (await connection.execute(query)).fetchall()
    if not found:
        raise Refused(f"nothing in quarantine begins with {beginning}: sesauditd quarantine list")
    if len(found) > 1:
        raise Refused(f"several messages begin with {beginning}: give more digits")
    return _kept(found[0])


async def after(
    connection: AsyncConnection, last: bytes, limit: int, *, unverified: bool
) -> Sequence[Kept]:
    """Return at most so many messages behind one, in the order of their hashes."""
    query = _query().where(quarantine.c.sha256 > last).order_by(quarantine.c.sha256).limit(limit)
    if not unverified:
        query = query.where(~quarantine.c.reason.startswith(UNVERIFIED, autoescape=True))
    return [_kept(row) for row in await connection.execute(query)]


async def release(connection: AsyncConnection, messages: Sequence[Kept]) -> int:
    """Take messages out whose events are stored, or that turned out to be noise; return how many.

    For whoever has just read them anew: nothing leaves that is not recorded elsewhere.
    """
    gone = 0
    for part in chunks([one.sha256 for one in messages]):
        done = await connection.execute(delete(quarantine).where(quarantine.c.sha256.in_(part)))
        gone += done.rowcount
    return gone


async def stored(connection: AsyncConnection, keys: Sequence[bytes]) -> frozenset[bytes]:
    """Return which events are stored, of these keys."""
    found: set[bytes] = set()
    for part in chunks(keys):
        found |= set(await connection.scalars(select(events.c.key).where(events.c.key.in_(part))))
    return frozenset(found)


async def vouch(connection: AsyncConnection, messages: Sequence[Kept], now: datetime) -> None:
    """Write down that an operator believes these messages."""
    names = [one.sha256.hex() for one in messages]
    facts = {"messages": names}
    subject = f"{len(names)} messages"
    await journal.append(
        connection, at=now, actor="operator", kind=VOUCHED, subject=subject, facts=facts
    )


def _query() -> Select[*tuple[Any, ...]]:
    return select(quarantine, archive_objects.c.source).join(
        archive_objects, archive_objects.c.id == quarantine.c.archive_object
    )


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        sha256=row.sha256,
        received_at=row.received_at,
        reason=row.reason,
        body=row.body,
        source=row.source,
        line=row.line,
    )
