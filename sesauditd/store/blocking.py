"""Blocks that one write to IAM carries out together: found, begun, and moved for want of room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from sesauditd.model.actions import OVERFLOWN, Lever, State
from sesauditd.model.calendar import iso
from sesauditd.model.events import Outcome
from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.model.verdicts import Does
from sesauditd.store import holds, surroundings
from sesauditd.store.notices import request
from sesauditd.store.statements import chunks, upsert
from sesauditd.store.surroundings import IN_FORCE
from sesauditd.store.tables import actions, blocks, domains, event_recipients, events, observations
from sesauditd.store.tasks import ABOUT_BLOCKS, due, intend, task_of, unchanged

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.execution import Fill, Hold, Surroundings, Task
    from sesauditd.store.engine import Database

COLLATERAL = timedelta(days=90)
"""How far back another customer's delivery protects an address from the account's list."""
BEFORE_SES = datetime(2011, 1, 1, tzinfo=UTC)
LONGEST_WAY = timedelta(days=15)
"""How long before its delivery a mail may have been sent, at the most."""
NEARLY_FULL = 80
HALF_EMPTY_AGAIN = 70
"""Percent, below which a warning may be given anew."""
NEARLY = "blocks_nearly_full"
ACCOUNT_NEARLY = "policies_nearly_full"


@dataclass(frozen=True, slots=True)
class BlockExecutions:
    """The outbox of actions, as far as blocks of one customer are carried out together."""

    database: Database

    async def together(self, task: Task, now: datetime, limit: int) -> Sequence[Task]:
        """Return what one write to IAM carries out with a block or its reverse, and itself."""
        query = select(actions).where(
            due(now),
            actions.c.customer == task.customer,
            actions.c.kind.in_(ABOUT_BLOCKS),
            actions.c.lever == str(Lever.IAM_DENY),
        )
        async with self.database.read() as connection:
            rows = await connection.execute(
                query.order_by(actions.c.id != task.id, actions.c.requested_at, actions.c.id).limit(
                    limit
                )
            )
            return [task_of(row) for row in rows]

    async def listed_together(self, task: Task, now: datetime, limit: int) -> Sequence[Task]:
        """Return blocks by the account's list, of any customer, to be set with one, and itself."""
        query = select(actions).where(
            due(now),
            actions.c.kind == str(Does.BLOCK),
            actions.c.lever == str(Lever.ACCOUNT_LIST),
        )
        order = (actions.c.id != task.id, actions.c.requested_at, actions.c.id)
        async with self.database.read() as connection:
            rows = await connection.execute(query.order_by(*order).limit(limit))
            return [task_of(row) for row in rows]

    async def around_blocks(
        self, tasks: Sequence[Task], now: datetime
    ) -> tuple[Surroundings, Mapping[str, Surroundings]]:
        """Return what the store says around one customer's blocks, and around each by its id."""
        async with self.database.read() as connection:
            whole = await surroundings.around_customer(connection, tasks, now)
            each = {one.id: await surroundings.around_block(connection, one, now) for one in tasks}
            return whole, each

    async def begin_blocks(
        self,
        tasks: Mapping[Task, Mapping[str, object]],
        taken: Sequence[Hold],
        places: Mapping[str, int],
        now: datetime,
    ) -> frozenset[str]:
        """Write the intents of blocks, and in which policy each is to stand; return whose."""
        async with self.database.write() as connection:
            return await begin(connection, tasks, taken, places, now)

    async def spill(self, tasks: Sequence[Task], why: str, now: datetime) -> frozenset[str]:
        """Move blocks to the account's list that stop no other customer's mail; return whose."""
        if not tasks:
            return frozenset()
        async with self.database.read() as connection:
            reached = await reached_by_others(
                connection, tasks[0].customer, sorted({str(one.recipient) for one in tasks}), now
            )
        harmless = [one for one in tasks if one.recipient not in reached]
        async with self.database.write() as connection:
            return await move_to_list(connection, harmless, why, now)

    async def note_fill(self, fill: Fill, now: datetime) -> None:
        """Remember how full a customer's policies are, and tell operators once of many."""
        async with self.database.write() as connection:
            await note_fill(connection, fill, now)


async def begin(
    connection: AsyncConnection,
    found: Mapping[Task, Mapping[str, object]],
    taken: Sequence[Hold],
    places: Mapping[str, int],
    now: datetime,
) -> frozenset[str]:
    """Write the intents, the positions before, and where each address is to stand.

    Returns the ids of those that were still as they were found; nothing is written of others.
    """
    begun = set()
    for task, before in found.items():
        if not await intend(connection, task, before, now):
            continue
        begun.add(task.id)
        place = places.get(str(task.recipient))
        if place is not None:
            await _put(connection, task, place)
    await holds.take(connection, taken, now)
    return frozenset(begun)


