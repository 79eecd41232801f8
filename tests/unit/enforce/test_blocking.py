"""Blocks: whom they stop, what they leave alone, and how they end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Forbidden
from sesauditd.store import tables
from tests.support import feedback as ses
from tests.support.enforcing import Enforcing, enforcing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

POLICY = "arn:aws:iam::123456789012:policy/sesaudit/block-k-1"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Enforcing]:
    """Return a program with an executor over twins."""
    async with enforcing(tmp_path) as opened:
        yield opened


def denied(one: Enforcing, arn: str = POLICY) -> list[str]:
    """Return whom a customer's policy denies."""
    found: Any = one.access.policies.get(arn)
    if found is None:
        return []
    (condition,) = found["Statement"][0]["Condition"].values()
    return list(condition["ses:Recipients"])


async def outcome(one: Enforcing, **where: Any) -> tuple[str, str]:
    """Return state and words of the newest action."""
    row = (await one.actions(**where))[-1]
    return row["state"], row["outcome"] or ""


async def test_one_policy_holds_all_blocks_of_a_customer_and_only_that_customers(
    one: Enforcing,
) -> None:
    for person in ("p@x.example", "a@x.example"):
        await one.decide("block", person, "a.example", "asked")
    await one.decide("block", "q@x.example", "other.example", "asked")
    await one.tick()
    assert denied(one) == ["a@x.example", "p@x.example"]
    assert denied(one, POLICY.replace("-k-", "-m-")) == ["q@x.example"]
    assert one.access.users["site-k"].attached == [POLICY]
    await one.decide("unblock", "a@x.example", "a.example", "fixed")
    await one.tick()
    assert denied(one) == ["p@x.example"]


async def test_every_iam_user_of_the_customer_is_denied(one: Enforcing) -> None:
    await one.adopt("c.example", user="second-k")
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.tick()
    assert one.access.users["second-k"].attached == [POLICY]


async def test_a_user_that_two_customers_share_is_refused_saying_why(one: Enforcing) -> None:
    await one.program.adopt("a.example", iam_user="site-m")
    await one.decide("block", "p@x.example", "other.example", "asked")
    await one.tick()
    state, words = await outcome(one)
    assert state == "failed"
    assert "site-m" in words
    assert "k, m share it" in words
    assert one.changes == []


async def test_without_an_iam_user_nobody_can_be_denied(one: Enforcing) -> None:
    await one.adopt("lone.example", "n")
    await one.decide("block", "p@x.example", "lone.example", "asked")
    await one.tick()
    state, words = await outcome(one)
    assert state == "failed"
    assert "no IAM user is registered" in words
    assert await one.notices() == [("action_failed", "")]


async def test_an_address_that_no_policy_can_name_fails_and_the_others_stay(
    one: Enforcing,
) -> None:
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.decide("block", "*@x.example", "a.example", "asked")
    await one.decide("block", "q@x.example", "a.example", "asked")
    await one.tick()
    assert denied(one) == ["p@x.example", "q@x.example"]
    assert sorted(state for _, state in await one.states()) == ["done", "done", "failed"]


async def test_a_dead_mailbox_stays_listed_while_any_customer_has_it_blocked(
    one: Enforcing,
) -> None:
    await one.program.feed([ses.bounce("gone@x.example", ses.at(1))])
    await one.program.feed([ses.bounce("gone@x.example", ses.at(2), domain="other.example")])
    await one.tick()
    assert one.mail.failures.changes == ["suppress"]
    await one.decide("unblock", "gone@x.example", "a.example", "back")
    await one.tick()
    assert one.mail.listed == {"gone@x.example": "BOUNCE"}
    state, words = await outcome(one, kind="unblock_recipient")
    assert state == "done"
    assert "also blocked for m" in words
    await one.decide("unblock", "gone@x.example", "other.example", "back")
    await one.tick()
    assert one.mail.listed == {}


async def test_ses_had_listed_it_before_us(one: Enforcing) -> None:
    one.mail.listed["Gone@x.example"] = "BOUNCE"
    await one.program.feed([ses.bounce("Gone@x.example", ses.at(1))])
    await one.tick()
    (row,) = await one.actions()
    assert row["before"] == {"listed:gone@x.example": True}
    assert one.changes == []


async def test_an_unblock_by_an_operator_takes_every_spelling_off(one: Enforcing) -> None:
    one.mail.listed.update({"Gone@x.example": "BOUNCE", "gone@X.example": "BOUNCE"})
    one.mail.listed["other@x.example"] = "BOUNCE"
    await one.program.feed([ses.bounce("gone@x.example", ses.at(1))])
    await one.tick()
    await one.decide("unblock", "gone@x.example", "a.example", "back")
    await one.tick()
    assert one.mail.listed == {"other@x.example": "BOUNCE"}


