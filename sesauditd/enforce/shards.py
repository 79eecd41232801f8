"""Which of a customer's IAM policies names which blocked address: pure, and it stays so."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.enforce.compile import (
    MANAGED_LIMIT,
    Document,
    deny_recipients,
    oddity,
    size_of,
    spelled,
)

if TYPE_CHECKING:
    from sesauditd.model.execution import Denied

POLICIES_OF_A_USER = 10
"""Managed policies that one IAM user can have attached (ses-facts.md section 4)."""
POLICIES_OF_AN_ACCOUNT = 1500
"""Customer managed policies that one account can have, whoever made them (IAM's default)."""
NEARLY_FULL = 80
"""Percent, from which on operators are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a customer's policies may hold."""

    policies: int = POLICIES_OF_A_USER
    """At most so many; those that others attached to the users are left out."""
    characters: int = MANAGED_LIMIT
    """Of each policy, white space not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shards:
    """A customer's blocked addresses, each in one policy."""

    held: Mapping[int, tuple[Denied, ...]]
    """By the number of the policy, in the order of their names; no policy is empty."""
    odd: Mapping[str, str]
    """Addresses that no policy can name, and why."""
    spilled: tuple[str, ...]
    """Addresses for which there is no room, in the order of the alphabet."""
    ignore_case: bool
    room: Room

    @property
    def places(self) -> Mapping[str, int]:
        """Return in which policy each address stands."""
        return {one.recipient: number for number, held in self.held.items() for one in held}

    def document(self, number: int) -> Document | None:
        """Return what a policy says, None where it names nobody and is not needed."""
        held = self.held.get(number)
        return None if held is None else deny_recipients(held, ignore_case=self.ignore_case)

    @property
    def characters(self) -> int:
        """Return how much is written in all policies together."""
        documents = (self.document(number) for number in self.held)
        return sum(size_of(one) for one in documents if one is not None)

    @property
    def percent_full(self) -> int:
        """Return how much of the room is taken, rounded down; 100 once something spilled."""
        if self.spilled:
            return 100
        whole = self.room.policies * self.room.characters
        return 100 * self.characters // whole if whole else 0


def sharded(denied: Iterable[Denied], room: Room, *, ignore_case: bool = True) -> Shards:
    """Return where each address goes: those that have a place keep it.

    So one new block, or one that ends, changes one policy and no other. What is new goes, in
    the order of the alphabet, to the first policy with room; a new policy takes the lowest
    number that is free. The result depends on what is denied, not on its order.
    """
    known = sorted(denied, key=lambda one: one.recipient)
    odd = {one.recipient: why for one in known if (why := oddity(one.recipient)) is not None}
    cost = partial(_cost, ignore_case=ignore_case)
    filling = _Filling(room, _frame(ignore_case=ignore_case))
    named = [one for one in known if one.recipient not in odd]
    homeless = [
        one
        for one in named
        if one.shard is None or not filling.takes(one.shard, one, cost(one), moved=False)
    ]
    spilled = [one.recipient for one in homeless if not filling.finds_room(one, cost(one))]
    held = {
        number: tuple(sorted(held, key=lambda one: one.recipient))
        for number, held in sorted(filling.held.items())
    }
    return Shards(held=held, odd=odd, spilled=tuple(spilled), ignore_case=ignore_case, room=room)


class _Filling:
    """Policies while they are filled."""

    def __init__(self, room: Room, frame: int) -> None:
        self.held: dict[int, list[Denied]] = defaultdict(list)
        self._room = room
        self._frame = frame
        self._sizes: dict[int, int] = {}

    def takes(self, number: int, one: Denied, cost: int, *, moved: bool) -> bool:
        """Put an address into a policy unless it is full, or would be one too many."""
        if moved and number not in self._sizes and len(self._sizes) >= self._room.policies:
            return False
        size = self._sizes.get(number, self._frame - 1) + cost
        if size > self._room.characters:
            return False
        self._sizes[number] = size
        self.held[number].append(one)
        return True

    def finds_room(self, one: Denied, cost: int) -> bool:
        """Put an address into the first policy with room."""
        return any(self.takes(number, one, cost, moved=True) for number in self._numbers())

    def _numbers(self) -> Iterator[int]:
        yield from sorted(self._sizes)
        free = (number for number in range(1, len(self._sizes) + 2) if number not in self._sizes)
        yield next(free)


def _cost(one: Denied, *, ignore_case: bool) -> int:
    """Return the characters that an address takes in a list, its comma included."""
    texts = spelled(one, ignore_case=ignore_case)
    return sum(size_of_text(text) + 1 for text in texts)


def size_of_text(text: str) -> int:
    """Return the characters that IAM counts of a text in a policy, its quotes included."""
    return len("".join(json.dumps(text).split()))


def _frame(*, ignore_case: bool) -> int:
    """Return the characters of a policy around its list."""
    return size_of(deny_recipients((), ignore_case=ignore_case))
