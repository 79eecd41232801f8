"""Stories of customers, operators and AWS, each through the whole program to its right end."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.store import tables
from sesauditd.store.register import Adoption
from tests.live.stories import MONDAY, NOON, REFUSED, TAKEN, playhouse, story
from tests.support import feedback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.stories import Playhouse, Story

BAD_LOGIN = 535
GONE = "Old.Customer@Dead.example"


@pytest.fixture(scope="module")
def house() -> Iterator[Playhouse]:
    with playhouse() as opened:
        yield opened


async def test_a_dead_mailbox_of_two_customers_is_let_go_with_the_last_unblock(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop, club = await told.onboard("shop"), await told.onboard("club")
        await told.tell(
            feedback.bounce(GONE, told.now[0], domain=shop, caller=shop),
            feedback.bounce(GONE.upper(), told.now[0], domain=club, caller=club),
        )
        assert await told.states() == [("block_recipient", "done")] * 2
        assert {one.lower() for one in told.listed()} == {GONE.lower()}
        for spelling in (GONE.lower(), GONE.upper()):
            asked = {"EmailAddress": spelling, "Reason": "BOUNCE"}
            told.ask("sesv2", "PutSuppressedDestination", **asked)

        await told.pass_time(minutes=1)
        await told.decide("unblock", GONE.lower(), shop, "they called")
        await told.settle()
        assert len(told.listed()) >= 2
        (lifted,) = await told.actions(kind="unblock_recipient")
        assert (lifted["state"], "also blocked for club" in lifted["outcome"]) == ("done", True)

        await told.pass_time(minutes=1)
        await told.decide("unblock", GONE.lower(), club, "they called, too")
        await told.settle()
        assert told.listed() == []


LONGEST = 254
STRANGE = [
    "jane+news@x.example",
    "JANE@X.example",
    '"a b\\"c"@x.example',
    "o'neil/dept=1@x.example",
    "%41#b&c@x.example",
    "star*mark?@x.example",
    "${aws:username}@x.example",
    "jörg@x.example",
    "佐藤@x.example",
    f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 40}.example",
    f"{'a' * 290}@x.example",
]
UNWRITABLE = {
    one
    for one in STRANGE
    if any(mark in one for mark in ("*", "?", "${")) or not one.isascii() or len(one) > LONGEST
}
"""What IAM would take for more than one address, or mail cannot carry."""


async def test_any_dead_address_is_listed_and_let_go(house: Playhouse, tmp_path: Path) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        bounces = [feedback.bounce(one, told.now[0], domain=shop, caller=shop) for one in STRANGE]
        await told.tell(*bounces)
        found = await told.actions(kind="block_recipient")
        assert {(one["state"], one["outcome"]) for one in found} == {("done", None)}
        assert told.listed() == sorted(STRANGE)

        await told.pass_time(minutes=1)
        for one in found:
            await told.decide("unblock", one["recipient"], shop, "a mistake")
        await told.settle()
        assert told.state() == before


async def test_a_complainer_is_denied_or_the_operator_is_told_why_not(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        ago = [told.now[0] - timedelta(hours=one) for one in (3, 2, 1)]
        complaints = [
            feedback.complaint(one, at, domain=shop, caller=shop) for one in STRANGE for at in ago
        ]
        await told.tell(*complaints)
        found = {one["spelling"]: one for one in await told.actions(kind="block_recipient")}
        failed = {name for name, one in found.items() if one["state"] == "failed"}
        assert failed == UNWRITABLE
        for name in failed:
            assert "no IAM policy can name this address" in found[name]["outcome"]
        assert ("action_failed", "") in await told.told()
        for who in ("jane+news@x.example", "Jane@x.EXAMPLE", "o'neil/dept=1@x.example"):
            assert await told.mail(shop, "other@x.example", who) == REFUSED
        assert await told.mail(shop, "jane+other@x.example") == TAKEN

        await told.pass_time(minutes=1)
        for one in found.values():
            await told.decide("unblock", one["recipient"], shop, "a mistake")
        await told.settle()
        assert told.state() == before


@pytest.mark.slow
async def test_a_late_delivery_takes_a_block_back_and_guilt_sets_it_again(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        start = told.now[0] - timedelta(days=2)
        who = "full@x.example"
        softs = [
            feedback.soft(who, start + timedelta(hours=one), domain=shop, caller=shop)
            for one in range(5)
        ]
        await told.tell(*softs)
        assert await told.states() == [("block_recipient", "done")]
        assert await told.mail(shop, who) == REFUSED

        await told.pass_time(minutes=1)
        between = start + timedelta(hours=2, minutes=30)
        await told.tell(feedback.delivery(who, between, domain=shop, caller=shop))
        assert await told.states() == [
            ("block_recipient", "reversed"), ("unblock_recipient", "done"),
        ]  # fmt: skip
        assert told.state() == before

        await told.pass_time(minutes=1)
        more = [
            feedback.soft(who, start + timedelta(hours=5 + one), domain=shop, caller=shop)
            for one in range(3)
        ]
        await told.tell(*more)
        assert await told.states() == [
            ("block_recipient", "reversed"), ("unblock_recipient", "done"),
            ("block_recipient", "done"),
        ]  # fmt: skip
        assert await told.mail(shop, who) == REFUSED
        await told.pass_time(minutes=1)
        await told.decide("unblock", who, shop, "enough")
        await told.settle()
        assert told.state() == before


async def test_late_sends_take_a_disable_back_and_the_owner_reads_why(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        await told.tell(*told.bounces(shop, 20))
        await told.go_to(MONDAY)
        await told.ring()
        disables = await told.actions(kind="disable_domain")
        assert [one["state"] for one in disables] == ["done"]
        assert await told.mail(shop, "friend@x.example") == REFUSED
        assert ("disabled", "shop") in await told.told()

        late = NOON - timedelta(hours=1)
        await told.tell(*told.sends(shop, 1000, late))
        await told.go_to(MONDAY + timedelta(days=7))
        await told.ring()
        assert await told.states(domain=shop, kind="disable_domain") == [
            ("disable_domain", "reversed")
        ]
        assert await told.states(kind="reinstate_domain") == [("reinstate_domain", "done")]
        assert await told.mail(shop, "friend@x.example") == TAKEN
        assert len(told.listed()) == 20
        told.house.sandbox.ses.suppression.clear()
        assert told.state() == before
        letters = told.letters("owner@shop-home.example")
        (why,) = [one for one in letters if "Good news" in one["raw"]]
        assert "no ground to stop it" in why["raw"]


@pytest.mark.slow
async def test_a_rules_verdict_that_falls_leaves_the_operators_own_stop(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        await told.decide("disable", shop, "hacked, says the owner")
        await told.settle()
        await told.tell(*told.bounces(shop, 20))
        await told.go_to(MONDAY)
        await told.ring()
        assert await told.states(kind="disable_domain") == [("disable_domain", "done")]

        late = NOON - timedelta(hours=1)
        await told.tell(*told.sends(shop, 1000, late))
        await told.go_to(MONDAY + timedelta(days=7))
        await told.ring()
        assert await told.mail(shop, "friend@x.example") == REFUSED
        assert await told.states(kind="disable_domain") == [("disable_domain", "done")]

        await told.pass_time(minutes=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        assert await told.mail(shop, "friend@x.example") == TAKEN
        told.house.sandbox.ses.suppression.clear()
        assert told.state() == before


@pytest.mark.slow
async def test_an_operators_stop_over_a_rules_stop_is_one_reinstatement(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        await told.tell(feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop))
        assert await told.states() == [("disable_domain", "done")]
        await told.pass_time(minutes=1)
        await told.decide("disable", shop, "I saw it, too")
        await told.settle()
        await told.pass_time(minutes=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        assert await told.mail(shop, "friend@x.example") == TAKEN
        assert told.state() == before
        sent = [kind for kind, customer in await told.told() if customer == "shop"]
        assert sent.count("reinstated") == 1
        assert await told.rows(tables.cases, closed_at=None) == []


@pytest.mark.slow
async def test_two_stops_on_each_other_come_off_one_by_one(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop, blog = await told.onboard("shop"), await told.onboard("blog", "shop")
        before = told.state()
        first, second = (
            told.logins[shop].access_key_id,
            told.ask("iam", "CreateAccessKey", UserName=shop)["AccessKey"]["AccessKeyId"],
        )
        told.ask("iam", "UpdateAccessKey", UserName=shop, AccessKeyId=second, Status="Inactive")
        policy = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
            }
        )
        named = {"UserName": shop, "PolicyName": "by-hand", "PolicyDocument": policy}
        told.ask("iam", "PutUserPolicy", **named)
        before = told.state()

        await told.decide("disable", blog, "hacked")
        await told.settle()
        await told.pass_time(minutes=1)
        await told.decide("terminate", "shop", "enough")
        await told.settle()
        assert told.key_states(shop) == {first: "Inactive", second: "Inactive"}
        assert not told.is_on(told.set_of(shop))
        await told.pass_time(minutes=1)
        await told.decide("reinstate", blog, "cleaned")
        await told.settle()
        assert await told.mail(blog, "friend@x.example") != TAKEN
        (reinstated,) = await told.actions(kind="reinstate_domain")
        assert "its customer is terminated" in reinstated["outcome"]
        assert ("reinstated", "shop") not in await told.told()

        await told.pass_time(minutes=1)
        await told.decide("restore", "shop", "a mistake")
        await told.settle()
        assert told.key_states(shop) == {first: "Active", second: "Inactive"}
        assert told.state() == before
        kinds = [kind for kind, customer in await told.told() if customer == "shop"]
        assert kinds == ["disabled", "restored", "terminated"]


@pytest.mark.slow
async def test_a_restore_lifts_the_disables_too_and_is_told_once(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        before = told.state()
        await told.tell(feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop))
        await told.pass_time(days=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        await told.pass_time(days=1)
        await told.tell(feedback.reject("x@y.example", told.now[0], domain=shop, caller=shop))
        assert await told.states(kind="terminate_customer") == [("terminate_customer", "done")]
        assert await told.mail(shop, "friend@x.example") == BAD_LOGIN
        await told.pass_time(days=1)
        await told.decide("restore", "shop", "an upload form")
        await told.settle()
        assert told.state() == before
        assert await told.mail(shop, "friend@x.example") == TAKEN
        kinds = [kind for kind, customer in await told.told() if customer == "shop"]
        assert kinds == ["disabled", "reinstated", "restored", "terminated"]


@pytest.mark.slow
async def test_what_shadow_mode_saw_is_not_done_when_armed_but_what_comes_later_is(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path, 'mode = "shadow"') as told:
        shop, club = await told.onboard("shop"), await told.onboard("club")
        angry, dead = "angry@x.example", "dead@x.example"
        told.forget_calls()
        hours = [told.now[0] - timedelta(hours=one) for one in (3, 2, 1)]
        await told.tell(
            feedback.bounce(dead, told.now[0], domain=shop, caller=shop),
            feedback.reject("x@y.example", told.now[0], domain=club, caller=club),
            *(feedback.complaint(angry, one, domain=shop, caller=shop) for one in hours),
        )
        assert {state for _, state in await told.states()} == {"shadow"}
        await told.pass_time(days=1)
        await told.ring()
        assert told.writes() == []
        await told.decide("arm", None, armed=True)
        await told.pass_time(hours=1)
        await told.ring()
        assert told.writes() == []
        assert {state for _, state in await told.states()} == {"shadow"}

        await told.pass_time(hours=1)
        await told.tell(
            feedback.bounce(dead, told.now[0], domain=shop, caller=shop),
            feedback.complaint(angry, told.now[0], domain=shop, caller=shop),
            feedback.reject("x@y.example", told.now[0], domain=club, caller=club),
        )
        assert told.listed() == [dead]
        assert await told.mail(shop, angry) == REFUSED
        assert await told.mail(club, "friend@x.example") == REFUSED


@pytest.mark.slow
async def test_one_customer_is_armed_alone_and_another_is_off(
    house: Playhouse, tmp_path: Path
) -> None:
    policy = 'mode = "shadow"\n[policy.customers.quiet]\nmode = "off"'
    async with story(house, tmp_path, policy) as told:
        shop, club = await told.onboard("shop"), await told.onboard("club")
        quiet = await told.onboard("quiet")
        await told.decide("arm", "shop", armed=True)
        await told.pass_time(minutes=1)
        await told.tell(
            *(
                feedback.reject("x@y.example", told.now[0], domain=one, caller=one)
                for one in (shop, club, quiet)
            )
        )
        await told.tell(*told.bounces(quiet, 20))
        await told.go_to(MONDAY)
        await told.ring()
        found = {one["customer"]: one["state"] for one in await told.actions()}
        assert found == {"shop": "done", "club": "shadow"}
        assert await told.mail(shop, "friend@x.example") == REFUSED
        assert await told.mail(club, "friend@x.example") == TAKEN
        assert await told.mail(quiet, "friend@x.example") == TAKEN
        await told.decide("arm", "shop", armed=False)
        await told.pass_time(days=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        assert await told.mail(shop, "friend@x.example") == TAKEN


async def test_a_shared_user_stops_nobody_else_and_the_operator_reads_it(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        club = await told.onboard("club", user=shop)
        before = told.state()
        hours = [told.now[0] - timedelta(hours=one) for one in (3, 2, 1)]
        await told.tell(
            *(feedback.complaint("a@x.example", one, domain=shop, caller=shop) for one in hours)
        )
        (blocked,) = await told.actions()
        assert blocked["state"] == "failed"
        assert "club, shop share it" in blocked["outcome"]
        assert told.state() == before
        await told.pass_time(minutes=1)
        await told.decide("terminate", "shop", "enough")
        await told.settle()
        (ended,) = await told.actions(kind="terminate_customer")
        assert ended["state"] == "done"
        assert "left alone" in ended["outcome"]
        assert told.inline(shop) == []
        assert told.is_on(told.set_of(club))
        assert not told.is_on(told.set_of(shop))
        await told.pass_time(minutes=1)
        await told.decide("restore", "shop", "a mistake")
        await told.settle()
        assert told.state() == before


async def test_a_set_is_left_on_for_any_other_domain_of_the_account(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop, blog = await told.onboard("shop"), await told.onboard("blog", "blog")
        stranger = told.named("stranger")
        common = told.set_of(shop)
        told.ask(
            "sesv2", "CreateEmailIdentity", EmailIdentity=stranger, ConfigurationSetName=common
        )
        before = told.state()
        await told.decide("disable", shop, "hacked")
        await told.settle()
        assert told.is_on(common), "another domain of the account uses it, adopted or not"
        (stopped,) = await told.actions()
        assert "goes on sending" in stopped["outcome"]
        assert await told.mail(shop, "friend@x.example") == REFUSED
        await told.pass_time(minutes=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.settle()
        assert told.state() == before
        assert blog


async def test_a_domain_that_aws_does_not_know_is_told_of_and_a_sub_identity_is_stopped(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        office, own = f"office@{shop}", f"own-{told.mark}-set"
        told.ask("sesv2", "CreateConfigurationSet", ConfigurationSetName=own)
        told.ask("sesv2", "CreateEmailIdentity", EmailIdentity=office, ConfigurationSetName=own)
        ghost = told.named("ghost")
        adoption = Adoption(domain=ghost, customer="ghost", contact="g@g-home.example")
        await told.live.program.adopt([adoption])
        before = told.state()
        await told.decide("disable", shop, "hacked")
        await told.decide("disable", ghost, "hacked")
        await told.settle()
        assert not told.is_on(own)
        assert not told.is_on(told.set_of(shop))
        (failed,) = await told.actions(domain=ghost)
        assert failed["state"] == "failed"
        assert "nothing to stop it with" in failed["outcome"]
        assert ("action_failed", "") in await told.told()
        await told.pass_time(minutes=1)
        await told.decide("reinstate", shop, "cleaned")
        await told.decide("reinstate", ghost, "cleaned")
        await told.settle()
        assert told.state() == before
        assert ("reinstated", "ghost") not in await told.told()


@pytest.mark.slow
async def test_a_termination_that_falls_to_a_disable_leaves_just_that(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop, blog = await told.onboard("shop"), await told.onboard("blog", "shop")
        before = told.state()
        early = NOON - timedelta(hours=5)
        await told.tell(
            *told.sends(shop, 50, early),
            *(
                feedback.complaint(f"angry{one}@x.example", early, domain=shop, caller=shop)
                for one in range(15)
            ),
        )
        await told.go_to(MONDAY)
        await told.ring()
        assert await told.states(kind="terminate_customer") == [("terminate_customer", "done")]
        assert await told.mail(blog, "friend@x.example") == BAD_LOGIN

        await told.tell(*told.sends(shop, 1600, early))
        await told.go_to(MONDAY + timedelta(days=7))
        await told.ring()
        assert await told.states(kind="terminate_customer") == [("terminate_customer", "reversed")]
        assert await told.states(kind="restore_customer") == [("restore_customer", "done")]
        assert await told.states(kind="disable_domain") == [("disable_domain", "done")]
        assert await told.mail(blog, "friend@x.example") == TAKEN
        assert await told.mail(shop, "friend@x.example") == REFUSED
        kinds = [kind for kind, customer in await told.told() if customer == "shop"]
        assert kinds == ["disabled", "restored", "terminated"]
        (news,) = [one for one in told.letters() if "Good news" in one["raw"]]
        text = " ".join(re.sub(r"=\r?\n", "", news["raw"]).split())
        assert f"These domains can send mail again: {blog}." in text
        assert f"Still stopped, for a reason that we wrote to you about: {shop}." in text

        await told.pass_time(minutes=1)
        await told.decide("reinstate", shop, "list cleaned")
        await told.settle()
        assert told.state() == before


@pytest.mark.slow
async def test_a_surge_that_goes_on_after_arming_is_stopped(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path, 'mode = "shadow"') as told:
        shop = await told.onboard("shop")
        await told.tell(*angry_crowd(told, shop, "before"))
        assert await told.states(kind="disable_domain") == [("disable_domain", "shadow")]
        await told.pass_time(minutes=1)
        await told.decide("arm", "shop", armed=True)
        await told.pass_time(days=1)
        await told.settle()
        assert await told.mail(shop, "friend@x.example") == TAKEN
        await told.tell(*angry_crowd(told, shop, "after"))
        assert (await told.states(kind="disable_domain"))[-1] == ("disable_domain", "done")
        assert await told.mail(shop, "friend@x.example") == REFUSED


def angry_crowd(
    told: Story, domain: str, word: str, ago: timedelta = timedelta()
) -> list[feedback.Event]:
    """Return as many complaints as a surge needs."""
    at = told.now[0] - ago
    return [
        feedback.complaint(f"{word}{one}@x.example", at, domain=domain, caller=domain)
        for one in range(26)
    ]


async def test_two_domains_and_two_users_of_one_customer_are_blocked_and_ended_together(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop, blog = await told.onboard("shop"), await told.onboard("blog", "shop")
        club = await told.onboard("club")
        before = told.state()
        hours = [told.now[0] - timedelta(hours=one) for one in (3, 2, 1)]
        await told.tell(
            *(
                feedback.complaint("a@x.example", one, domain=name, caller=name)
                for one, name in zip(hours, (shop, blog, shop), strict=True)
            )
        )
        assert await told.mail(shop, "a@x.example") == REFUSED
        assert await told.mail(blog, "A@x.example") == REFUSED
        assert await told.mail(club, "a@x.example") == TAKEN
        await told.pass_time(minutes=1)
        await told.decide("terminate", "shop", "enough")
        await told.settle()
        assert [await told.mail(one, "b@x.example") for one in (shop, blog)] == [BAD_LOGIN] * 2
        await told.pass_time(minutes=1)
        await told.decide("unblock", "a@x.example", blog, "asked for it")
        await told.decide("restore", "shop", "a mistake")
        await told.settle()
        assert told.state() == before


@pytest.mark.slow
async def test_a_customer_without_a_user_or_without_a_set_is_stopped_by_what_there_is(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop", user=None)
        club = await told.onboard("club")
        unset = {"EmailIdentity": club}
        told.ask("sesv2", "PutEmailIdentityConfigurationSetAttributes", **unset)
        before = told.state()
        await told.tell(
            feedback.reject("x@y.example", told.now[0], domain=shop),
            feedback.reject("x@y.example", told.now[0], domain=club, caller=club),
            *(
                feedback.complaint("a@x.example", told.now[0] - timedelta(hours=one), domain=shop)
                for one in (3, 2, 1)
            ),
        )
        found = {(one["kind"], one["customer"]): one for one in await told.actions()}
        without_user = found["disable_domain", "shop"]
        assert without_user["state"] == "done"
        assert "another configuration set still passes" in without_user["outcome"]
        assert not told.is_on(told.set_of(shop))
        assert found["disable_domain", "club"]["state"] == "done"
        assert await told.mail(club, "friend@x.example") == REFUSED
        block = found["block_recipient", "shop"]
        assert (block["state"], "--iam-user" in block["outcome"]) == ("failed", True)
        await told.pass_time(minutes=1)
        for name in (shop, club):
            await told.decide("reinstate", name, "cleaned")
        await told.settle()
        assert told.state() == before


async def test_fast_stops_of_one_day_share_the_blast_radius(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        names = [await told.onboard(f"site{one}") for one in range(5)]
        await told.tell(
            *(feedback.reject("x@y.example", told.now[0], domain=one, caller=one) for one in names)
        )
        await told.ring()
        states = [state for _, state in await told.states(kind="disable_domain")]
        assert sorted(states) == ["done"] * 3 + ["waiting"] * 2
        (notice,) = await told.rows(tables.notices, kind="action_waiting")
        assert len(notice["facts"]["actions"]) == 2
        (first, _) = await told.actions(state="waiting")
        await told.decide("reinstate", first["domain"], "cleaned already")
        await told.pass_time(days=2)
        await told.ring()
        assert await told.actions(state="waiting") != []
        assert await told.mail(first["domain"], "friend@x.example") == TAKEN
        assert ("reinstated", first["customer"]) not in await told.told()


async def test_the_operators_block_of_a_customers_own_people_tells_him_instead(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop")
        await told.decide("block", f"info@{shop}", shop, "asked by phone")
        await told.decide("block", "owner@shop-home.example", shop, "asked by phone")
        await told.settle()
        assert await told.mail(shop, f"info@{shop}") == TAKEN
        assert {one["lever"] for one in await told.actions()} == {"owner_told"}


@pytest.mark.slow
async def test_a_customers_odd_name_changes_nothing(house: Playhouse, tmp_path: Path) -> None:
    async with story(house, tmp_path) as told:
        shop = await told.onboard("shop", "Müller & Söhne/KG *", contact="m@m-home.example")
        before = told.state()

        async def complains(times: int) -> None:
            for _ in range(times):
                await told.pass_time(hours=1)
                await told.tell(
                    feedback.complaint("a@x.example", told.now[0], domain=shop, caller=shop)
                )

        await complains(3)
        assert await told.mail(shop, "a@x.example") == REFUSED
        await told.pass_time(hours=1)
        await told.decide("unblock", "a@x.example", shop, "made up")
        await told.settle()
        assert told.state() == before
        await complains(1)
        assert await told.mail(shop, "a@x.example") == REFUSED
        await told.pass_time(hours=1)
        await told.decide("terminate", "Müller & Söhne/KG *", "enough")
        await told.settle()
        assert await told.mail(shop, "b@x.example") == BAD_LOGIN


@pytest.mark.slow
async def test_back_in_shadow_mode_nothing_more_is_done(house: Playhouse, tmp_path: Path) -> None:
    async with story(house, tmp_path, 'mode = "shadow"') as told:
        shop = await told.onboard("shop")
        await told.decide("arm", None, armed=True)
        await told.pass_time(minutes=1)
        told.steer(production=False)
        await told.tell(feedback.bounce("dead@x.example", told.now[0], domain=shop, caller=shop))
        assert await told.states() == [("block_recipient", "pending")]
        await told.pass_time(minutes=1)
        await told.decide("arm", None, armed=False)
        told.steer(production=True)
        told.forget_calls()
        await told.pass_time(days=2)
        await told.ring()
        assert told.writes() == []