async def test_a_sender_that_was_refused_is_blocked_for_him_alone(one: Enforcing) -> None:
    one.mail.listed["p@x.example"] = "BOUNCE"
    await one.program.feed([ses.bounce("p@x.example", ses.at(1), status="5.7.1")])
    await one.tick()
    assert denied(one) == ["p@x.example"]
    assert one.mail.listed == {}


async def test_a_block_that_is_over_is_taken_away_once(one: Enforcing) -> None:
    before = one.world()
    await one.program.feed([ses.bounce("p@x.example", ses.at(6), status="5.7.1")])
    await one.tick()
    assert denied(one) == ["p@x.example"]
    await one.settle(hours=31 * 24)
    assert one.world() == before
    assert await one.states() == [("block_recipient", "expired"), ("unblock_recipient", "done")]
    written = len(one.changes)
    await one.settle(hours=24)
    assert len(one.changes) == written
    assert await one.notices() == []


async def test_a_block_that_was_over_and_became_one_for_good_is_set_again(one: Enforcing) -> None:
    start = ses.at(6)
    await one.program.feed([ses.bounce("p@x.example", start, status="5.7.1")])
    await one.tick()
    await one.settle(hours=31 * 24)
    assert denied(one) == []
    late = ses.bounce("p@x.example", start + timedelta(days=2), status="5.1.1")
    await one.program.feed([late])
    await one.tick()
    assert one.mail.listed == {"p@x.example": "BOUNCE"}
    assert ("block_recipient", "done") in await one.states()
    await one.decide("unblock", "p@x.example", "a.example", "back")
    await one.tick()
    assert one.mail.listed == {}
    assert await one.states() == [("block_recipient", "reversed"), ("unblock_recipient", "done")]


async def test_a_block_that_moves_to_the_accounts_list_leaves_the_policy(one: Enforcing) -> None:
    await one.program.feed([ses.bounce("p@x.example", ses.at(5), status="5.7.1")])
    await one.tick()
    assert denied(one) == ["p@x.example"]
    await one.program.feed([ses.bounce("p@x.example", ses.at(6), status="5.1.1")])
    await one.tick()
    assert denied(one) == []
    assert one.mail.listed == {"p@x.example": "BOUNCE"}


async def test_the_customers_own_people_are_never_denied(one: Enforcing) -> None:
    await one.program.feed([ses.bounce("owner@k-home.example", ses.at(1), status="5.7.1")])
    await one.tick()
    state, words = await outcome(one)
    assert state == "done"
    assert "nothing on AWS" in words
    assert one.changes == []


async def test_an_emptied_answer_lifts_nothing(one: Enforcing) -> None:
    await one.program.feed([ses.bounce("gone@x.example", ses.at(1))])
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.tick()
    written = len(one.changes)
    await one.settle(hours=24)
    assert len(one.changes) == written


async def test_a_user_that_is_registered_later_is_denied_at_once(one: Enforcing) -> None:
    for person in ("p@x.example", "q@x.example"):
        await one.decide("block", person, "a.example", "asked")
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    told = await one.notices()
    written = len(one.changes)
    await one.adopt("c.example", user="second-k")
    await one.tick()
    newcomer = one.access.users["second-k"]
    assert newcomer.attached == [POLICY]
    assert list(newcomer.inline) == ["sesaudit-disable-a.example"]
    assert sorted(one.changes[written:]) == ["attach", "put_inline"]
    assert {state for _, state in await one.states()} == {"done"}
    assert await one.notices() == told


async def test_a_block_that_failed_for_want_of_a_user_is_set_when_there_is_one(
    one: Enforcing,
) -> None:
    await one.adopt("lone.example", "n")
    await one.decide("block", "p@x.example", "lone.example", "asked")
    await one.tick()
    await one.adopt("lone.example", "n", user="site-n")
    await one.tick()
    assert denied(one, POLICY.replace("-k-", "-n-")) == ["p@x.example"]
    assert (await outcome(one))[0] == "done"


async def test_a_new_block_rewrites_one_policy_of_many(one: Enforcing) -> None:
    people = [f"{number}{'x' * 230}@x.example" for number in range(60)]
    for person in people:
        await one.decide("block", person, "a.example", "asked")
    await one.tick()
    arns = one.access.users["site-k"].attached
    assert [arn[-1] for arn in arns] == ["1", "2", "3"]
    assert sorted(each for arn in arns for each in denied(one, arn)) == sorted(people)
    assert one.access.failures.changes == ["put_policy", "attach"] * 3
    await one.decide("block", "new@x.example", "a.example", "asked")
    await one.tick()
    assert one.access.failures.changes[6:] == ["put_policy"]
    await one.decide("unblock", people[0], "a.example", "fixed")
    await one.tick()
    assert one.access.failures.changes[7:] == ["put_policy"]


