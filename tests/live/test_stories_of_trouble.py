"""Stories in which AWS, the clock or the people get in the way."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.store import tables
from tests.live.stories import MONDAY, NOON, OPERATOR, REFUSED, TAKEN, playhouse, story
from tests.support import feedback

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sesauditd.enforce.executor import Outbox
    from tests.live.stories import Playhouse, Story


@pytest.fixture(scope="module")
def house() -> Iterator[Playhouse]:
    with playhouse() as opened:
        yield opened


async def test_without_a_right_to_one_lever_the_other_is_turned_and_the_operator_told(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        told.fail("iam", "PutUserPolicy", times=0, code="AccessDenied", status=403)
        await told.tell(feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop))
        (failed,) = await told.actions()
        assert failed["state"] == "failed"
        assert "AccessDenied" in failed["outcome"]
        assert not told.is_on(told.set_of(shop))
        assert await told.told() == [("action_failed", "")]

        told.heal()
        await told.pass_time(hours=1)
        await told.decide("disable", shop, "again")
        await told.settle()
        assert await told.mail(shop, "friend@x.example", configuration_set="none") == REFUSED
        assert ("disabled", "shop") in await told.told()
        await told.pass_time(hours=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        assert told.state() == before


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"action": "throttle", "times": 3}, id="throttled"),
        pytest.param({"action": "lose_answer", "times": 3}, id="answers lost"),
        pytest.param({"code": "ServiceUnavailable", "status": 503, "times": 3}, id="away"),
    ],
)
async def test_a_stumbling_aws_gets_each_effect_once_in_the_end(
    house: Playhouse, tmp_path: Path, fault: dict[str, Any]
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        for service, operation in (
            ("sesv2", "PutSuppressedDestination"),
            ("iam", "PutUserPolicy"),
        ):
            told.fail(service, operation, **fault)
        await told.tell(
            feedback.bounce("dead@x.example", told.now[0], domain=shop, caller=shop),
            feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop),
        )
        for _ in range(4):
            await told.pass_time(minutes=10)
            await told.settle()
        assert {state for _, state in await told.states()} == {"done"}
        assert told.listed() == ["dead@x.example"]
        assert await told.mail(shop, "friend@x.example") == REFUSED
        await told.decide("reinstate", shop, "cleaned")
        await told.decide("unblock", "dead@x.example", shop, "alive")
        for _ in range(4):
            await told.settle()
            await told.pass_time(minutes=10)
        assert told.state() == before
        kinds = [kind for kind, customer in await told.told() if customer]
        assert kinds == ["disabled", "reinstated"]


async def test_iam_that_shows_writes_late_is_waited_for(house: Playhouse, tmp_path: Path) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        told.fail("iam", "GetUserPolicy", nth=3, times=2, code="NoSuchEntity", status=404)
        await told.decide("disable", shop, "hacked")
        await told.settle()
        assert await told.states() == [("disable_domain", "done")]
        assert [kind for kind, _ in await told.told()] == ["action_done", "disabled"]
        told.fail("iam", "GetUserPolicy", times=1, code="NoSuchEntity", status=404)
        await told.pass_time(minutes=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        assert told.state() == before


@pytest.mark.slow
async def test_more_stops_than_a_user_takes_inline_stand_in_policies_and_end(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        more = [await told.onboard(f"shop{number}", "shop", user=shop) for number in range(2, 7)]
        before = told.state()
        for domain in [*more, shop]:
            await told.decide("disable", domain, "hacked")
        await told.settle()
        assert await told.states() == [("disable_domain", "done")] * 6
        names = {arn.rpartition("/")[2][:10] for arn in told.state()["users"][shop]["attached"]}
        assert names == {"stop-shop-"}
        assert await told.mail(shop, "friend@x.example", configuration_set="none") == REFUSED
        await told.decide("terminate", "shop", "ended")
        await told.settle()
        await told.decide("restore", "shop", "mistaken")
        for domain in [shop, *more]:
            await told.decide("reinstate", domain, "cleaned")
        await told.settle()
        assert told.state() == before
        assert await told.mail(shop, "friend@x.example") == TAKEN


@pytest.mark.slow
async def test_in_awss_sandbox_a_block_waits_for_production_access(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        told.steer(production=False)
        await told.tell(feedback.bounce("dead@x.example", told.now[0], domain=shop, caller=shop))
        (waiting,) = await told.actions()
        assert waiting["state"] == "pending"
        assert "production access" in waiting["outcome"]
        await told.ring()
        await told.pass_time(days=1)
        await told.ring()
        assert await told.states() == [("block_recipient", "pending")]
        assert [one["kind"] for one in await told.rows(tables.notices)].count("blocked") == 0
        told.steer(production=True)
        await told.pass_time(days=1)
        await told.ring()
        assert await told.states() == [("block_recipient", "done")]
        assert told.listed() == ["dead@x.example"]
        await told.pass_time(days=1)
        await told.ring()
        assert ("blocked", "shop") in await told.told()


async def test_aws_reviews_and_stops_the_account_told_once_each_and_its_end_once(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        await told.ring()
        for standing in ("PROBATION", "PROBATION", "SHUTDOWN", "SHUTDOWN", "HEALTHY", "HEALTHY"):
            told.steer(enforcement=standing)
            await told.pass_time(minutes=6)
            await told.ring()
        about = [
            one for one in await told.rows(tables.notices) if "account_status" in one["subject"]
        ]
        assert sorted(one["kind"] for one in about) == ["recovered", "trouble", "trouble"]


@pytest.mark.slow
async def test_of_five_guilty_domains_three_are_stopped_and_two_wait(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        names = [await told.onboard(f"site{one}") for one in range(5)]
        for name in names:
            await told.tell(*told.bounces(name, 16))
        await told.go_to(MONDAY)
        await told.ring()
        found = await told.actions(kind="disable_domain")
        by_state = {state: [one for one in found if one["state"] == state] for state in STATES}
        assert [len(by_state[state]) for state in STATES] == [3, 2]
        assert sum([not told.is_on(told.set_of(name)) for name in names]) == 3
        letters = [one["raw"] for one in told.letters(OPERATOR)]
        waiting = by_state["waiting"]
        for one in waiting:
            command = f"sesauditd actions approve {one['id']}"
            assert sum(command in unfolded(raw) for raw in letters) == 1, command

        await told.pass_time(hours=1)
        for one in waiting[:1]:
            await told.decide("approve", one["id"])
        await told.ring()
        states = [state for _, state in await told.states(kind="disable_domain")]
        assert (states.count("done"), states.count("waiting")) == (4, 1)
        await told.pass_time(days=7)
        await told.ring()
        states = [state for _, state in await told.states(kind="disable_domain")]
        assert (states.count("done"), states.count("waiting")) == (4, 1)


@pytest.mark.slow
async def test_a_block_of_thirty_days_ends_by_itself_and_the_second_is_for_good(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()

        async def five_soft_bounces() -> None:
            for _ in range(5):
                await told.pass_time(hours=1)
                await told.tell(feedback.soft("f@x.example", told.now[0], domain=shop, caller=shop))

        await five_soft_bounces()
        assert await told.mail(shop, "f@x.example") == REFUSED
        await told.pass_time(days=31)
        await told.settle()
        assert told.state() == before
        assert await told.mail(shop, "f@x.example") == TAKEN
        assert ("action_done", "") not in await told.told()
        await told.pass_time(days=1)
        await told.settle()
        assert await told.states(kind="unblock_recipient") == [("unblock_recipient", "done")]

        await five_soft_bounces()
        await told.pass_time(days=300)
        await told.settle()
        assert await told.mail(shop, "f@x.example") == REFUSED
        assert (await told.states(kind="block_recipient"))[-1] == ("block_recipient", "done")


@pytest.mark.slow
async def test_replayed_and_old_evidence_is_only_proposed_until_it_is_approved(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop, club = await told.onboard("shop"), await told.onboard("club")
        old = told.now[0] - timedelta(days=29)
        file = tmp_path / "events.jsonl"
        file.write_text(
            json.dumps(feedback.bounce("dead@x.example", NOON, domain=shop, caller=shop)) + "\n"
        )
        told.forget_calls()
        await told.live.program.replay([str(file)])
        await told.tell(
            feedback.bounce("old@x.example", old, domain=shop, caller=shop),
            feedback.reject("x@y.example", old, domain=club, caller=club),
        )
        await told.ring()
        assert {state for _, state in await told.states()} == {"proposed"}
        assert told.writes() == []
        for one in await told.actions():
            await told.decide("approve", one["id"])
        await told.settle()
        assert {state for _, state in await told.states()} == {"done"}
        assert told.listed() == ["dead@x.example", "old@x.example"]
        assert await told.mail(club, "friend@x.example") == REFUSED


async def test_a_dead_mailbox_that_goes_on_bouncing_is_blocked_whatever_was_proposed(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        old = told.now[0] - timedelta(days=40)
        await told.tell(feedback.bounce("dead@x.example", old, domain=shop, caller=shop))
        assert await told.states() == [("block_recipient", "proposed")]
        await told.tell(feedback.bounce("dead@x.example", told.now[0], domain=shop, caller=shop))
        assert told.listed() == ["dead@x.example"]


async def test_a_virus_of_today_stops_a_domain_whatever_a_replay_proposed(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        old = told.now[0] - timedelta(days=60)
        file = tmp_path / "events.jsonl"
        file.write_text(json.dumps(feedback.reject("x@y.example", old, domain=shop)) + "\n")
        await told.live.program.replay([str(file)])
        assert await told.states() == [("disable_domain", "proposed")]
        await told.tell(feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop))
        assert await told.states() == [("disable_domain", "done")]
        assert await told.mail(shop, "friend@x.example") == REFUSED


@pytest.mark.slow
async def test_own_notices_that_come_back_count_for_nobody_and_are_told_of_once(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await told.tell(feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop))
        contact = "owner@shop-home.example"
        (notice,) = [
            one for one in await told.rows(tables.notices, state="sent") if one["customer"]
        ]
        about = {
            "domain": told.house.furnished.notice_domain,
            "message": notice["message_id"],
        }
        for _ in range(3):
            await told.pass_time(minutes=5)
            back = [
                feedback.bounce(contact, told.now[0], **about),
                feedback.complaint(contact, told.now[0], **about),
            ]
            for one in back:
                one["mail"]["source"] = f"postmaster@{about['domain']}"
                one["mail"]["tags"]["ses:configuration-set"] = [told.house.furnished.notice_set]
            await told.tell(*back)
            await told.ring()
        assert await told.rows(tables.strikes) == []
        assert await told.rows(tables.blocks) == []
        assert await told.states() == [("disable_domain", "done")]
        dead = [
            one["name"]
            for one in await told.rows(tables.observations)
            if one["name"].startswith("dead_contact:")
        ]
        assert dead == [f"dead_contact:{contact}"]

        await told.pass_time(minutes=5)
        await told.decide("reinstate", shop, "cleaned")
        await told.ring()
        (unsent,) = await told.rows(tables.notices, kind="reinstated")
        assert unsent["state"] == "undeliverable"
        assert len(told.letters(contact)) == 1


@pytest.mark.slow
async def test_a_contact_at_the_disabled_domain_still_gets_the_mail(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        contact = f"me@{told.named('shop')}"
        shop = await told.onboard("shop", contact=contact)
        hours = [told.now[0] - timedelta(hours=one) for one in (3, 2, 1)]
        await told.tell(
            *(feedback.complaint(contact, one, domain=shop, caller=shop) for one in hours),
            feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop),
        )
        (block,) = await told.actions(kind="block_recipient")
        assert (block["lever"], block["state"]) == ("owner_told", "done")
        assert [one["to"] for one in told.letters(contact)] == [[contact]]


class Interrupted:
    """An outbox during whose intent somebody decides something."""

    def __init__(self, outbox: Outbox, told: Story, *decision: str) -> None:
        self._outbox, self._told, self._decision = outbox, told, decision

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)

    async def begin(self, *given: Any) -> bool:
        """Write the intent; before AWS is asked the operator speaks."""
        begun = await self._outbox.begin(*given)
        if self._decision:
            decision, self._decision = self._decision, ()
            await self._told.decide(*decision)
        return begun


@pytest.mark.parametrize("kind", ["disable", "terminate"])
async def test_who_decides_between_intent_and_call_has_the_last_word(
    house: Playhouse, tmp_path: Path, kind: str
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        subject, back = (shop, "reinstate") if kind == "disable" else ("shop", "restore")
        executor = told.live.executor
        plain = executor.outbox
        executor.outbox = Interrupted(plain, told, back, subject, "I changed my mind")
        await told.decide(kind, subject, "enough")
        await told.settle()
        assert told.state() == before
        assert await told.mail(shop, "friend@x.example") == TAKEN

        await told.pass_time(minutes=1)
        executor.outbox = plain
        await told.decide(kind, subject, "enough")
        await told.settle()
        await told.pass_time(minutes=1)
        executor.outbox = Interrupted(plain, told, kind, subject, "no, after all")
        await told.decide(back, subject, "a mistake")
        await told.settle()
        assert await told.mail(shop, "friend@x.example") != TAKEN


async def test_digests_and_the_summary_come_once_with_evidence_that_lies_in_the_bucket(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await told.ring()
        await told.tell(feedback.bounce("dead@x.example", told.now[0], domain=shop, caller=shop))
        for _ in range(3):
            await told.pass_time(hours=8)
            await told.ring()
        await told.tell(feedback.bounce("gone@x.example", told.now[0], domain=shop, caller=shop))
        for _ in range(3):
            await told.pass_time(hours=8)
            await told.ring()
        digests = [one["raw"] for one in told.letters("owner@shop-home.example")]
        assert len(digests) == 2
        for raw, who in zip(digests, ("dead@x.example", "gone@x.example"), strict=True):
            text = unfolded(raw)
            assert who in text
            assert sum(one in text for one in ("dead@x.example", "gone@x.example")) == 1
            found = re.search(r"(sesauditd/\w+/raw/\S+?\.jsonl\.gz)", text)
            digest = re.search(r"\b([0-9a-f]{64})\b(?!\.jsonl)", text)
            assert found is not None, text
            assert digest is not None, text
            bodies = archived(told, found[1])
            assert any(hashlib.sha256(one).hexdigest() in text for one in bodies), text
        await told.go_to(MONDAY)
        await told.ring()
        await told.ring()
        summaries = await told.rows(tables.notices, kind="weekly_summary")
        assert [(one["subject"], one["state"]) for one in summaries] == [("2026-W48", "sent")]


async def test_a_fed_contact_form_waits_for_the_operator(house: Playhouse, tmp_path: Path) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await told.tell(feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop))
        await told.pass_time(days=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        await told.pass_time(days=1)
        await told.tell(feedback.reject(f"info@{shop}", told.now[0], domain=shop, caller=shop))
        await told.ring()
        assert await told.states(kind="terminate_customer") == [("terminate_customer", "waiting")]
        assert (await told.states(kind="disable_domain"))[-1] == ("disable_domain", "done")
        assert await told.mail(shop, "friend@x.example") == REFUSED
        (waiting,) = await told.rows(tables.notices, kind="action_waiting")
        assert waiting["state"] == "sent"


STATES = ("done", "waiting")


def unfolded(raw: str) -> str:
    """Return the plain text of a mail, its soft line breaks and folded lines undone."""
    return re.sub(r"=\r?\n", "", raw).replace("=3D", "=")


def archived(told: Story, key: str) -> Sequence[bytes]:
    """Return the raw bodies in an archive object."""
    body = told.ask("s3", "GetObject", Bucket=told.house.furnished.bucket, Key=key)["Body"].read()
    lines = gzip.decompress(body).splitlines()
    return [json.loads(line)["body"].encode() for line in lines]


async def test_an_unblock_that_aws_refused_can_be_asked_for_again(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        await told.tell(feedback.bounce("dead@x.example", told.now[0], domain=shop, caller=shop))
        told.fail("sesv2", "DeleteSuppressedDestination", times=0, code="AccessDenied", status=403)
        await told.pass_time(minutes=1)
        await told.decide("unblock", "dead@x.example", shop, "alive")
        await told.settle()
        assert await told.states(kind="unblock_recipient") == [("unblock_recipient", "failed")]
        assert ("action_failed", "") in await told.told()
        told.heal()
        await told.pass_time(minutes=1)
        await told.decide("unblock", "dead@x.example", shop, "alive, again")
        await told.settle()
        assert told.state() == before


@pytest.mark.slow
async def test_a_restore_that_aws_refused_halfway_is_finished_by_the_next(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        await told.onboard("shop")
        before = told.state()
        await told.decide("terminate", "shop", "enough")
        await told.settle()
        told.fail("iam", "UpdateAccessKey", times=0, code="AccessDenied", status=403)
        await told.pass_time(minutes=1)
        await told.decide("restore", "shop", "a mistake")
        await told.settle()
        assert await told.states(kind="restore_customer") == [("restore_customer", "failed")]
        assert ("restored", "shop") not in await told.told()
        told.heal()
        await told.pass_time(minutes=1)
        await told.decide("restore", "shop", "again")
        await told.settle()
        assert told.state() == before
        assert ("restored", "shop") in await told.told()
