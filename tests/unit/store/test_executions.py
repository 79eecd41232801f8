"""The outbox of actions: what is due, who may begin it, whose word is the last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.actions import Lever, State
from sesauditd.model.execution import Hold, Outcome, Task
from sesauditd.store import executions, holds, tables
from sesauditd.store.executions import Executions
from tests.support import feedback as ses
from tests.support.running import NOW, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LATER = NOW + timedelta(hours=1)
DONE = Outcome(state=State.DONE, after={"sending:set": False})


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Running]:
    """Return a running program with one customer."""
    async with running(tmp_path) as one:
        await one.adopt(iam_user="site-k")
        yield one


@pytest.fixture
def outbox(program: Running) -> Executions:
    return Executions(program.application.database)


async def decide(program: Running, name: str, *given: Any) -> Any:
    """Take one decision in a transaction of its own."""
    async with program.application.deciding("operator:test") as decisions:
        return await getattr(decisions, name)(*given)


async def disabled(program: Running, outbox: Executions) -> Task:
    """Return a disable that is due."""
    await decide(program, "disable", "a.example", "hacked")
    (task,) = await outbox.due(NOW, 10)
    return task


async def row_of(program: Running, task: Task) -> dict[str, Any]:
    """Return the action's row."""
    query = tables.actions.select().where(tables.actions.c.id == task.id)
    async with program.application.database.read() as connection:
        return dict((await connection.execute(query)).mappings().one())


async def held(program: Running) -> dict[str, Any]:
    """Return every hold."""
    async with program.application.database.read() as connection:
        return dict(await holds.beginning(connection, [""]))


async def test_the_intent_is_written_with_what_stood_before(
    program: Running, outbox: Executions
) -> None:
    task = await disabled(program, outbox)
    hold = Hold(knob="sending:set", facts={"domain": "a.example"})
    assert await outbox.begin(task, {"sending:set": True}, [hold], NOW)
    row = await row_of(program, task)
    assert (row["state"], row["attempts"], row["attempted_at"]) == ("attempted", 1, NOW)
    assert row["before"] == {"sending:set": True}
    assert await held(program) == {"sending:set": {"domain": "a.example"}}


async def test_an_attempt_that_a_crash_left_is_due_and_keeps_what_stood_before(
    program: Running, outbox: Executions
) -> None:
    task = await disabled(program, outbox)
    await outbox.begin(task, {"sending:set": True}, [], NOW)
    (again,) = await outbox.due(NOW, 10)
    assert again == replace(task, state=State.ATTEMPTED, attempts=1)
    await outbox.begin(again, {"sending:set": False, "inline:u/p": None}, [], LATER)
    row = await row_of(program, task)
    assert row["before"] == {"sending:set": True, "inline:u/p": None}
    assert row["attempts"] == 2


async def test_a_hold_is_taken_once_and_let_go_with_the_outcome(
    program: Running, outbox: Executions
) -> None:
    task = await disabled(program, outbox)
    await outbox.begin(task, {}, [Hold(knob="sending:set", facts={"domain": "first"})], NOW)
    async with program.application.database.write() as connection:
        await holds.take(connection, [Hold(knob="sending:set", facts={"domain": "second"})], NOW)
    assert await held(program) == {"sending:set": {"domain": "first"}}
    await outbox.finish(task, replace(DONE, released=("sending:set",)), NOW)
    assert await held(program) == {}


async def test_only_one_of_two_begins(program: Running, outbox: Executions) -> None:
    task = await disabled(program, outbox)
    assert await outbox.begin(task, {}, [], NOW)
    assert not await outbox.begin(task, {}, [], NOW)


async def test_what_an_operator_cancelled_does_not_begin(
    program: Running, outbox: Executions
) -> None:
    task = await disabled(program, outbox)
    await decide(program, "reinstate", "a.example", "a mistake")
    assert not await outbox.begin(task, {}, [], NOW)
    assert (await row_of(program, task))["state"] == "cancelled"


async def test_what_an_operator_reversed_keeps_that_state(
    program: Running, outbox: Executions
) -> None:
    task = await disabled(program, outbox)
    await outbox.begin(task, {}, [], NOW)
    await decide(program, "reinstate", "a.example", "a mistake")
    assert not await outbox.finish(task, DONE, NOW)
    assert (await row_of(program, task))["state"] == "reversed"
    assert await program.rows(tables.notices) == []
    (reverse,) = await outbox.due(NOW, 10)
    assert str(reverse.kind) == "reinstate_domain"


