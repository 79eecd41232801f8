"""Policies of ours that no action explains are named to the operator, and stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sesauditd.enforce.compile import deny_everything, deny_identities
from sesauditd.errors import Forbidden, Missing, Unavailable
from tests.support.enforcing import NAMES, Enforcing, enforcing
from tests.unit.enforce.test_blocking import POLICY
from tests.unit.enforce.test_reconcile import compare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Enforcing]:
    """Return an account as a newer database left it, with one that knows nothing of it."""
    async with enforcing(tmp_path / "newer") as newer:
        await newer.decide("block", "p@x.example", "a.example", "asked")
        await newer.decide("disable", "b.example", "hacked")
        await newer.decide("terminate", "m", "ended")
        await newer.tick()
        async with enforcing(tmp_path / "older") as older:
            older.mail, older.access = newer.mail, newer.access
            older.restart()
            yield older


async def test_what_an_older_database_does_not_know_is_named_and_kept(one: Enforcing) -> None:
    before = json.loads(one.world())
    found = await compare(one)
    assert json.loads(one.world()) == before
    assert found.mended == 0
    assert [said.partition(":")[0] for said in found.strange] == [
        "policy block-k-1 at IAM user site-k",
        "policy sesaudit-disable-b.example at IAM user site-k",
        "policy sesaudit-terminate at IAM user site-m",
    ]
    assert all("it is kept" in said for said in found.strange)


async def test_what_was_decided_here_is_explained(one: Enforcing) -> None:
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.decide("disable", "b.example", "hacked")
    await one.decide("terminate", "m", "ended")
    await one.tick()
    assert (await compare(one)).strange == ()


async def test_what_others_attached_is_none_of_ours(one: Enforcing) -> None:
    one.access.users["site-k"].attached.clear()
    one.access.users["site-k"].inline.clear()
    one.access.users["site-m"].inline.clear()
    for arn in ("arn:aws:iam::123456789012:policy/block-k-1", POLICY.replace("block-", "other-")):
        one.access.users["site-k"].attached.append(arn)
    one.access.users["site-k"].inline["mine"] = deny_everything()
    assert (await compare(one)).strange == ()


@pytest.mark.parametrize(
    ("error", "unseen"),
    [(Unavailable("away"), 1), (Forbidden("no"), 0), (Missing("no user"), 0)],
    ids=["away", "not ours to see", "no such user"],
)
async def test_one_user_that_cannot_be_looked_at_hides_no_other(
    one: Enforcing, error: Exception, unseen: int
) -> None:
    assert isinstance(error, Unavailable | Forbidden | Missing)
    one.access.failures.fail("attached", error)
    found = await compare(one)
    assert len(found.unseen) == unseen
    assert [said.partition(":")[0] for said in found.strange] == [
        "policy sesaudit-terminate at IAM user site-m"
    ]


async def test_a_policy_of_stops_is_named_if_it_denies_what_nobody_asked_to_stop(
    one: Enforcing,
) -> None:
    user = one.access.users["site-k"]
    user.attached.clear()
    user.inline.clear()
    one.access.users["site-m"].inline.clear()
    for number, document in (
        (0, deny_everything()),
        (2, deny_identities(NAMES.identities("b.example"))),
        (3, deny_identities(NAMES.identities("other.example"))),
    ):
        arn = NAMES.stop_policy_arn("k", number)
        one.access.policies[arn] = document
        user.attached.append(arn)
    strange = (await compare(one)).strange
    assert [said.split()[1] for said in strange] == ["stop-k-0", "stop-k-2"]
    await one.decide("disable", "b.example", "hacked")
    await one.decide("terminate", "k", "ended")
    await one.tick()
    assert (await compare(one)).strange == ()
