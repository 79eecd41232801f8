"""However many domains a customer has: what is disabled is denied, within IAM's quotas."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from sesauditd.enforce.compile import deny_everything, deny_identities, size_of
from sesauditd.enforce.levers import Levers
from sesauditd.enforce.places import EVERYTHING, NUMBERS, number_of
from sesauditd.enforce.turning import Result, Turner, judged
from sesauditd.errors import Forbidden, Unavailable
from sesauditd.model.actions import Reverse, State
from sesauditd.model.execution import Surroundings, Task, User
from sesauditd.model.verdicts import Does
from tests.support.enforcing import NAMES
from tests.support.sweeps import examples
from tests.support.twins import (
    INLINE_LIMIT,
    MANAGED_LIMIT,
    MOST_ATTACHED,
    Failures,
    TwinAccess,
    TwinMail,
)

DOMAINS = tuple(f"{'shop-' * (number % 10)}{number}.example" for number in range(30))
SEND = deny_identities([f"arn:aws:ses:eu-west-1:123456789012:{'x' * 300}"])
"""As long as what onboarding allows a user."""
FOREIGN = "arn:aws:iam::123456789012:policy/foreign-"
Story: TypeAlias = list[tuple[str, str, int]]


class Killed(BaseException):
    """The end of the process: nothing catches it."""


class Watched(Failures):
    """Looks at the account after every change, and kills after some."""

    def __init__(self, one: Customer) -> None:
        super().__init__()
        self.one = one
        self.left = 0

    @contextmanager
    @override
    def call(self, method: str, *, changes: bool = False) -> Iterator[None]:
        with super().call(method, changes=changes):
            yield
        if changes:
            self.one.look()
            self.left -= 1
            if self.left == 0:
                raise Killed


@dataclass
class Customer:
    """A customer with two users at IAM, and what the store says of it."""

    access: TwinAccess = field(default_factory=TwinAccess)
    off: frozenset[str] = frozenset()
    throughout: frozenset[tuple[str, str]] = frozenset()
    """Who was denied what before a decision, and still has to be."""
    terminated: bool = False
    impostors: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    turner: Turner = field(init=False)

    def __post_init__(self) -> None:
        self.turner = Turner(patience_seconds=())
        for name in ("site-a", "site-b"):
            self.access.add_user(name, f"AKIA{name}")
            self.access.users[name].inline["sesaudit-send"] = SEND
        self.access.failures = Watched(self)

    @property
    def around(self) -> Surroundings:
        """Return what the store says."""
        return Surroundings(
            users=tuple(
                User(name=name, customers=frozenset({"k", "m"} if name in self.shared else {"k"}))
                for name in sorted(self.access.users)
            ),
            domains=DOMAINS,
            registered=frozenset(DOMAINS),
            off=self.off,
            disabled=self.off,
            terminated=self.terminated,
            impostors=self.impostors,
        )

    async def do(self, kind: Does | Reverse, domain: str | None = None, *, kill: int = 0) -> Result:
        """Decide, and carry it out; killed on the way, the next start does it anew."""
        if kind is Does.DISABLE:
            self.off |= {str(domain)}
        elif kind is Reverse.REINSTATE:
            self.off -= {str(domain)}
        else:
            self.terminated = kind is Does.TERMINATE
        self.throughout = frozenset(
            (user, one) for user in self.access.users for one in self.off if self.denies(user, one)
        )
        failures: Any = self.access.failures
        failures.left = kill
        try:
            return await self.carry_out(kind, domain)
        except Killed:
            self.turner = Turner(patience_seconds=())
            return await self.carry_out(kind, domain)

    async def carry_out(self, kind: Does | Reverse, domain: str | None) -> Result:
        """Bring IAM to what the store says, as the executor does."""
        levers = Levers.at(NAMES, TwinMail(), self.access)
        task = Task(id="1", kind=kind, customer="k", domain=domain)
        plan = await levers.plan(task, self.around)
        assert plan.failure is None
        before = await self.turner.look(plan.pulls)
        return judged(plan, await self.turner.turn(plan.pulls, before))

    def denies(self, user: str, domain: str) -> bool:
        """Say whether a user may not send from a domain, nor from anything below it."""
        at = self.access.users[user]
        documents = [one for name, one in at.inline.items() if name != "sesaudit-send"]
        documents += [self.access.policies[arn] for arn in at.attached if "foreign" not in arn]
        patterns: list[str] = [
            each for one in documents for each in one["Statement"][0]["Resource"]
        ]
        start = NAMES.identities("")[0]
        wanted = [f"{start}{each}{domain}" for each in ("", "sub.", "p@", "p@sub.")]
        found = [any(fnmatchcase(one, each) for each in patterns) for one in wanted]
        assert len(set(found)) == 1
        return found[0]

    def look(self) -> None:
        """Hold that no quota is passed, and that what goes on being disabled stays denied."""
        for user in self.access.users.values():
            assert sum(map(size_of, user.inline.values())) <= INLINE_LIMIT
            assert len(user.attached) <= MOST_ATTACHED
        assert all(self.denies(*each) for each in self.throughout)
        assert all(size_of(one) <= MANAGED_LIMIT for one in self.access.policies.values())


def room_for_everything(one: Customer, user: str) -> bool:
    """Say whether a Deny on everything has room at a user, or stands already."""
    inline = one.access.users[user].inline
    needed = 0 if NAMES.terminate_policy in inline else size_of(deny_everything())
    return sum(map(size_of, inline.values())) + needed <= INLINE_LIMIT


decided = st.one_of(
    st.tuples(st.just("disable"), st.sampled_from(DOMAINS)),
    st.tuples(st.just("reinstate"), st.sampled_from(DOMAINS)),
    st.tuples(st.sampled_from(["terminate", "restore"]), st.just("")),
)
stories = st.lists(
    st.tuples(decided, st.integers(0, 4)).map(lambda one: (*one[0], one[1])), max_size=12
)
KINDS: dict[str, Does | Reverse] = {
    "disable": Does.DISABLE,
    "reinstate": Reverse.REINSTATE,
    "terminate": Does.TERMINATE,
    "restore": Reverse.RESTORE,
}


@examples(40)
@given(st.sets(st.sampled_from(DOMAINS)), stories, st.integers(0, MOST_ATTACHED - len(NUMBERS)))
def test_what_is_disabled_is_denied_and_nothing_else(
    first: set[str], story: Story, foreign: int
) -> None:
    async def tell() -> None:
        one = Customer()
        for user in one.access.users.values():
            user.attached += [f"{FOREIGN}{number}" for number in range(foreign)]
        whole: Story = [("disable", domain, 0) for domain in sorted(first)]
        for name, domain, kill in [*whole, *story]:
            result = await one.do(KINDS[name], domain or None, kill=kill)
            assert (result.state, result.words) == (State.DONE, ())
            for login in one.access.users:
                assert room_for_everything(one, login)
                denied = {domain for domain in DOMAINS if one.denies(login, domain)}
                assert denied == (set(DOMAINS) if one.terminated else one.off)
        await one.do(Reverse.RESTORE)
        for domain in sorted(one.off):
            await one.do(Reverse.REINSTATE, domain)
        assert one.access.policies == {}
        assert [list(each.inline) for each in one.access.users.values()] == [["sesaudit-send"]] * 2

    asyncio.run(tell())


async def disabled(one: Customer, count: int = len(DOMAINS)) -> Result:
    """Disable some domains; return what came of the last."""
    results = [await one.do(Does.DISABLE, domain) for domain in DOMAINS[:count]]
    return results[-1]


async def test_the_first_stand_inline_and_only_the_rest_in_policies() -> None:
    one = Customer()
    await disabled(one, 2)
    assert one.access.policies == {}
    await disabled(one)
    assert set(one.access.policies) == {NAMES.stop_policy_arn("k", each) for each in NUMBERS}


async def test_what_stands_in_its_older_shape_is_written_anew_in_place() -> None:
    one = Customer()
    domain = DOMAINS[3]
    start = NAMES.identities("")[0]
    older = deny_identities([*NAMES.identities(domain), f"{start}*@*.{domain}"])
    for user in one.access.users.values():
        user.inline[NAMES.disable_policy(domain)] = older
    await one.do(Does.DISABLE, domain)
    assert one.access.failures.changes == ["put_inline", "put_inline"]


async def test_a_user_that_is_caught_and_ended_has_room_for_both_denials() -> None:
    one = Customer()
    await disabled(one, 12)
    one.impostors = frozenset({"site-a"})
    assert (await one.do(Does.DISABLE, DOMAINS[20])).state is State.DONE
    one.impostors = frozenset()
    assert (await one.do(Does.TERMINATE)).state is State.DONE
    inline = one.access.users["site-a"].inline
    assert inline[NAMES.disable_policy(DOMAINS[20])] == deny_everything()
    assert inline[NAMES.terminate_policy] == deny_everything()
    assert NAMES.stop_policy_arn("k", EVERYTHING) not in one.access.policies


async def test_a_user_that_is_caught_and_cannot_be_denied_everything_is_told_of() -> None:
    one = Customer()
    one.access.users["site-a"].inline["mine"] = deny_identities(["x" * 1400])
    one.impostors = frozenset({"site-a"})
    result = await one.do(Does.DISABLE, DOMAINS[5])
    assert result.state is State.FAILED
    assert "denied the domain alone" in result.words[0]
    assert one.denies("site-a", DOMAINS[5])


async def test_a_termination_that_others_left_no_room_stands_in_a_policy() -> None:
    one = Customer()
    one.access.users["site-a"].inline["mine"] = deny_identities(["x" * 1480])
    assert (await one.do(Does.TERMINATE)).state is State.DONE
    assert one.denies("site-a", DOMAINS[0])
    assert list(one.access.policies) == [NAMES.stop_policy_arn("k", EVERYTHING)]
    assert one.access.users["site-b"].attached == []
    await one.do(Reverse.RESTORE)
    assert one.access.policies == {}


@pytest.mark.parametrize(("more", "inline"), [(0, True), (1, False)])
async def test_a_termination_takes_the_last_character_inline(more: int, inline: object) -> None:
    one = Customer()
    left = (
        INLINE_LIMIT - size_of(SEND) - size_of(deny_everything()) - size_of(deny_identities([""]))
    )
    one.access.users["site-a"].inline["mine"] = deny_identities(["x" * (left + more)])
    assert (await one.do(Does.TERMINATE)).state is State.DONE
    assert (NAMES.terminate_policy in one.access.users["site-a"].inline) is inline


@pytest.mark.parametrize(("more", "inline"), [(0, True), (1, False)])
async def test_a_disable_leaves_room_for_two_denials_of_everything(
    more: int, inline: object
) -> None:
    one = Customer()
    taken = size_of(SEND) + size_of(deny_identities(NAMES.identities(DOMAINS[0])))
    left = INLINE_LIMIT - taken - 2 * size_of(deny_everything()) - size_of(deny_identities([""]))
    one.access.users["site-a"].inline["mine"] = deny_identities(["x" * (left + more)])
    assert (await one.do(Does.DISABLE, DOMAINS[0])).state is State.DONE
    name = NAMES.disable_policy(DOMAINS[0])
    assert (name in one.access.users["site-a"].inline) is inline


async def test_what_stands_inline_needs_no_room_in_a_full_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Customer()
    await disabled(one)
    monkeypatch.setattr("sesauditd.enforce.places.MANAGED_LIMIT", 0)
    levers = Levers.at(NAMES, TwinMail(), one.access)
    task = Task(id="1", kind=Does.DISABLE, customer="k", domain=DOMAINS[0])
    assert (await levers.plan(task, one.around)).problems == ()


async def test_a_user_that_became_shared_is_freed_of_that_policy() -> None:
    one = Customer()
    one.access.users["site-a"].inline["mine"] = deny_identities(["x" * 1480])
    await one.do(Does.TERMINATE)
    one.shared = frozenset({"site-a"})
    await one.do(Does.TERMINATE)
    assert one.access.users["site-a"].attached == []


async def test_without_any_room_it_fails_and_says_what_to_do() -> None:
    one = Customer()
    for user in one.access.users.values():
        user.attached += [f"{FOREIGN}{number}" for number in range(MOST_ATTACHED)]
    result = await disabled(one)
    assert result.state is State.FAILED
    assert any("LimitExceeded" in words or "ten at" in words for words in result.words)
    assert all(room_for_everything(one, user) for user in one.access.users)


async def test_more_domains_than_a_policy_holds_fail_and_lift_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Customer()
    await disabled(one, 20)
    before = {user for user in DOMAINS if one.denies("site-a", user)}
    largest = max(map(size_of, one.access.policies.values()))
    monkeypatch.setattr("sesauditd.enforce.places.MANAGED_LIMIT", largest)
    results = [await one.do(Does.DISABLE, domain) for domain in DOMAINS[20:]]
    refused = [one for one in results if one.state is State.FAILED]
    assert refused
    assert all("terminate the customer" in one.words[0] for one in refused)
    for domain in sorted(before):
        assert (await one.do(Reverse.REINSTATE, domain)).state is State.DONE
        assert not one.denies("site-a", domain)


async def test_with_older_rights_it_is_inline_as_ever() -> None:
    one = Customer()
    for name in ("inline_policies", "policy", "attached"):
        one.access.failures.fail(name, Forbidden("no"), times=99)
    assert (await one.do(Does.DISABLE, DOMAINS[0])).state is State.DONE
    assert (await one.do(Does.TERMINATE)).state is State.DONE
    assert (await one.do(Reverse.RESTORE)).state is State.DONE
    assert (await one.do(Reverse.REINSTATE, DOMAINS[0])).state is State.DONE


async def test_a_policy_that_cannot_be_looked_at_keeps_the_reinstatement_waiting() -> None:
    one = Customer()
    await disabled(one)
    one.access.failures.fail("policy", Unavailable("away"))
    assert (await one.do(Reverse.REINSTATE, DOMAINS[9])).state is State.PENDING
    assert (await one.do(Reverse.REINSTATE, DOMAINS[9])).state is State.DONE
    assert not one.denies("site-a", DOMAINS[9])


async def test_a_user_that_comes_later_gets_what_stands() -> None:
    one = Customer()
    await disabled(one)
    one.access.add_user("site-c", "AKIAc")
    for domain in DOMAINS:
        await one.do(Does.DISABLE, domain)
    assert all(one.denies("site-c", domain) for domain in DOMAINS)


def test_a_domain_always_has_the_same_policy() -> None:
    assert [number_of(one) for one in ("a.example", "b.example", "c.example")] == [1, 1, 3]
