"""What is in hand is bounded, and handed out in batches closed by count, bytes, age or the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sesauditd.ingest.hand import MOST_AT_ONCE, Hand
from tests.unit.ingest.test_batch import message

if TYPE_CHECKING:
    from sesauditd.ingest.batch import Received


def hand(*, messages: int = 20, size: int = 10_000, seconds: float = 0.02) -> Hand:
    return Hand(batch_messages=messages, batch_bytes=size, batch_seconds=seconds)


def some(number: int, size: int = 1) -> list[Received]:
    return [message(b"x" * size, one) for one in range(number)]


def bring(into: Hand, messages: list[Received]) -> None:
    into.expect()
    into.take(messages)


async def test_a_full_batch_is_handed_out_at_once() -> None:
    full = hand(seconds=60)
    bring(full, some(20))
    assert len(await full.batch(0.01)) == 20


async def test_a_batch_that_is_not_full_is_handed_out_when_its_first_message_is_old() -> None:
    slow = hand(seconds=0.03)
    bring(slow, some(1))
    begun = asyncio.get_running_loop().time()
    assert len(await slow.batch(60)) == 1
    assert asyncio.get_running_loop().time() - begun >= 0.025


async def test_nothing_is_handed_out_when_nothing_came_within_the_patience() -> None:
    assert await hand().batch(0.001) == []


async def test_large_messages_close_a_batch_early() -> None:
    large = hand(size=300, seconds=60)
    bring(large, some(5, size=100))
    assert len(await large.batch(0.01)) == 3


async def test_there_is_no_room_beyond_two_batches_even_while_one_is_in_work() -> None:
    full = hand()
    for _ in range(4):
        assert await full.has_room(0)
        bring(full, some(10))
    assert not await full.has_room(0.001)
    batch = await full.batch(0)
    assert not await full.has_room(0.001)
    full.put_down(batch)
    assert await full.has_room(0)
    assert len(full) == 20


async def test_a_receive_under_way_keeps_its_room() -> None:
    expecting = hand(messages=MOST_AT_ONCE)
    expecting.expect()
    expecting.expect()
    assert not await expecting.has_room(0.001)
    expecting.take([])
    assert await expecting.has_room(0)


async def test_bytes_fill_a_hand_too() -> None:
    heavy = hand(size=300)
    bring(heavy, some(6, size=100))
    assert not await heavy.has_room(0.001)


async def test_a_hand_that_is_shut_lets_nothing_in_until_it_is_opened() -> None:
    shut = hand()
    shut.shut()
    assert not await shut.has_room(0.001)
    shut.reopen()
    assert await shut.has_room(0)


async def test_after_the_last_message_nothing_is_waited_for() -> None:
    ending = hand(seconds=60)
    bring(ending, some(3))
    ending.last_taken()
    before = ending.finished
    assert len(await ending.batch(60)) == 3
    assert (before, ending.finished) == (False, True)
    assert await ending.batch(60) == []