async def forget_places(connection: AsyncConnection, customer: str, recipient: str) -> None:
    """Forget where blocks that no longer stand were denied, once AWS was seen without them."""
    standing = select(actions.c.id).where(
        actions.c.id == blocks.c.action,
        actions.c.state.in_([str(one) for one in sorted(IN_FORCE)]),
        blocks.c.lever == str(Lever.IAM_DENY),
        blocks.c.lifted_at.is_(None),
    )
    await connection.execute(
        update(blocks)
        .where(
            blocks.c.customer == customer,
            blocks.c.recipient == recipient,
            blocks.c.shard.is_not(None),
            ~standing.exists(),
        )
        .values(shard=None)
    )


async def reached_by_others(
    connection: AsyncConnection, customer: str, recipients: Sequence[str], now: datetime
) -> frozenset[str]:
    """Return the addresses that another customer's mail was delivered to within 90 days.

    Reads the events of these days once: what is delivered is not kept by address.
    """
    since = now - COLLATERAL
    found: set[str] = set()
    lately = event_recipients.c.event >= _key_of(since - LONGEST_WAY)
    # A mail without a time of its own has a key from before all times.
    timeless = event_recipients.c.event < _key_of(BEFORE_SES)
    # Both in one query, SQLite would walk through all events that there ever were.
    for span, part in product((lately, timeless), chunks(recipients)):
        rows = await connection.execute(
            select(event_recipients.c.recipient)
            .distinct()
            .join(events, events.c.key == event_recipients.c.event)
            .join(domains, domains.c.name == events.c.domain)
            .where(
                span,
                event_recipients.c.recipient.in_(part),
                event_recipients.c.outcome == str(Outcome.DELIVERED),
                events.c.at >= since,
                domains.c.customer != customer,
            )
        )
        found.update(rows.scalars())
    return frozenset(found)


async def move_to_list(
    connection: AsyncConnection, tasks: Sequence[Task], why: str, now: datetime
) -> frozenset[str]:
    """Give blocks the account's list as their lever; return the ids of those that got it.

    They stay attempted, so that an operator who lifts one asks for its reverse.
    """
    moved = set()
    for task in tasks:
        changed = await connection.execute(
            update(actions)
            .where(
                actions.c.id == task.id,
                or_(unchanged(task), actions.c.state == str(State.ATTEMPTED)),
                actions.c.lever == str(Lever.IAM_DENY),
            )
            .values(
                lever=str(Lever.ACCOUNT_LIST),
                state=str(State.ATTEMPTED),
                attempted_at=now,
                changed_at=now,
                next_try_at=None,
                outcome=f"{OVERFLOWN}: {why}",
            )
        )
        if changed.rowcount:
            moved.add(task.id)
            await connection.execute(
                update(blocks)
                .where(blocks.c.action == task.id)
                .values(lever=str(Lever.ACCOUNT_LIST))
            )
    return frozenset(moved)


async def note_fill(connection: AsyncConnection, fill: Fill, now: datetime) -> None:
    """Tell operators once that a customer's policies, or the account's, are nearly full."""
    facts: dict[str, object] = {
        "customer": fill.customer,
        "full": f"{fill.percent} %",
        "blocked addresses": fill.addresses,
        "policies": f"{fill.policies} of {fill.room}",
    }
    whose = f"The IAM policies with the blocks of {fill.customer} are {fill.percent} % full"
    await _note(connection, f"{NEARLY}:{fill.customer}", fill.percent, (whose, facts), now)
    percent = fill.percent_of_account
    facts = {
        "full": f"{percent} %",
        "policies": f"{fill.of_account} of {fill.room_of_account}",
    }
    whose = f"The account's quota of IAM policies is {percent} % taken by blocks"
    await _note(connection, ACCOUNT_NEARLY, percent, (whose, facts), now)


async def _note(
    connection: AsyncConnection,
    name: str,
    percent: int,
    told: tuple[str, dict[str, object]],
    now: datetime,
) -> None:
    known = await connection.scalar(select(observations.c.at).where(observations.c.name == name))
    if known is not None and percent < HALF_EMPTY_AGAIN:
        await connection.execute(observations.delete().where(observations.c.name == name))
    if known is not None or percent < NEARLY_FULL:
        return
    whose, facts = told
    await connection.execute(
        upsert(connection, observations)
        .values(name=name, facts=facts, at=now)
        .on_conflict_do_nothing()
    )
    summary = f"{whose}: later blocks go to the account's list, or are not set"
    await request(
        connection,
        Notice(
            kind=NoticeKind.TROUBLE,
            subject=f"{name}/{iso(now)}",
            facts={"name": NEARLY, "summary": summary, "details": facts, "at": iso(now)},
        ),
        now,
    )


def _key_of(at: datetime) -> bytes:
    """Return what the key of an event begins with whose mail was sent then."""
    return int(at.timestamp()).to_bytes(8, "big")


async def _put(connection: AsyncConnection, task: Task, place: int) -> None:
    await connection.execute(
        update(blocks)
        .where(
            blocks.c.customer == task.customer,
            blocks.c.recipient == task.recipient,
            blocks.c.lever == str(Lever.IAM_DENY),
            blocks.c.lifted_at.is_(None),
        )
        .values(shard=place)
    )
