"""What is requested is done on AWS, read back, and undone exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import feedback as ses
from tests.support.enforcing import Enforcing, enforcing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Enforcing]:
    """Return a program with an executor over twins."""
    async with enforcing(tmp_path) as opened:
        yield opened


async def test_a_domain_is_disabled_by_both_levers_and_reinstated_exactly(one: Enforcing) -> None:
    before = one.world()
    await one.decide("disable", "a.example", "site was hacked")
    assert await one.tick() == 1
    assert one.mail.sets == {
        "set-a-example": False,
        "set-b-example": True,
        "set-other-example": True,
    }
    (document,) = one.access.users["site-k"].inline.values()
    (statement,) = document["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [
        f"arn:aws:ses:eu-west-1:123456789012:identity/{each}"
        for each in ("a.example", "*.a.example", "*@a.example", "*@*.a.example")
    ]
    assert await one.states() == [("disable_domain", "done")]
    assert await one.notices() == [("action_done", ""), ("disabled", "k")]
    await one.decide("reinstate", "a.example", "plugin removed")
    assert await one.tick() == 1
    assert one.world() == before
    assert await one.states() == [("disable_domain", "reversed"), ("reinstate_domain", "done")]


async def test_a_termination_takes_access_and_gives_back_only_what_it_took(one: Enforcing) -> None:
    one.access.users["site-k"].keys["AKIA2site-k"] = False
    before = one.world()
    await one.decide("terminate", "k", "contract ended")
    await one.tick()
    assert one.access.users["site-k"].keys == {"AKIA1site-k": False, "AKIA2site-k": False}
    assert one.access.users["site-k"].inline["sesaudit-terminate"]["Statement"][0]["Resource"] == [
        "*"
    ]
    assert one.mail.sets == {
        "set-a-example": False,
        "set-b-example": False,
        "set-other-example": True,
    }
    await one.decide("restore", "k", "misunderstanding")
    await one.tick()
    assert one.world() == before


async def test_a_block_denies_and_an_unblock_leaves_nothing(one: Enforcing) -> None:
    before = one.world()
    await one.decide("block", "p@x.example", "a.example", "asked by phone")
    await one.tick()
    (arn,) = one.access.users["site-k"].attached
    assert arn == "arn:aws:iam::123456789012:policy/sesaudit/block-k-1"
    assert one.access.users["site-m"].attached == []
    await one.decide("unblock", "p@x.example", "a.example", "fixed")
    await one.tick()
    assert one.world() == before


async def test_a_dead_mailbox_goes_on_the_accounts_list_in_awss_own_spelling(
    one: Enforcing,
) -> None:
    await one.program.feed([ses.bounce("Gone@X.example", ses.at(1))])
    await one.tick()
    assert one.mail.listed == {"Gone@X.example": "BOUNCE"}
    assert await one.states() == [("block_recipient", "done")]
