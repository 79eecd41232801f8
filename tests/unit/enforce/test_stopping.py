"""Disables and terminations: both levers, nobody else hit, nothing forgotten on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import feedback as ses
from tests.support.enforcing import Enforcing, enforcing
from tests.support.twins import TwinMail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Enforcing]:
    """Return a program with an executor over twins."""
    async with enforcing(tmp_path) as opened:
        yield opened


async def outcome(one: Enforcing) -> tuple[str, str]:
    """Return state and words of the newest action."""
    row = (await one.actions())[-1]
    return row["state"], row["outcome"] or ""


def share(one: Enforcing, name: str, *domains: str) -> None:
    """Give domains the same default set."""
    for domain in domains:
        one.mail.add_identity(domain, name)


def sends(one: Enforcing, name: str) -> bool:
    """Say whether a set sends."""
    return one.mail.sets[name]


async def test_a_set_that_another_domain_uses_goes_on_sending(one: Enforcing) -> None:
    share(one, "shared", "a.example", "other.example")
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    state, words = await outcome(one)
    assert (state, one.mail.sets["shared"]) == ("done", True)
    assert "configuration set shared goes on sending: other.example uses it" in words
    assert one.access.users["site-k"].inline


async def test_users_are_stopped_before_it_is_asked_who_else_uses_the_set(
    one: Enforcing, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied: list[bool] = []
    identity = one.mail.identity

    async def slow(name: str) -> Any:
        denied.append(bool(one.access.users["site-k"].inline))
        return await identity(name)

    monkeypatch.setattr(TwinMail, "identity", lambda _mail, name: slow(name))
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert (await outcome(one))[0] == "done"
    assert denied
    assert all(denied)


async def test_a_shared_set_stops_when_all_its_domains_are_off_and_starts_with_the_first(
    one: Enforcing,
) -> None:
    share(one, "shared", "a.example", "b.example")
    before = one.world()
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    assert sends(one, "shared")
    await one.decide("disable", "b.example", "hacked")
    await one.tick()
    assert not sends(one, "shared")
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    assert sends(one, "shared")
    await one.decide("reinstate", "b.example", "cleaned")
    await one.tick()
    assert one.world() == before


async def test_a_set_that_somebody_else_paused_stays_paused(one: Enforcing) -> None:
    one.mail.sets["set-a-example"] = False
    before = one.world()
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    assert one.world() == before


async def test_a_set_that_was_changed_meanwhile_is_let_go_all_the_same(one: Enforcing) -> None:
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    one.mail.add_identity("a.example", "newer")
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    assert one.mail.sets == {
        "set-a-example": True,
        "set-b-example": True,
        "set-other-example": True,
        "newer": True,
    }


async def test_identities_below_with_a_set_of_their_own_are_stopped_too(one: Enforcing) -> None:
    one.mail.add_identity("shop@a.example", "set-shop")
    one.mail.add_identity("news.a.example", "set-news")
    one.mail.add_identity("blog.a.example", "set-blog")
    await one.adopt("blog.a.example", "m", user="site-m")
    one.mail.add_identity("blog.a.example", "set-blog")
    before = one.world()
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    off = {name for name, sends in one.mail.sets.items() if not sends}
    assert off == {"set-a-example", "set-shop", "set-news"}
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    assert one.world() == before


async def test_a_domain_that_is_off_already_is_done_without_a_write(one: Enforcing) -> None:
    await one.program.feed([ses.reject("p@x.example", ses.at(6))])
    await one.tick()
    written = len(one.changes)
    await one.decide("disable", "a.example", "and by hand")
    await one.tick()
    assert len(one.changes) == written
    assert await one.states() == [("disable_domain", "done")] * 2


async def test_reinstated_twice_over_nothing_is_left(one: Enforcing) -> None:
    before = one.world()
    await one.program.feed([ses.reject("p@x.example", ses.at(6))])
    await one.tick()
    await one.decide("disable", "a.example", "and by hand")
    await one.tick()
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    assert one.world() == before
    told = [kind for kind, _ in await one.notices()]
    assert told.count("reinstated") == 1


async def test_nobody_is_told_of_the_end_of_what_never_began(one: Enforcing) -> None:
    await one.decide("disable", "a.example", "hacked")
    await one.decide("reinstate", "a.example", "a mistake")
    await one.tick()
    assert await one.notices() == []


async def test_a_user_that_customers_share_is_spared_and_the_set_is_the_only_lever(
    one: Enforcing,
) -> None:
    await one.program.adopt("other.example", "m", iam_user="site-k")
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    state, words = await outcome(one)
    assert (state, one.mail.sets["set-a-example"]) == ("done", False)
    assert "IAM user site-k is left alone: k, m share it" in words
    assert "another configuration set still passes" in words
    assert one.access.failures.changes == []


async def test_without_any_lever_a_disable_fails(one: Enforcing) -> None:
    await one.program.adopt("bare.example", "n")
    await one.decide("disable", "bare.example", "hacked")
    await one.tick()
    state, words = await outcome(one)
    assert state == "failed"
    assert "nothing to stop it with" in words
    assert await one.notices() == [("action_failed", "")]


async def test_without_an_iam_user_the_words_say_what_still_passes(one: Enforcing) -> None:
    await one.adopt("lone.example", "n")
    await one.decide("disable", "lone.example", "hacked")
    await one.tick()
    state, words = await outcome(one)
    assert (state, one.mail.sets["set-lone-example"]) == ("done", False)
    assert "another configuration set still passes" in words


async def test_who_sends_as_somebody_else_may_send_nothing_at_all(one: Enforcing) -> None:
    people = [f"p{number}@x.example" for number in range(30)]
    await one.program.feed(
        [
            ses.bounce(person, ses.at(1), domain="other.example", caller="site-k")
            for person in people
        ]
        + [ses.send(person, ses.at(1)) for person in people]
    )
    await one.program.application.enforce(ses.at(7, 3))
    await one.tick()
    disabled = [row["domain"] for row in await one.actions(kind="disable_domain")]
    assert disabled == ["a.example"]
    document: Any = one.access.users["site-k"].inline["sesaudit-disable-a.example"]
    assert document["Statement"][0]["Resource"] == ["*"]
    assert one.access.users["site-m"].inline == {}


async def test_a_reinstated_domain_of_a_terminated_customer_stays_stopped(one: Enforcing) -> None:
    before = one.world()
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    await one.decide("terminate", "k", "ended")
    await one.tick()
    await one.decide("reinstate", "a.example", "cleaned")
    await one.tick()
    assert one.mail.sets["set-a-example"] is False
    assert "customer is terminated" in (await outcome(one))[1]
    assert list(one.access.users["site-k"].inline) == ["sesaudit-terminate"]
    await one.decide("restore", "k", "mistaken")
    await one.tick()
    assert one.world() == before


async def test_a_key_that_was_deleted_meanwhile_is_not_missed(one: Enforcing) -> None:
    await one.decide("terminate", "k", "ended")
    await one.tick()
    del one.access.users["site-k"].keys["AKIA2site-k"]
    await one.decide("restore", "k", "mistaken")
    await one.tick()
    assert (await outcome(one))[0] == "done"
    assert one.access.users["site-k"].keys == {"AKIA1site-k": True}


async def test_a_termination_of_a_shared_user_spares_it(one: Enforcing) -> None:
    await one.program.adopt("other.example", "m", iam_user="site-k")
    await one.decide("terminate", "k", "ended")
    await one.tick()
    state, words = await outcome(one)
    assert state == "done"
    assert "left alone" in words
    assert set(one.access.users["site-k"].keys.values()) == {True}
    assert (one.mail.sets["set-a-example"], one.mail.sets["set-other-example"]) == (False, True)


async def test_a_user_that_becomes_shared_is_let_go_of_a_termination(one: Enforcing) -> None:
    await one.decide("terminate", "k", "ended")
    await one.tick()
    assert one.access.users["site-k"].inline
    assert set(one.access.users["site-k"].keys.values()) == {False}
    await one.program.adopt("other.example", "m", iam_user="site-k")
    await one.tick()
    assert not one.access.users["site-k"].inline
    assert set(one.access.users["site-k"].keys.values()) == {True}
    state, words = await outcome(one)
    assert (state, one.mail.sets["set-a-example"]) == ("done", False)
    assert "left alone" in words


async def test_both_sides_are_told_of_a_stop_and_of_its_end(one: Enforcing) -> None:
    await one.decide("terminate", "k", "ended")
    await one.tick()
    await one.decide("restore", "k", "mistaken")
    await one.tick()
    assert await one.notices() == [
        ("action_done", ""),
        ("action_done", ""),
        ("restored", "k"),
        ("terminated", "k"),
    ]


async def test_a_set_that_is_gone_fails_and_says_so(one: Enforcing) -> None:
    del one.mail.sets["set-a-example"]
    await one.decide("disable", "a.example", "hacked")
    await one.tick()
    state, words = await outcome(one)
    assert state == "failed"
    assert "set-a-example" in words
    assert one.access.users["site-k"].inline


async def test_blocks_let_go_of_a_user_that_becomes_shared(one: Enforcing) -> None:
    await one.decide("block", "p@x.example", "a.example", "asked")
    await one.tick()
    assert one.access.users["site-k"].attached
    await one.program.adopt("other.example", "m", iam_user="site-k")
    await one.tick()
    assert one.access.users["site-k"].attached == []
    state, words = await outcome(one)
    assert state == "failed"
    assert "left alone" in words
