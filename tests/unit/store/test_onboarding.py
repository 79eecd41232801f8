"""Steps of an onboarding: begun and done, each kept before the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.plan import Change, Verb
from sesauditd.store import onboarding
from sesauditd.store.onboarding import ACCOUNT, BEGUN, DONE, StepLog
from tests.unit.store.making import START

if TYPE_CHECKING:
    from sesauditd.store.engine import Database


def change(resource: str, verb: Verb = Verb.CREATE) -> Change:
    before = None if verb is Verb.CREATE else {"x": 1}
    return Change(resource=resource, verb=verb, before=before, after={"x": 2}, why="w")


def log(database: Database, domain: str = ACCOUNT) -> StepLog:
    return StepLog(database=database, domain=domain, clock=lambda: START)


async def test_a_step_is_begun_with_what_it_changes_and_done_in_the_same_place(
    database: Database,
) -> None:
    await log(database).begin(change("queue"))
    async with database.read() as connection:
        (found,) = await onboarding.steps(connection)
    assert (found.step, found.state, found.changed_at) == ("queue", BEGUN, START)
    assert found.detail == {"verb": "create", "before": None, "after": {"x": 2}}

    await log(database).finish(change("queue"))
    async with database.read() as connection:
        (found,) = await onboarding.steps(connection)
    assert found.state == DONE


async def test_what_was_begun_when_there_was_none_may_have_been_made(database: Database) -> None:
    await log(database).begin(change("bucket"))
    await log(database).begin(change("queue", Verb.UPDATE))
    await log(database).begin(change("topic"))
    await log(database).finish(change("topic"))
    await log(database, "a.example").begin(change("set"))
    assert await log(database).begun_creations() == {"bucket"}


async def test_interrupted_domains_are_found_and_forgotten_ones_are_not(
    database: Database,
) -> None:
    for domain in ("b.example", "a.example", "c.example", ACCOUNT):
        await log(database, domain).begin(change("set"))
    await log(database, "c.example").finish(change("set"))
    async with database.write() as connection:
        assert await onboarding.unfinished(connection) == ["a.example", "b.example"]
        await onboarding.forget(connection, "a.example")
        assert await onboarding.unfinished(connection) == ["b.example"]
        found = await onboarding.steps(connection, domain="b.example", step="set", state=BEGUN)
    assert len(found) == 1
