"""What stands around an action that is due: users, domains, standing stops and blocks."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from sesauditd.model.actions import STARTED, Lever, Reverse, State
from sesauditd.model.addresses import domain_of
from sesauditd.model.events import Flag
from sesauditd.model.execution import Denied, Surroundings, Task, User
from sesauditd.model.verdicts import Does
from sesauditd.store import holds
from sesauditd.store.evidence import strikes_in
from sesauditd.store.register import own_addresses
from sesauditd.store.statements import chunks
from sesauditd.store.tables import actions, blocks, customers, domains, events, iam_users, verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

REFUSED_BY_POLICY = "5.7."
"""How the status of a bounce begins that tells of the sender, not of the mailbox."""
IN_FORCE = STARTED - {State.FAILED}
ABOUT_BLOCKS = frozenset({Does.BLOCK, Reverse.UNBLOCK})
STOPS = (str(Does.DISABLE), str(Does.TERMINATE))


async def around(connection: AsyncConnection, task: Task, now: datetime) -> Surroundings:
    """Return what the store says around a task.

    What was begun stands until it is undone; a block that failed does not stand, while a stop
    that failed may have stopped something.
    """
    if task.kind is Does.WARN:
        return Surroundings()
    if task.kind in ABOUT_BLOCKS:
        return await around_block(connection, task, now)
    return await _stops(connection, task, await users_of(connection, task.customer))


async def around_customer(
    connection: AsyncConnection, tasks: Sequence[Task], now: datetime
) -> Surroundings:
    """Return what the store says of one customer's blocks, those of the tasks standing, too."""
    customer = tasks[0].customer
    own = frozenset(await own_addresses(connection, customer))
    return Surroundings(
        users=await users_of(connection, customer),
        denied=tuple(
            one
            for one in (await denied(connection, tasks, now) if own else ())
            if one.recipient not in own and domain_of(one.recipient) not in own
        ),
        shards_of=await _shards_of(connection, customer),
        policies_of_others=await _policies_of_others(connection, customer),
        own=own,
        closed=not own,
    )


async def _policies_of_others(connection: AsyncConnection, customer: str) -> int:
    named = (
        select(blocks.c.customer, blocks.c.shard)
        .where(blocks.c.shard.is_not(None), blocks.c.customer != customer)
        .distinct()
        .subquery()
    )
    return await connection.scalar(select(func.count()).select_from(named)) or 0


async def around_block(connection: AsyncConnection, task: Task, now: datetime) -> Surroundings:
    """Return what the store says of one block's place on the account's list."""
    return Surroundings(
        listed_for=await _listed_for(connection, task, now),
        refused_by_policy=await _refused_by_policy(connection, task),
        holds=await holds.named(connection, f"listed:{task.recipient}"),
        shards_of=await _shards_of(connection, task.customer, str(task.recipient)),
    )


async def users_of(connection: AsyncConnection, customer: str) -> tuple[User, ...]:
    """Return the IAM users registered for a customer, each with all whom it is registered for."""
    own = (
        select(iam_users.c.name)
        .join(domains, domains.c.name == iam_users.c.domain)
        .where(domains.c.customer == customer, domains.c.closed_at.is_(None))
    )
    rows = await connection.execute(
        select(iam_users.c.name, domains.c.customer)
        .join(domains, domains.c.name == iam_users.c.domain)
        .where(iam_users.c.name.in_(own), domains.c.closed_at.is_(None))
    )
    found: dict[str, set[str]] = defaultdict(set)
    for name, owner in rows:
        found[name].add(owner)
    return tuple(User(name=name, customers=frozenset(found[name])) for name in sorted(found))


async def denied(
    connection: AsyncConnection, tasks: Sequence[Task], now: datetime
) -> tuple[Denied, ...]:
    """Return the recipients that a customer's policies have to deny, by name."""
    found: dict[str, set[str]] = defaultdict(set)
    places: dict[str, int] = {}
    for part in chunks([one.id for one in tasks]):
        rows = await connection.execute(
            select(blocks.c.recipient, blocks.c.spelling, blocks.c.shard)
            .join(actions, actions.c.id == blocks.c.action)
            .where(
                blocks.c.customer == tasks[0].customer,
                blocks.c.lever == str(Lever.IAM_DENY),
                _stands(part, now),
            )
            .order_by(blocks.c.recipient, blocks.c.shard.desc())
        )
        for recipient, spelling, shard in rows:
            found[recipient].add(spelling)
            if shard is not None:
                places[recipient] = shard
    return tuple(
        Denied(recipient=name, spellings=frozenset(found[name]), shard=places.get(name))
        for name in sorted(found)
    )


