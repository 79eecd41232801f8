"""Blocks are spread over policies that IAM takes, and each stays where it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesauditd.enforce.compile import denied_by, oddity, size_of
from sesauditd.enforce.shards import Room, Shards, sharded
from sesauditd.model.execution import Denied

if TYPE_CHECKING:
    import random

SMALL = Room(policies=3, characters=400)
addresses = st.lists(
    st.one_of(
        st.emails().map(str.lower),
        st.integers(0, 999).map(lambda number: f"person-{number}@company.example"),
        st.sampled_from(["*@x.example", "${a}@x.example", '"a b"@x.example', "a" * 250 + "@x.org"]),
    ),
    unique=True,
    max_size=60,
)


def denied(*names: str) -> list[Denied]:
    return [Denied(recipient=one, spellings=frozenset({one.title()})) for one in names]


def kept(shards: Shards) -> list[Denied]:
    """Return what the store remembers of an arrangement."""
    return [replace(one, shard=number) for number, held in shards.held.items() for one in held]


def documents(shards: Shards) -> dict[int, object]:
    return {number: shards.document(number) for number in shards.held}


@settings(max_examples=20, deadline=None)
@given(addresses, st.booleans())
def test_each_address_stands_in_one_policy_that_iam_takes(
    names: list[str], ignore_case: bool
) -> None:
    shards = sharded(denied(*names), SMALL, ignore_case=ignore_case)
    places = shards.places
    assert set(places) | set(shards.odd) | set(shards.spilled) == set(names)
    assert len(places) + len(shards.odd) + len(shards.spilled) == len(names)
    assert len(shards.held) <= SMALL.policies
    for number in shards.held:
        document = shards.document(number)
        assert document is not None
        assert size_of(document) <= SMALL.characters
        named = denied_by(document)
        assert named is not None
        assert named >= {one for one, at in places.items() if at == number}
        assert {one.lower() for one in named} == {one for one, at in places.items() if at == number}


@settings(max_examples=20, deadline=None)
@given(addresses, st.randoms(use_true_random=False))
def test_the_order_of_blocks_does_not_matter(names: list[str], chance: random.Random) -> None:
    mixed = list(names)
    chance.shuffle(mixed)
    assert sharded(denied(*names), SMALL) == sharded(denied(*mixed), SMALL)


@settings(max_examples=20, deadline=None)
@given(addresses, st.emails().map(str.lower))
def test_one_new_block_rewrites_one_policy_at_most(names: list[str], new: str) -> None:
    before = sharded(denied(*names), SMALL)
    now = sharded([*kept(before), *denied(*({new} - set(before.places)))], SMALL)
    old, fresh = documents(before), documents(now)
    changed = {number for number in old | fresh if old.get(number) != fresh.get(number)}
    assert len(changed) <= 1
    assert set(before.places.items()) <= set(now.places.items())


@settings(max_examples=20, deadline=None)
@given(addresses, st.data())
def test_a_block_that_ends_rewrites_its_own_policy_alone(
    names: list[str], data: st.DataObject
) -> None:
    before = sharded(denied(*names), SMALL)
    if not before.places:
        return
    gone = data.draw(st.sampled_from(sorted(before.places)))
    now = sharded([one for one in kept(before) if one.recipient != gone], SMALL)
    old, fresh = documents(before), documents(now)
    assert {number for number in old if old[number] != fresh.get(number)} == {before.places[gone]}


@settings(max_examples=20, deadline=None)
@given(addresses)
def test_arranging_again_changes_nothing(names: list[str]) -> None:
    before = sharded(denied(*names), SMALL)
    assert documents(sharded(kept(before), SMALL)) == documents(before)


def test_a_full_arrangement_holds_what_the_field_guide_counted() -> None:
    many = [f"person-{number:05d}@companies.example" for number in range(5000)]
    shards = sharded(denied(*many), Room())
    assert len(shards.held) == 10
    assert 1500 < len(shards.places) < 1900
    assert len(shards.spilled) == 5000 - len(shards.places)
    assert shards.percent_full == 100


def test_policies_of_others_leave_less_room_and_move_nobody() -> None:
    many = denied(*(f"person-{number}@company.example" for number in range(20)))
    before = sharded(many, SMALL)
    assert len(before.held) == 3
    now = sharded([*kept(before), *denied("z@z.example")], Room(policies=1, characters=400))
    assert set(before.places.items()) <= set(now.places.items())


def test_a_free_number_is_taken_again() -> None:
    many = denied(*(f"person-{number}@company.example" for number in range(20)))
    before = sharded(many, SMALL)
    left = [one for one in kept(before) if one.shard != 1]
    now = sharded([*left, *denied(*(f"new-{number}@y.example" for number in range(9)))], SMALL)
    assert {at for name, at in now.places.items() if name.startswith("new")} >= {1}


def test_no_room_at_all_spills_everybody_new() -> None:
    shards = sharded(denied("a@x.example"), Room(policies=0))
    assert (shards.held, shards.spilled, shards.percent_full) == ({}, ("a@x.example",), 100)


@pytest.mark.parametrize(("count", "percent"), [(0, 0), (1, 17), (4, 24)])
def test_how_full_it_is(count: int, percent: int) -> None:
    many = denied(*(f"person-{number}@company.example" for number in range(count)))
    assert sharded(many, SMALL).percent_full == percent


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("*@x.com", "wildcard"),
        ("b?b@x.com", "wildcard"),
        ("${aws:username}@x.com", "variable"),
        ("b\u0142@x.com", "ASCII"),
        ("b\xf6b@x.com", "ASCII"),
        ("b\u212a@x.com", "ASCII"),
        ("b\tb@x.com", "ASCII"),
        ("b\x00b@x.com", "ASCII"),
        ("b@x.com\n", "ASCII"),
        ("b" * 250 + "@x.com", "longer"),
        ("nobody", "no address"),
        ("@x.com", "no address"),
        ("b@", "no address"),
        ("", "ASCII"),
    ],
)
def test_an_odd_address_is_refused_with_its_reason(address: str, why: str) -> None:
    assert why in (oddity(address) or "")
    shards = sharded([*denied("bob@x.com"), *denied(address)], SMALL)
    assert set(shards.odd) == {address}
    assert documents(shards) == documents(sharded(denied("bob@x.com"), SMALL))


@pytest.mark.parametrize(
    "address", ['"b b"@x.com', "b$b@x.com", "b{b}@x.com", "o'b@x.com", "b+tag@x.com"]
)
def test_a_strange_address_is_not_an_odd_one(address: str) -> None:
    assert oddity(address) is None