async def test_a_block_that_moved_to_another_lever_is_not_begun_on_the_old_one(
    program: Running, outbox: Executions
) -> None:
    await program.feed([ses.bounce("p@x.example", ses.at(5), status="5.7.1")])
    (task,) = await outbox.due(NOW, 10)
    assert task.lever is Lever.IAM_DENY
    await program.feed([ses.bounce("p@x.example", ses.at(6), status="5.1.1")])
    assert not await outbox.begin(task, {}, [], NOW)
    (moved,) = await outbox.due(NOW, 10)
    assert moved.lever is Lever.ACCOUNT_LIST


@pytest.mark.parametrize("state", [State.PENDING, State.UNKNOWN])
async def test_what_waits_is_due_when_its_time_has_come(
    program: Running, outbox: Executions, state: State
) -> None:
    task = await disabled(program, outbox)
    await outbox.begin(task, {}, [], NOW)
    waits = Outcome(state=state, words="away", after={}, next_try_at=LATER, tell=False)
    assert await outbox.finish(task, waits, NOW)
    assert await outbox.due(LATER - timedelta(seconds=1), 10) == []
    (again,) = await outbox.due(LATER, 10)
    assert (again.id, again.state) == (task.id, state)


@pytest.mark.parametrize("state", ["proposed", "waiting", "shadow", "expired", "cancelled"])
async def test_what_is_held_back_is_never_due(
    program: Running, outbox: Executions, state: str
) -> None:
    await disabled(program, outbox)
    async with program.application.database.write() as connection:
        await connection.execute(tables.actions.update().values(state=state))
    assert await outbox.due(LATER, 10) == []


async def test_an_outcome_is_journaled_and_told_in_one_transaction(
    program: Running, outbox: Executions
) -> None:
    task = await disabled(program, outbox)
    await outbox.begin(task, {}, [], NOW)
    await outbox.finish(task, replace(DONE, words="only the set"), NOW)
    row = await row_of(program, task)
    assert (row["state"], row["outcome"]) == ("done", "only the set")
    assert row["after"] == {"sending:set": False}
    journaled = [row[2:4] for row in await program.rows(tables.journal)]
    assert journaled[-2:] == [("executor", "outcome"), ("store", "sealed")]
    assert len(await program.rows(tables.notices)) == 2


async def test_a_failure_that_never_began_is_written_all_the_same(
    program: Running, outbox: Executions
) -> None:
    task = await disabled(program, outbox)
    assert await outbox.finish(task, Outcome(state=State.FAILED, words="no lever"), NOW)
    row = await row_of(program, task)
    assert (row["state"], row["attempts"], row["attempted_at"]) == ("failed", 1, None)


async def test_what_is_only_requested_does_not_stand_for_its_neighbours(
    program: Running, outbox: Executions
) -> None:
    await program.adopt("b.example", iam_user="site-k")
    await decide(program, "disable", "a.example", "hacked")
    await decide(program, "disable", "b.example", "hacked")
    first, second = await outbox.due(NOW, 10)
    assert (await outbox.surroundings(first, NOW)).off == {first.domain}
    await outbox.begin(first, {}, [], NOW)
    assert (await outbox.surroundings(second, NOW)).off == {"a.example", "b.example"}


async def test_how_actions_stand_is_told_to_who_waits(program: Running, outbox: Executions) -> None:
    task = await disabled(program, outbox)
    async with program.application.database.read() as connection:
        (stands,) = await executions.standing(connection, [task.id, "unknown"])
    assert (stands.id, stands.subject, stands.state) == (task.id, "a.example", State.REQUESTED)


async def test_blocks_are_expired_once(program: Running, outbox: Executions) -> None:
    await program.feed([ses.bounce("p@x.example", ses.at(6), status="5.7.1")])
    (task,) = await outbox.due(NOW, 10)
    over = NOW + timedelta(days=40)
    assert await outbox.expire(over) == 0
    await outbox.begin(task, {}, [], NOW)
    await outbox.finish(task, DONE, NOW)
    assert await outbox.expire(NOW) == 0
    assert await outbox.expire(over) == 1
    assert await outbox.expire(over) == 0
    (reverse,) = await outbox.due(over, 10)
    assert (str(reverse.kind), reverse.actor) == ("unblock_recipient", "policy:expiry")
