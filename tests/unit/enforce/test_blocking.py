"""Blocks: whom they stop, what they leave alone, and how they end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

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
