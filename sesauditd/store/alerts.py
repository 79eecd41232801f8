"""The outbox of alarms for roads that are not mail: what one did not take is tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, or_, select, update

from sesauditd.model.alerts import Due, first_wait
from sesauditd.model.notice import Audience, NoticeKind, NoticeState
from sesauditd.store.notices import notice_of
from sesauditd.store.statements import upsert
from sesauditd.store.tables import alerts, notices

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.notice import Notice
    from sesauditd.notices.alarms import Alarm
    from sesauditd.store.engine import Database

WAITING = "waiting"
FAILED = "failed"
AT_ONCE = 100
FORGOTTEN_AFTER = timedelta(days=30)
MAIL_FIRST = timedelta(minutes=1)
"""How long a notice has for being mailed, or folded into a digest, before the roads hear of it."""
SOUNDED_ALREADY = (NoticeKind.TROUBLE, NoticeKind.RECOVERED)
"""Whoever asked for these sounded the alarm that they tell of."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alarms that wait for a road, each step committed before it returns."""

    database: Database
    clock: Callable[[], datetime]

    async def keep(self, road: str, alarm: Alarm, outcome: str) -> None:
        """Let an alarm be tried again on a road that did not take it."""
        now = self.clock()
        async with self.database.write() as connection:
            await _keep(connection, road, alarm, now + first_wait(), outcome)

    async def due(self, now: datetime) -> Sequence[Due]:
        """Return what may be tried now, the oldest first."""

        async def look(connection: AsyncConnection) -> Sequence[Due]:
            rows = await connection.execute(
                select(alerts)
                .where(alerts.c.state == WAITING, alerts.c.due_at <= now)
                .order_by(alerts.c.due_at, alerts.c.id)
                .limit(AT_ONCE)
            )
            return [_due(row) for row in rows]

        return await self.database.read_at_once(look)

    async def taken(self, alert: str) -> None:
        """Forget what a road took."""
        async with self.database.write() as connection:
            await connection.execute(delete(alerts).where(alerts.c.id == alert))

    async def again(self, alert: str, outcome: str, due_at: datetime | None) -> None:
        """Let it be tried again, or write that it is given up."""
        changes: dict[str, object] = {"outcome": outcome, "attempts": alerts.c.attempts + 1}
        changes |= {"state": FAILED} if due_at is None else {"due_at": due_at}
        async with self.database.write() as connection:
            await connection.execute(update(alerts).where(alerts.c.id == alert).values(**changes))

    async def unheard(self, now: datetime) -> Sequence[Notice]:
        """Return notices to operators that the roads have not been told of.

        A notice that is about to be mailed may still be folded into a digest, so it is waited
        for a moment; one that is held back for a digest is not returned at all.
        """
        tried = or_(
            notices.c.state != str(NoticeState.REQUESTED),
            notices.c.attempts > 0,
            and_(
                notices.c.requested_at <= now - MAIL_FIRST,
                or_(notices.c.due_at.is_(None), notices.c.due_at <= now),
            ),
        )
        waiting = (
            select(notices)
            .where(
                notices.c.audience == str(Audience.OPERATOR),
                notices.c.alerted_at.is_(None),
                notices.c.state != str(NoticeState.FOLDED),
                notices.c.kind.not_in([str(one) for one in SOUNDED_ALREADY]),
                tried,
            )
            .order_by(notices.c.requested_at, notices.c.id)
            .limit(AT_ONCE)
        )

        async def look(connection: AsyncConnection) -> Sequence[Notice]:
            return [notice_of(row) for row in await connection.execute(waiting)]

        return await self.database.read_at_once(look)

    async def enqueue(
        self, told: Mapping[str, Alarm], roads: Callable[[Alarm], Collection[str]], now: datetime
    ) -> None:
        """Write down an alarm for each road of each notice, and that they were; all or nothing."""
        async with self.database.write() as connection:
            for alarm in told.values():
                for road in roads(alarm):
                    await _keep(connection, road, alarm, now, None)
            await connection.execute(
                update(notices).where(notices.c.id.in_(list(told))).values(alerted_at=now)
            )
            await connection.execute(
                delete(alerts).where(
                    alerts.c.state == FAILED, alerts.c.due_at < now - FORGOTTEN_AFTER
                )
            )


async def _keep(
    connection: AsyncConnection, road: str, alarm: Alarm, due_at: datetime, outcome: str | None
) -> None:
    facts = alarm.as_facts()
    about = f"{road}\n{alarm.name}\n{facts['at']}\n{alarm.summary}"
    await connection.execute(
        upsert(connection, alerts)
        .values(
            id=hashlib.sha256(about.encode(errors="replace")).hexdigest()[:20],
            road=road,
            name=alarm.name,
            alarm=facts,
            state=WAITING,
            attempts=0 if outcome is None else 1,
            due_at=due_at,
            outcome=outcome,
        )
        .on_conflict_do_nothing(index_elements=["id"])
    )


def _due(row: Row[Any]) -> Due:
    return Due(id=row.id, road=row.road, alarm=row.alarm, attempts=row.attempts)
