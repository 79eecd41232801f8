"""The notices and alarms that are kept, as an operator looks at them, and sending one again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from sesauditd.errors import Failed, Refused
from sesauditd.model.alerts import StoredAlert
from sesauditd.model.notice import NoticeState, StoredNotice
from sesauditd.store import journal
from sesauditd.store.notices import notice_of
from sesauditd.store.tables import alerts, notices

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

AGAIN = frozenset({NoticeState.UNKNOWN, NoticeState.FAILED, NoticeState.UNDELIVERABLE})
"""States that end only by an operator's decision."""
WHY_NOT = {
    NoticeState.REQUESTED: "it waits to be sent already",
    NoticeState.ATTEMPTED: "it is being sent just now",
    NoticeState.SENT: "it was sent",
    NoticeState.FOLDED: "it was told within a digest, which may be sent again",
}


async def all_notices(
    connection: AsyncConnection, state: NoticeState | None = None
) -> Sequence[StoredNotice]:
    """Return the notices, the newest first; of one state if given."""
    query = select(notices).order_by(notices.c.requested_at.desc(), notices.c.id)
    if state is not None:
        query = query.where(notices.c.state == str(state))
    return [_stored(row) for row in await connection.execute(query)]


async def one_notice(connection: AsyncConnection, name: str) -> StoredNotice | None:
    """Return a notice by its id, or by the beginning of one if that is clear; None if not."""
    rows = await connection.execute(
        select(notices).where(notices.c.id.startswith(name, autoescape=True)).limit(2)
    )
    found = rows.fetchall()
    return _stored(found[0]) if len(found) == 1 else None


async def all_alerts(connection: AsyncConnection) -> Sequence[StoredAlert]:
    """Return the alarms that a road has not taken, the oldest first."""
    rows = await connection.execute(select(alerts).order_by(alerts.c.due_at, alerts.c.id))
    return [
        StoredAlert(
            road=row.road,
            name=row.name,
            state=row.state,
            attempts=row.attempts,
            due_at=row.due_at,
            outcome=row.outcome,
        )
        for row in rows
    ]


async def send_again(
    connection: AsyncConnection, name: str, *, actor: str, reason: str, now: datetime
) -> StoredNotice:
    """Let a notice be sent that nobody knows to have arrived; journaled.

    Whoever got it after all gets it twice, with one Message-ID. Raises Failed for a notice that
    is not there, Refused for one whose state ends by itself or has ended well.
    """
    found = await one_notice(connection, name)
    if found is None:
        raise Failed(f"there is no notice {name}: see sesauditd notices")
    notice = found.notice.id
    if found.state not in AGAIN:
        raise Refused(f"the notice {notice} is not sent again: {WHY_NOT[found.state]}")
    await connection.execute(
        update(notices)
        .where(notices.c.id == notice, notices.c.state == str(found.state))
        .values(
            state=str(NoticeState.REQUESTED),
            outcome=f"asked for again by {actor}; before: {found.state}",
            attempts=0,
            due_at=None,
            changed_at=now,
        )
    )
    facts = {
        "kind": str(found.notice.kind),
        "customer": found.notice.customer,
        "was": str(found.state),
        "outcome": found.outcome,
        "reason": reason,
    }
    await journal.append(
        connection, at=now, actor=actor, kind="resend_notice", subject=notice, facts=facts
    )
    return found


def _stored(row: Row[Any]) -> StoredNotice:
    return StoredNotice(
        notice=notice_of(row),
        state=NoticeState(row.state),
        requested_at=row.requested_at,
        changed_at=row.changed_at,
        attempts=row.attempts,
        outcome=row.outcome,
        message_id=row.message_id,
    )
