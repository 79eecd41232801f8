"""Each night what was lost on AWS is put back, what we left is taken, and nothing is lifted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.enforce.levers import Levers
from sesauditd.enforce.reconcile import Reconcile, Reconciled
from sesauditd.enforce.turning import Turner
from sesauditd.errors import Forbidden, Unavailable
from sesauditd.store.standing import Standings
from tests.support import feedback as ses
from tests.support.enforcing import NAMES, Enforcing, enforcing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

POLICY = "arn:aws:iam::123456789012:policy/sesaudit/block-k-1"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Enforcing]:
    """Return an account where everything that can stand stands."""
    async with enforcing(tmp_path) as opened:
        await opened.adopt("t.example", "t", user="site-t")
        for person in ("p@x.example", "q@x.example"):
            await opened.decide("block", person, "a.example", "asked")
        await opened.program.feed([ses.bounce("Gone@x.example", ses.at(1))])
        await opened.decide("disable", "a.example", "hacked")
        await opened.decide("terminate", "t", "ended")
        await opened.tick()
        yield opened


async def compare(one: Enforcing) -> Reconciled:
    """Compare as the nightly job does, and carry out what it asks for."""
    levers = Levers.at(NAMES, one.mail, one.access)
    standing = Standings(one.program.application.database)
    reconcile = Reconcile(
        standing=standing,
        stops=levers,
        denying=levers.blocking.denying,
        mail=one.mail,
        turner=Turner(patience_seconds=(0.0,)),
        unexplained=levers.unexplained(standing, lambda: None),
        beat=lambda: None,
    )
    found = await reconcile.run(one.program.now[0])
    one.restart()
    await one.tick()
    return found


async def test_where_nothing_was_lost_nothing_is_done(one: Enforcing) -> None:
    written, told = len(one.changes), await one.notices()
    found = await compare(one)
    assert found == Reconciled(compared=5)
    assert len(one.changes) == written
    assert await one.notices() == told


def _policy_gone(one: Enforcing) -> None:
    del one.access.policies[POLICY]
    one.access.users["site-k"].attached.clear()


def _address_gone(one: Enforcing) -> None:
    statement: Any = one.access.policies[POLICY]["Statement"][0]
    statement["Condition"]["ForAnyValue:StringEqualsIgnoreCase"]["ses:Recipients"].remove(
        "p@x.example"
    )


def _allowed(one: Enforcing) -> None:
    one.access.policies[POLICY]["Statement"][0]["Effect"] = "Allow"


LOSSES: list[Callable[[Enforcing], object]] = [
    _policy_gone,
    _address_gone,
    _allowed,
    lambda one: one.access.users["site-k"].attached.clear(),
    lambda one: one.access.users["site-k"].inline.clear(),
    lambda one: one.access.users["site-t"].inline.clear(),
    lambda one: one.access.users["site-t"].keys.update({"AKIA1site-t": True}),
    lambda one: one.access.users["site-t"].keys.update({"AKIA3site-t": True}),
    lambda one: one.mail.sets.update({"set-a-example": True}),
    lambda one: one.mail.sets.update({"set-t-example": True}),
    lambda one: one.mail.listed.clear(),
]


@pytest.mark.parametrize(
    "lose",
    LOSSES,
    ids=[
        "policy gone",
        "address gone",
        "turned into an allow",
        "detached",
        "domain's deny gone",
        "customer's deny gone",
        "key turned on",
        "new key",
        "set turned on",
        "ended customer's set turned on",
        "list emptied",
    ],
)
async def test_what_was_lost_is_put_back_once(
    one: Enforcing, lose: Callable[[Enforcing], object]
) -> None:
    one.access.users["site-t"].keys["AKIA3site-t"] = False
    before, told = one.world(), await one.notices()
    lose(one)
    assert one.world() != before
    found = await compare(one)
    assert found.mended
    assert one.world() == before
    assert (await compare(one)).mended == 0
    assert await one.notices() == told
    assert {state for _, state in await one.states()} == {"done"}
    assert all(row["before"] is not None and row["after"] for row in await one.actions())


@pytest.mark.parametrize(
    ("twin", "method"),
    [
        ("mail", "suppressed_addresses"),
        ("mail", "sending_enabled"),
        ("access", "attached"),
        ("access", "policy"),
        ("access", "inline_policy"),
        ("access", "keys"),
    ],
)
@pytest.mark.parametrize(
    "error",
    [Unavailable("truncated"), pytest.param(Forbidden("no"), marks=pytest.mark.slow)],
    ids=["away", "no"],
)
async def test_what_cannot_be_read_changes_nothing(
    one: Enforcing, twin: str, method: str, error: Any
) -> None:
    written = len(one.changes)
    getattr(one, twin).failures.fail(method, error, times=20)
    levers = Levers.at(NAMES, one.mail, one.access)
    standing = Standings(one.program.application.database)
    found = await Reconcile(
        standing=standing,
        stops=levers,
        denying=levers.blocking.denying,
        mail=one.mail,
        turner=Turner(patience_seconds=()),
        unexplained=levers.unexplained(standing, lambda: None),
        beat=lambda: None,
    ).run(one.program.now[0])
    assert found.mended == 0
    assert found.unseen
    getattr(one, twin).failures.heal()
    await one.tick()
    assert len(one.changes) == written


async def test_what_others_wrote_into_a_policy_is_told_and_left(one: Enforcing) -> None:
    statement: Any = one.access.policies[POLICY]["Statement"][0]
    listed = statement["Condition"]["ForAnyValue:StringEqualsIgnoreCase"]["ses:Recipients"]
    listed.append("z@x.example")
    before = one.world()
    found = await compare(one)
    assert found.mended == 0
    assert found.strange == ("block-k-1 also denies 1 addresses that were never blocked here",)
    assert one.world() == before


async def test_an_address_that_we_left_is_taken_away(one: Enforcing) -> None:
    await one.decide("block", "r@x.example", "a.example", "asked")
    await one.tick()
    late = one.access.policies[POLICY]
    await one.decide("unblock", "r@x.example", "a.example", "fixed")
    await one.tick()
    before = one.world()
    one.access.policies[POLICY] = late
    assert (await compare(one)).mended == 1
    assert one.world() == before


async def test_a_policy_that_we_left_is_taken_away(one: Enforcing) -> None:
    late = one.access.policies[POLICY]
    for person in ("p@x.example", "q@x.example"):
        await one.decide("unblock", person, "a.example", "fixed")
    await one.tick()
    before = one.world()
    arn = POLICY.replace("-1", "-3")
    one.access.policies[arn] = late
    one.access.users["site-k"].attached.append(arn)
    assert (await compare(one)).mended == 2
    assert one.world() == before


async def test_a_deny_that_came_back_after_a_reinstatement_is_taken_away(one: Enforcing) -> None:
    late = dict(one.access.users["site-k"].inline)
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    before, told = one.world(), await one.notices()
    one.access.users["site-k"].inline.update(late)
    assert (await compare(one)).mended == 1
    assert one.world() == before
    assert await one.notices() == told


async def test_everything_undone_is_as_it_was_before(tmp_path: Path) -> None:
    async with enforcing(tmp_path) as one:
        before = one.world()
        await one.decide("block", "p@x.example", "a.example", "asked")
        await one.decide("disable", "a.example", "hacked")
        await one.tick()
        one.access.users["site-k"].inline.clear()
        _policy_gone(one)
        await compare(one)
        await one.decide("unblock", "p@x.example", "a.example", "fixed")
        await one.decide("reinstate", "a.example", "cleaned")
        await one.tick()
        assert one.world() == before
        assert (await compare(one)).mended == 0
        assert one.world() == before


async def test_a_user_that_became_shared_before_the_night_is_let_go_of_and_stays_free(
    one: Enforcing,
) -> None:
    await one.decide("block", "r@x.example", "other.example", "asked")
    await one.tick()
    assert one.access.users["site-m"].attached == [POLICY.replace("-k-", "-m-")]
    await one.program.adopt("b.example", "k", iam_user="site-m")
    await compare(one)
    assert one.access.users["site-m"].attached == []
    (row,) = await one.actions(recipient="r@x.example", kind="block_recipient")
    assert row["state"] == "failed"
    assert "site-m is left alone: k, m share it" in row["outcome"]
    written = len(one.changes)
    found = await compare(one)
    assert (found.mended, found.strange, found.unseen) == (0, (), ())
    assert len(one.changes) == written
