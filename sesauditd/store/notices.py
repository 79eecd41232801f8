"""The outbox of notices: asked for once, attempted once, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.notice import Notice, NoticeState
from sesauditd.store.statements import upsert
from sesauditd.store.tables import notices

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


async def request(connection: AsyncConnection, notice: Notice, now: datetime) -> bool:
    """Ask for a notice in the caller's transaction; return False if it was asked for before."""
    statement = upsert(connection, notices).on_conflict_do_nothing(index_elements=["id"])
    inserted = await connection.execute(
        statement.values(
            id=notice.id,
            kind=str(notice.kind),
            audience=str(notice.audience),
            customer=notice.customer,
            domain=notice.domain,
            subject=notice.subject,
            state=str(NoticeState.REQUESTED),
            facts=dict(notice.facts),
            requested_at=now,
            changed_at=now,
            attempts=0,
            due_at=notice.due_at,
        )
    )
    return inserted.rowcount == 1
