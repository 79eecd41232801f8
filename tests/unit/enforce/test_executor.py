"""What is requested is done on AWS, read back, and undone exactly."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from sesauditd.errors import Forbidden, Missing, Unavailable, Uncertain
from sesauditd.store import tables
from tests.support import feedback as ses
from tests.support.enforcing import Enforcing, enforcing
from tests.support.twins import TwinAccess, TwinMail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class LateAccess(TwinAccess):
    """IAM that shows what was written only after some reads."""

    def __init__(self, late: int) -> None:
        super().__init__()
        self.late = late

    @override
    async def inline_policy(self, user: str, name: str) -> Any:
        found = await super().inline_policy(user, name)
        self.late -= found is not None
        return found if self.late < 0 else None


class BrokenMail(TwinMail):
    """SES whose answer is not what the program can read."""

    @override
    async def identity(self, name: str) -> Any:
        return {"a.example": {}}[name]


class BrokenAccess(TwinAccess):
    """IAM whose answer to a change is not what the program can read."""

    @override
    async def put_inline(self, user: str, name: str, document: Any) -> None:
        await super().put_inline(user, name, document)
        raise KeyError(name)


class OvertakenAccess(TwinAccess):
    """IAM during whose answer an operator decides otherwise."""

    def __init__(self, one: Enforcing) -> None:
        super().__init__()
        self.one = one

    @override
    async def put_inline(self, user: str, name: str, document: Any) -> None:
        await super().put_inline(user, name, document)
        await self.one.decide("reinstate", "a.example", "a mistake")


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
        for each in ("a.example", "*.a.example", "*@a.example")
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


async def test_what_nobody_asked_for_changes_nothing(tmp_path: Path) -> None:
    async with enforcing(tmp_path / "shadow", 'mode = "shadow"') as one:
        await one.program.feed([ses.bounce("gone@x.example", ses.at(1))])
        await one.program.feed([ses.reject("p@x.example", ses.at(6))])
        assert await one.tick() == 0
        assert one.changes == []


async def test_a_warning_is_done_by_telling(one: Enforcing) -> None:
    people = [f"p{number}@x.example" for number in range(40)]
    await one.program.feed([ses.send(person, ses.at(1)) for person in people])
    await one.program.feed([ses.bounce(person, ses.at(2)) for person in people[:9]])
    await one.program.application.enforce(ses.at(7, 3))
    await one.tick()
    assert ("warn", "done") in await one.states()
    assert [one for one in await one.notices() if one[0] == "warned"] == [("warned", "k")]


async def test_aws_did_it_and_the_answer_was_lost(one: Enforcing) -> None:
    one.mail.failures.fail("set_sending", Uncertain("lost"), done=True)
    one.access.failures.fail("put_inline", Uncertain("lost"), done=True)
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert await one.states() == [("disable_domain", "done")]
    assert one.changes == ["set_sending", "put_inline"]


async def test_what_does_not_read_back_is_unknown_and_driven_again(one: Enforcing) -> None:
    one.access.failures.fail("put_inline", Uncertain("lost"))
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert await one.states() == [("disable_domain", "unknown")]
    assert await one.notices() == []
    await one.settle(hours=1)
    assert await one.states() == [("disable_domain", "done")]


async def test_iam_shows_what_was_written_only_later(one: Enforcing) -> None:
    one.on(access=LateAccess(late=2))
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert await one.states() == [("disable_domain", "done")]
    assert one.access.failures.changes == ["put_inline"]


async def test_a_user_that_is_not_visible_yet_is_asked_for_again(one: Enforcing) -> None:
    one.access.failures.fail("put_inline", Missing("no such user"), times=2)
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert await one.states() == [("disable_domain", "done")]


async def test_a_user_that_does_not_exist_fails_and_says_so_and_the_set_is_off(
    one: Enforcing,
) -> None:
    del one.access.users["site-k"]
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    (row,) = await one.actions()
    assert row["state"] == "failed"
    assert "site-k" in row["outcome"]
    assert one.mail.sets["set-a-example"] is False
    assert await one.notices() == [("action_failed", "")]


async def test_while_aws_is_away_an_action_waits_and_the_others_go_on(one: Enforcing) -> None:
    one.access.failures.fail("inline_policy", Unavailable("away"), times=1)
    await one.decide("disable", "a.example", "hacked")
    await one.decide("disable", "other.example", "hacked")
    await one.tick()
    states = {row["domain"]: row["state"] for row in await one.actions()}
    assert sorted(states.values()) == ["done", "pending"]
    assert one.mail.sets["set-a-example"] is False
    assert "action_waiting" not in dict(await one.notices())
    await one.settle(hours=0.1)
    assert {row["state"] for row in await one.actions()} == {"done"}


async def test_retries_come_slower_and_somebody_is_told_in_the_end(one: Enforcing) -> None:
    one.access.failures.fail("inline_policy", Unavailable("away"), times=100)
    await one.decide("disable", "a.example", "hacked")
    waits = []
    for _ in range(9):
        await one.tick()
        (row,) = await one.actions()
        waits.append((row["next_try_at"] - one.program.now[0]).total_seconds())
        one.program.now[0] = row["next_try_at"]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert [kind for kind, _ in await one.notices()] == ["action_waiting"]


async def test_not_due_yet_is_not_tried(one: Enforcing) -> None:
    one.access.failures.fail("inline_policy", Unavailable("away"), times=100)
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    await one.tick()
    (row,) = await one.actions()
    assert row["attempts"] == 1


async def test_what_is_outside_our_rights_fails_at_once_and_the_operator_is_told(
    one: Enforcing,
) -> None:
    one.access.failures.fail("put_inline", Forbidden("AccessDenied: ask for iam:PutUserPolicy"))
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    (row,) = await one.actions()
    assert row["state"] == "failed"
    assert "iam:PutUserPolicy" in row["outcome"]
    assert await one.notices() == [("action_failed", "")]
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    assert one.mail.sets["set-a-example"] is True


async def test_in_awss_sandbox_a_dead_mailbox_stays_pending_with_the_reason(
    one: Enforcing,
) -> None:
    one.mail.production = False
    await one.program.feed([ses.bounce("gone@x.example", ses.at(1))])
    await one.tick()
    (row,) = await one.actions()
    assert (row["state"], row["attempts"]) == ("pending", 1)
    assert "PutSuppressedDestination" in row["outcome"]
    assert (row["next_try_at"] - one.program.now[0]).total_seconds() == 3600
    one.mail.production = True
    await one.settle()
    assert await one.states() == [("block_recipient", "done")]


async def test_a_fault_of_our_own_in_one_action_leaves_the_others(one: Enforcing) -> None:
    one.on(mail=BrokenMail())
    await one.decide("disable", "a.example", "hacked")
    await one.decide("block", "p@x.example", "b.example", "asked")
    await one.tick()
    assert await one.states() == [("block_recipient", "done"), ("disable_domain", "unknown")]


async def test_a_fault_of_our_own_after_the_intent_is_looked_at_later(one: Enforcing) -> None:
    one.on(access=BrokenAccess())
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    (row,) = await one.actions()
    assert (row["state"], row["attempts"]) == ("unknown", 1)
    assert row["next_try_at"] > one.program.now[0]
    await one.settle(hours=1)
    assert await one.states() == [("disable_domain", "done")]


@pytest.mark.parametrize("method", ["identity", "identities_under", "sending_enabled"])
async def test_what_cannot_be_looked_at_waits_and_the_other_lever_is_pulled(
    one: Enforcing, method: str
) -> None:
    one.mail.failures.fail(method, Unavailable("away"))
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert await one.states() == [("disable_domain", "pending")]
    assert one.access.users["site-k"].inline
    await one.settle(hours=1)
    assert await one.states() == [("disable_domain", "done")]
    assert one.mail.sets["set-a-example"] is False


async def test_keys_that_cannot_be_listed_keep_a_termination_pending(one: Enforcing) -> None:
    one.access.failures.fail("keys", Unavailable("away"))
    await one.decide("terminate", "k", "ended")
    await one.tick()
    assert await one.states() == [("terminate_customer", "pending")]
    assert "sesaudit-terminate" in one.access.users["site-k"].inline
    await one.settle(hours=1)
    assert await one.states() == [("terminate_customer", "done")]
    assert set(one.access.users["site-k"].keys.values()) == {False}


async def test_a_stop_ends_between_two_actions(one: Enforcing) -> None:
    await one.decide("disable", "a.example", "hacked")
    stop = asyncio.Event()
    stop.set()
    assert await one.executor.tick(stop) == 0
    assert one.changes == []


async def test_stops_go_before_blocks(one: Enforcing) -> None:
    await one.decide("block", "p@x.example", "a.example", "asked")
    one.program.now[0] += timedelta(seconds=1)
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    in_order = await one.rows(tables.journal, tables.journal.c.sequence, kind="outcome")
    assert [row["facts"]["kind"] for row in in_order] == ["disable_domain"]
    assert one.changes.index("set_sending") == 0
    assert one.access.failures.changes == ["put_inline", "put_policy", "attach"]


async def test_a_decision_taken_meanwhile_has_the_last_word(one: Enforcing) -> None:
    before = one.world()
    one.on(access=OvertakenAccess(one))
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert one.world() == before
    assert await one.states() == [("disable_domain", "reversed"), ("reinstate_domain", "done")]


async def test_what_was_cancelled_before_it_began_is_never_started(one: Enforcing) -> None:
    await one.decide("disable", "a.example", "hacked")
    await one.decide("reinstate", "a.example", "a mistake")
    await one.tick()
    assert one.changes == []
    assert await one.states() == [("disable_domain", "cancelled"), ("reinstate_domain", "done")]