async def _shards_of(
    connection: AsyncConnection, customer: str, recipient: str | None = None
) -> dict[str, frozenset[int]]:
    """Return which policies name an address, or did and were not seen without it since."""
    query = select(blocks.c.recipient, blocks.c.shard).where(
        blocks.c.customer == customer, blocks.c.shard.is_not(None)
    )
    if recipient is not None:
        query = query.where(blocks.c.recipient == recipient)
    found: dict[str, set[int]] = defaultdict(set)
    for name, shard in await connection.execute(query):
        found[name].add(shard)
    return {name: frozenset(numbers) for name, numbers in found.items()}


def _stands(tasks: Sequence[str], now: datetime) -> ColumnElement[bool]:
    begun = actions.c.state.in_([str(one) for one in sorted(IN_FORCE)])
    own = and_(actions.c.id.in_(tasks), actions.c.state != str(State.REVERSED))
    return and_(
        blocks.c.lifted_at.is_(None),
        or_(blocks.c.until.is_(None), blocks.c.until > now),
        or_(begun, own),
    )


async def _listed_for(connection: AsyncConnection, task: Task, now: datetime) -> tuple[str, ...]:
    rows = await connection.execute(
        select(blocks.c.customer)
        .distinct()
        .join(actions, actions.c.id == blocks.c.action)
        .where(
            # The index of blocks begins with the customer.
            blocks.c.customer.in_(select(customers.c.id)),
            blocks.c.recipient == task.recipient,
            blocks.c.lever == str(Lever.ACCOUNT_LIST),
            _stands([task.id], now),
        )
        .order_by(blocks.c.customer)
    )
    return tuple(rows.scalars())


async def _refused_by_policy(connection: AsyncConnection, task: Task) -> bool:
    if task.kind is not Does.BLOCK or task.lever is not Lever.IAM_DENY:
        return False
    rows = await connection.execute(select(verdicts.c.evidence).where(verdicts.c.action == task.id))
    return any(
        str(evidence.get("status") or "").startswith(REFUSED_BY_POLICY)
        for evidence in rows.scalars()
    )


async def _stops(connection: AsyncConnection, task: Task, users: tuple[User, ...]) -> Surroundings:
    owners = {
        row.name: row.customer
        for row in await connection.execute(
            select(domains.c.name, domains.c.customer).where(domains.c.closed_at.is_(None))
        )
    }
    standing = (
        await connection.execute(
            select(actions.c.id, actions.c.kind, actions.c.customer, actions.c.domain).where(
                actions.c.kind.in_(STOPS),
                or_(
                    actions.c.state.in_([str(one) for one in sorted(STARTED)]),
                    and_(actions.c.id == task.id, actions.c.state != str(State.REVERSED)),
                ),
            )
        )
    ).fetchall()
    terminated = {row.customer for row in standing if row.kind == Does.TERMINATE}
    disabled = {row.domain: row.customer for row in standing if row.kind == Does.DISABLE}
    ended = {name for name, owner in owners.items() if owner in terminated}
    of_domain = [row.id for row in standing if row.domain == task.domain is not None]
    starts = ("sending:", *(f"key:{one.name}/" for one in users))
    own = sorted(name for name, owner in owners.items() if owner == task.customer)
    return Surroundings(
        users=users,
        domains=tuple(own),
        registered=frozenset(owners),
        closed=not own if task.domain is None else task.domain not in owners,
        off=frozenset({*disabled, *ended}),
        disabled=frozenset(name for name, owner in disabled.items() if owner == task.customer),
        terminated=task.customer in terminated,
        impostors=await _impostors(connection, of_domain),
        holds=await holds.beginning(connection, starts),
    )


async def _impostors(connection: AsyncConnection, disables: list[str]) -> frozenset[str]:
    """Return the IAM users that the evidence of disables shows sending as somebody else."""
    rows = await connection.execute(
        select(verdicts.c.evidence).where(
            verdicts.c.action.in_(disables), verdicts.c.withdrawn_at.is_(None)
        )
    )
    named = {str(one.get("event")) for each in rows.scalars() for one in strikes_in(each)}
    found: set[str] = set()
    for part in chunks(sorted(bytes.fromhex(one) for one in named - {"None"})):
        callers = await connection.execute(
            select(events.c.caller, events.c.flags).where(
                events.c.key.in_(part), events.c.caller.is_not(None)
            )
        )
        found |= {row.caller for row in callers if Flag.FOREIGN_CALLER in row.flags.split()}
    return frozenset(found)
