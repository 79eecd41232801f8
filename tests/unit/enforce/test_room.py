"""The account has a quota of policies, and a block without room waits for some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.enforce import denying
from sesauditd.enforce.denying import Attachments
from sesauditd.enforce.shards import POLICIES_OF_AN_ACCOUNT
from sesauditd.model.execution import Fill
from sesauditd.store import tables
from tests.support import feedback as ses
from tests.support.enforcing import Enforcing, enforcing
from tests.unit.enforce.test_blocking import POLICY, attach_others, denied
from tests.unit.enforce.test_reconcile import compare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

READER = "reader" + "x" * 200 + "@x.example"
OF_M = POLICY.replace("-k-", "-m-")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Enforcing]:
    """Return a program in which another customer reaches the reader."""
    async with enforcing(tmp_path) as opened:
        await opened.program.feed([ses.delivery(READER, ses.at(1), domain="other.example")])
        yield opened


async def state(one: Enforcing, recipient: str = READER) -> tuple[str, str, str]:
    """Return state, lever and words of a recipient's newest action."""
    row: Any = (await one.actions(recipient=recipient))[-1]
    return row["state"], row["lever"], row["outcome"] or ""


@pytest.mark.parametrize(
    ("others", "room"),
    [(0, 10), (POLICIES_OF_AN_ACCOUNT - 10, 10), (POLICIES_OF_AN_ACCOUNT - 9, 9),
     (POLICIES_OF_AN_ACCOUNT - 1, 1), (POLICIES_OF_AN_ACCOUNT, 0), (POLICIES_OF_AN_ACCOUNT + 5, 0)],
)  # fmt: skip
def test_a_customer_has_the_room_that_the_account_leaves(others: int, room: int) -> None:
    attached = Attachments(of_users={"site-k": frozenset()})
    assert attached.room([], others=others).policies == room


@pytest.mark.parametrize(("policies", "percent"), [(1199, 79), (1200, 80), (1500, 100)])
def test_the_account_is_full_by_its_policies(policies: int, percent: int) -> None:
    fill = Fill(
        customer="k",
        percent=1,
        characters=0,
        addresses=0,
        policies=1,
        room=10,
        of_account=policies,
        room_of_account=POLICIES_OF_AN_ACCOUNT,
    )
    assert fill.percent_of_account == percent


async def test_the_quota_of_the_account_is_counted_before_a_policy_is_made(
    one: Enforcing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denying, "POLICIES_OF_AN_ACCOUNT", 1)
    await one.decide("block", "p@x.example", "other.example", "asked")
    await one.tick()
    assert denied(one, OF_M) == ["p@x.example"]
    (told,) = await one.rows(tables.notices, tables.notices.c.id, kind="trouble")
    assert "account's quota of IAM policies is 100 % taken" in told["facts"]["summary"]
    await one.decide("block", READER, "a.example", "asked")
    await one.decide("block", "nobody@x.example", "a.example", "asked")
    await one.tick()
    assert list(one.access.policies) == [OF_M]
    assert list(one.mail.listed) == ["nobody@x.example"]
    assert (await state(one))[0] == "failed"
    await one.decide("unblock", "p@x.example", "other.example", "fixed")
    await one.settle()
    await one.settle()
    assert list(one.access.policies) == [POLICY]
    assert denied(one) == [READER]
    assert (await state(one))[0] == "done"


async def test_a_block_without_room_is_set_when_another_is_lifted(one: Enforcing) -> None:
    attach_others(one, 9)
    people = [f"{number:03d}{'x' * 230}@x.example" for number in range(24)]
    for person in people:
        await one.decide("block", person, "a.example", "asked")
    await one.tick()
    await one.decide("block", READER, "a.example", "asked")
    await one.tick()
    assert (await state(one))[0] == "failed"
    told = await one.notices()
    await one.settle()
    assert (await state(one))[0] == "failed"
    await one.decide("unblock", denied(one)[0], "a.example", "fixed")
    await one.settle()
    await one.settle()
    assert (await state(one))[:2] == ("done", "iam_deny")
    assert READER in denied(one)
    assert await one.notices() == told


async def test_a_block_without_room_is_tried_again_each_night(one: Enforcing) -> None:
    attach_others(one, 10)
    await one.decide("block", READER, "a.example", "asked")
    await one.tick()
    told = await one.notices()
    await compare(one)
    assert (await state(one))[0] == "failed"
    assert await one.notices() == told
    one.access.users["site-k"].attached.pop()
    await compare(one)
    assert (await state(one))[0] == "done"
    assert denied(one) == [READER]


async def test_a_block_that_failed_for_another_reason_is_not_tried_for_room(
    one: Enforcing,
) -> None:
    await one.decide("block", "*@x.example", "a.example", "asked")
    await one.tick()
    before = (await one.actions())[0]
    await compare(one)
    assert (await one.actions())[0]["attempts"] == before["attempts"]
