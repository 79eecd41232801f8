"""What was done and stands, as the nightly comparison with AWS asks for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select, update

from sesauditd.model.actions import Lever, Reverse, State
from sesauditd.model.verdicts import Does
from sesauditd.store import again, explaining
from sesauditd.store.executions import Executions
from sesauditd.store.statements import chunks
from sesauditd.store.surroundings import IN_FORCE
from sesauditd.store.tables import actions, blocks
from sesauditd.store.tasks import task_of

if TYPE_CHECKING:
    from sesauditd.model.execution import Known, Task

UNDONE_SINCE = timedelta(days=35)
"""A reinstatement longer ago has been compared many times."""


@dataclass(frozen=True, slots=True)
class Standings(Executions):
    """What stands in one database; each change is committed when it returns."""

    async def standing(self, now: datetime) -> Sequence[Task]:
        """Return what is done and not undone, and the reinstatements of the last weeks."""
        unended = (
            select(blocks.c.action)
            .where(
                blocks.c.action == actions.c.id,
                blocks.c.lifted_at.is_(None),
                or_(blocks.c.until.is_(None), blocks.c.until > now),
            )
            .exists()
        )
        wanted = or_(
            and_(actions.c.kind == str(Does.BLOCK), unended),
            actions.c.kind.in_(again.STOPS),
            and_(
                or_(
                    actions.c.kind.in_([str(Reverse.REINSTATE), str(Reverse.RESTORE)]),
                    and_(
                        actions.c.kind == str(Reverse.UNBLOCK),
                        actions.c.lever == str(Lever.IAM_DENY),
                    ),
                ),
                actions.c.changed_at >= now - UNDONE_SINCE,
            ),
        )
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(actions)
                .where(actions.c.state == str(State.DONE), wanted)
                .order_by(actions.c.customer, actions.c.id)
            )
            return [task_of(row) for row in rows]

    async def again(self, ids: Sequence[str], now: datetime) -> int:
        """Have the executor look at actions once more; return how many still stand so."""
        async with self.database.write() as connection:
            return await again.some(connection, ids, now)

    async def known(self) -> Known:
        """Return what was asked of IAM, and of which users nothing was."""
        async with self.database.read() as connection:
            return await explaining.known(connection)

    async def ended_before(self, at: datetime) -> Sequence[str]:
        """Return the domains, still open, of customers whose termination was asked for before."""
        async with self.database.read() as connection:
            return await explaining.ended_before(connection, at)

    async def without_room(self, now: datetime) -> int:
        """Have every block tried again that found no room; return how many."""
        async with self.database.write() as connection:
            return await again.without_room(connection, now)

    async def lifted(
        self, customer: str, shard: int, recipients: Collection[str], now: datetime
    ) -> frozenset[str]:
        """Have the reverses of ended blocks driven again at a policy; return whose there are.

        Addresses without a block that ended are not named: they are none of ours.
        """
        found: set[str] = set()
        async with self.database.write() as connection:
            for part in chunks(sorted(recipients)):
                rows = await connection.execute(
                    select(actions.c.id, actions.c.recipient).where(
                        actions.c.customer == customer,
                        actions.c.kind == str(Reverse.UNBLOCK),
                        actions.c.state == str(State.DONE),
                        actions.c.recipient.in_(part),
                    )
                )
                reverses = {row.id: row.recipient for row in rows}
                standing = select(actions.c.id).where(
                    actions.c.id == blocks.c.action,
                    actions.c.state.in_([str(one) for one in sorted(IN_FORCE)]),
                )
                await connection.execute(
                    update(blocks)
                    .where(
                        blocks.c.customer == customer,
                        blocks.c.recipient.in_(sorted(set(reverses.values()))),
                        ~standing.exists(),
                    )
                    .values(shard=shard)
                )
                await again.some(connection, sorted(reverses), now)
                found |= set(reverses.values())
        return frozenset(found)