async def test_everything_unblocked_leaves_no_policy(one: Enforcing) -> None:
    before = one.world()
    people = [f"{number}{'x' * 230}@x.example" for number in range(30)]
    for person in people:
        await one.decide("block", person, "a.example", "asked")
    await one.tick()
    for person in people:
        await one.decide("unblock", person, "a.example", "fixed")
    await one.tick()
    assert one.world() == before
    assert all(row["shard"] is None for row in await one.rows(tables.blocks, tables.blocks.c.since))


def attach_others(one: Enforcing, count: int) -> None:
    """Let somebody else take the customer's room for policies."""
    for number in range(count):
        arn = f"arn:aws:iam::123456789012:policy/other-{number}"
        one.access.policies[arn] = {}
        one.access.users["site-k"].attached.append(arn)


async def test_what_has_no_room_goes_to_the_accounts_list_and_back(one: Enforcing) -> None:
    attach_others(one, 9)
    before = one.world()
    people = [f"{number:03d}{'x' * 230}@x.example" for number in range(30)]
    for person in people:
        await one.decide("block", person, "a.example", "asked")
    await one.tick()
    assert {state for _, state in await one.states()} == {"done"}
    named = denied(one)
    assert sorted([*named, *one.mail.listed]) == people
    assert 20 < len(named) < 30
    moved = next(row for row in await one.actions() if row["recipient"] == people[-1])
    assert moved["lever"] == "account_list"
    assert "policies are full" in moved["outcome"]
    assert [kind for kind, _ in await one.notices()] == ["trouble"]
    for person in people:
        await one.decide("unblock", person, "a.example", "fixed")
    await one.tick()
    assert one.world() == before


async def test_the_accounts_list_does_not_cut_off_another_customers_reader(
    one: Enforcing,
) -> None:
    attach_others(one, 10)
    reader = "reader@x.example"
    await one.program.feed([ses.delivery(reader, ses.at(1), domain="other.example")])
    await one.decide("block", reader, "a.example", "asked")
    await one.decide("block", "nobody@x.example", "a.example", "asked")
    await one.tick()
    assert list(one.mail.listed) == ["nobody@x.example"]
    state, words = await outcome(one, recipient=reader)
    assert state == "failed"
    assert "another customer's mail" in words
    assert ("action_failed", "") in await one.notices()


async def test_a_delivery_of_long_ago_protects_nobody(one: Enforcing) -> None:
    attach_others(one, 10)
    reader = "reader@x.example"
    await one.program.feed([ses.delivery(reader, ses.at(1), domain="other.example")])
    one.program.now[0] += timedelta(days=100)
    await one.decide("block", reader, "a.example", "asked")
    await one.tick()
    assert list(one.mail.listed) == [reader]


@pytest.mark.parametrize("method", ["put_policy", "attach"])
async def test_iam_says_that_a_quota_is_used_up(one: Enforcing, method: str) -> None:
    before = one.world()
    refusal = Forbidden("IAM: LimitExceeded", "LimitExceeded")
    one.access.failures.fail(method, refusal)
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.tick()
    assert list(one.mail.listed) == ["p@x.example"]
    assert (await outcome(one))[0] == "done"
    await one.decide("unblock", "p@x.example", "a.example", "fixed")
    await one.tick()
    assert one.world() == before


async def test_a_right_that_is_lacking_is_no_reason_for_the_accounts_list(one: Enforcing) -> None:
    one.access.failures.fail("put_policy", Forbidden("IAM: AccessDenied", "AccessDenied"))
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.tick()
    assert one.mail.listed == {}
    assert (await outcome(one))[0] == "failed"


async def test_nearly_full_is_told_once_and_again_after_it_was_emptied(one: Enforcing) -> None:
    attach_others(one, 9)
    people = [f"{number:03d}{'x' * 230}@x.example" for number in range(20)]
    for person in people[:15]:
        await one.decide("block", person, "a.example", "asked")
    await one.tick()
    assert await one.notices() == []
    for person in people[15:]:
        await one.decide("block", person, "a.example", "asked")
    await one.tick()
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.tick()
    (told,) = await one.rows(tables.notices, tables.notices.c.id, kind="trouble")
    assert "% full" in told["facts"]["summary"]
    for person in people[8:]:
        await one.decide("unblock", person, "a.example", "fixed")
    await one.settle()
    for person in people[8:]:
        await one.decide("block", person, "a.example", "asked")
    await one.tick()
    assert len(await one.rows(tables.notices, tables.notices.c.id, kind="trouble")) == 2


async def test_a_domain_that_becomes_the_customers_own_is_denied_no_more(one: Enforcing) -> None:
    await one.decide("block", "p@home.example", "a.example", "asked")
    await one.decide("block", "q@x.example", "a.example", "asked")
    await one.tick()
    assert denied(one) == ["p@home.example", "q@x.example"]
    await one.adopt("home.example")
    await one.tick()
    assert denied(one) == ["q@x.example"]
    state, words = await outcome(one, recipient="p@home.example")
    assert state == "done"
    assert "customer's own" in words
