"""What AWS was seen to hold, taken from the journal's seals into a database that is rebuilt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, null, select, update

from sesauditd.model.actions import State
from sesauditd.store import executions, seals
from sesauditd.store.statements import upsert
from sesauditd.store.tables import actions, blocks, observations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.store.journal_copies import Entry

KIND = seals.KIND
POLICY = re.compile(r"policy:.*-(\d+)$")
"""The knob of one of a customer's policies, by its number."""


async def stand(connection: AsyncConnection, entry: Entry) -> None:
    """Have actions and holds stand as one seal says that they stood."""
    for name, facts in entry.facts.get("levers", {}).items():
        if facts is not None:
            await _action(connection, name, facts, entry)
    for name, facts in entry.facts.get("holds", {}).items():
        await _hold(connection, name, facts, entry)


async def _action(
    connection: AsyncConnection, name: str, facts: Mapping[str, Any], entry: Entry
) -> None:
    row = (await connection.execute(select(actions).where(actions.c.id == name))).first()
    if row is None:
        return
    state = str(facts["state"])
    if state == State.EXPIRED and row.state != State.EXPIRED:
        # That it ended was noted in the same transaction in which its reverse was asked for.
        await executions.end(connection, row, entry.at)
    await connection.execute(
        update(actions)
        .where(actions.c.id == name)
        .values(
            state=state,
            before=_json(facts["before"]),
            after=_json(facts["after"]),
            attempts=max(row.attempts, 1),
            attempted_at=row.attempted_at or entry.at,
            changed_at=entry.at,
        )
    )
    places = [POLICY.search(knob) for knob in {**(facts["before"] or {}), **(facts["after"] or {})}]
    numbers = sorted(int(found[1]) for found in places if found)
    if numbers and state not in {State.EXPIRED, State.REVERSED}:
        await connection.execute(
            update(blocks).where(blocks.c.action == name).values(shard=numbers[-1])
        )


def _json(position: Mapping[str, Any] | None) -> object:
    """Return a value for a JSON column that is empty, and no JSON null, where nothing was seen."""
    return null() if position is None else position


async def _hold(
    connection: AsyncConnection, name: str, facts: Mapping[str, Any] | None, entry: Entry
) -> None:
    if facts is None:
        await connection.execute(delete(observations).where(observations.c.name == name))
        return
    held = {"facts": dict(facts), "at": entry.at}
    await connection.execute(
        upsert(connection, observations)
        .values(name=name, **held)
        .on_conflict_do_update(index_elements=["name"], set_=held)
    )
