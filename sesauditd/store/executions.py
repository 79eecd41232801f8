"""Actions as the executor sees them: due, begun, finished, each step committed by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, select, update

from sesauditd.model.actions import REVERSES, STARTED, Reverse, State
from sesauditd.model.verdicts import Does
from sesauditd.store import (
    again,
    blocking,
    holds,
    journal,
    outbox,
    rebuilt,
    surroundings,
    tasks,
    telling,
)
from sesauditd.store.blocking import BlockExecutions
from sesauditd.store.statements import chunks
from sesauditd.store.tables import actions, blocks
from sesauditd.store.tasks import ABOUT_BLOCKS, intend, task_of, unchanged

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.execution import Hold, Outcome, Surroundings, Task

SMALL = (*ABOUT_BLOCKS, str(Does.WARN))
"""Kinds of action that no row of the journal tells of: they come by the hundred."""
REVERSING = (str(Reverse.REINSTATE), str(Reverse.RESTORE))
ACTOR = "executor"
EXPIRED_A_TIME = 500
POLICY = "policy:"
"""How the name of a managed policy begins among the positions of an action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One action and how it stands, for whoever waits for it."""

    id: str
    kind: str
    subject: str
    state: State
    outcome: str | None
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class Executions(BlockExecutions):
    """The outbox of actions of one database."""

    async def expire(self, now: datetime) -> int:
        """Ask for the reverse of blocks that are over, once for each; return how many."""
        wanted = and_(
            blocks.c.until <= now,
            blocks.c.lifted_at.is_(None),
            actions.c.state.in_([str(one) for one in sorted(STARTED)]),
        )
        query = select(actions).join(blocks, blocks.c.action == actions.c.id).where(wanted)
        async with self.database.read() as connection:
            if (await connection.execute(query.limit(1))).first() is None:
                return 0
        async with self.database.write() as connection:
            rows = (await connection.execute(query.limit(EXPIRED_A_TIME))).fetchall()
            for row in rows:
                await end(connection, row, now)
        return len(rows)

    async def due(self, now: datetime, limit: int) -> Sequence[Task]:
        """Return what is to be carried out: stops before blocks, then the oldest first.

        Nothing is, while a rebuilt database has not been compared with AWS.
        """
        order = (
            case((actions.c.kind.in_(ABOUT_BLOCKS), 1), else_=0),
            actions.c.requested_at,
            case((actions.c.kind.in_([str(one) for one in REVERSES.values()]), 1), else_=0),
            actions.c.id,
        )

        async def look(connection: AsyncConnection) -> Sequence[Task]:
            known = await rebuilt.standing(connection)
            if known is not None and known.is_held:
                return []
            rows = await connection.execute(
                select(actions).where(tasks.due(now)).order_by(*order).limit(limit)
            )
            return [task_of(row) for row in rows]

        return await self.database.read_at_once(look)

    async def surroundings(self, task: Task, now: datetime) -> Surroundings:
        """Return what the store says around a task."""
        async with self.database.read() as connection:
            return await surroundings.around(connection, task, now)

    async def begin(
        self, task: Task, before: Mapping[str, object], taken: Sequence[Hold], now: datetime
    ) -> bool:
        """Write the intent, and what has to come back; False if the action is not as it was.

        A plan that is found in two parts writes each before it is carried out, as one attempt.
        """
        async with self.database.write() as connection:
            if not await intend(connection, task, before, now):
                return False
            await holds.take(connection, taken, now)
            return True

    async def finish(self, task: Task, outcome: Outcome, now: datetime) -> bool:
        """Write what came of an action and ask for its notices; False if it was undone meanwhile.

        An operator who decided while AWS was asked has the last word: his own action follows.
        """
        begun = outcome.after is not None
        still = actions.c.state == str(State.ATTEMPTED) if begun else unchanged(task)
        changes: dict[str, object] = {
            "state": str(outcome.state),
            "outcome": outcome.words,
            "next_try_at": outcome.next_try_at,
            "changed_at": now,
        }
        if begun:
            changes["after"] = dict(outcome.after or {})
        else:
            changes["attempts"] = actions.c.attempts + 1
        async with self.database.write() as connection:
            changed = await connection.execute(
                update(actions).where(actions.c.id == task.id, still).values(**changes)
            )
            if changed.rowcount == 0:
                return False
            await holds.release(connection, outcome.released)
            if task.kind in ABOUT_BLOCKS and outcome.state is State.DONE:
                await blocking.forget_places(connection, task.customer, str(task.recipient))
                await _use_room(connection, task, outcome, now)
            await _tell(connection, task, outcome, now)
            return True


async def _use_room(
    connection: AsyncConnection, task: Task, outcome: Outcome, now: datetime
) -> None:
    """Try blocks again that found no room: of the customer, or of all if a policy is gone."""
    after = outcome.after or {}
    if any(name.startswith(POLICY) and at is None for name, at in after.items()):
        await again.without_room(connection, now)
    elif task.kind is Reverse.UNBLOCK:
        await again.without_room(connection, now, task.customer)


async def end(connection: AsyncConnection, row: Row[Any], now: datetime) -> None:
    """Note that a block is over, and ask for its reverse."""
    await connection.execute(
        update(actions)
        .where(actions.c.id == row.id)
        .values(state=str(State.EXPIRED), changed_at=now)
    )
    reason = f"the block ended on {row.until:%Y-%m-%d %H:%M} UTC"
    await outbox.request_reverse(connection, row, reason, "policy:expiry", now)


async def standing(connection: AsyncConnection, names: Sequence[str]) -> list[Standing]:
    """Return how actions stand, sorted by their ids."""
    rows = [
        row
        for part in chunks(names)
        for row in await connection.execute(select(actions).where(actions.c.id.in_(part)))
    ]
    return [
        Standing(
            id=row.id,
            kind=row.kind,
            subject=row.recipient or row.domain or row.customer,
            state=State(row.state),
            outcome=row.outcome,
            next_try_at=row.next_try_at,
        )
        for row in sorted(rows, key=lambda each: str(each.id))
    ]


async def requested(connection: AsyncConnection) -> list[str]:
    """Return the actions that nothing was asked of AWS for yet, sorted."""
    rows = await connection.execute(
        select(actions.c.id).where(actions.c.state == str(State.REQUESTED)).order_by(actions.c.id)
    )
    return list(rows.scalars())


async def unlifted(connection: AsyncConnection, customer: str, recipient: str) -> bool:
    """Say whether an unblock failed, so that it is worth asking for again."""
    wanted = (
        actions.c.kind == str(Reverse.UNBLOCK),
        actions.c.customer == customer,
        actions.c.recipient == recipient,
        actions.c.state == str(State.FAILED),
    )
    return await connection.scalar(select(actions.c.id).where(*wanted).limit(1)) is not None


async def _tell(connection: AsyncConnection, task: Task, outcome: Outcome, now: datetime) -> None:
    if not outcome.tell:
        return
    if task.kind not in REVERSING or not await _found_nothing(connection, task):
        await telling.of_action(connection, task.id, now)
    if task.kind in SMALL:
        return
    facts = {"kind": str(task.kind), "customer": task.customer, "outcome": outcome.words}
    await journal.append(
        connection,
        at=now,
        actor=ACTOR,
        kind="outcome",
        subject=task.id,
        facts={**facts, "state": str(outcome.state)},
    )


async def _found_nothing(connection: AsyncConnection, task: Task) -> bool:
    """Say whether a reverse was done by changing nothing: then nobody waits to hear of it.

    An operator may reinstate what was never stopped, and one reinstatement may undo two
    disables of the same domain.
    """
    row = (
        await connection.execute(
            select(actions.c.state, actions.c.before, actions.c.after).where(
                actions.c.id == task.id
            )
        )
    ).one()
    return bool(row.state == State.DONE and row.before == row.after)
