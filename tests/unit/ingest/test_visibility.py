"""Receipts: extended while they are held, and not used once they ran out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from sesauditd.errors import Unavailable
from sesauditd.ingest import visibility as under_test
from sesauditd.ingest.visibility import Visibility
from tests.unit.ingest.live import MemoryQueue

if TYPE_CHECKING:
    import pytest


async def held(queue: MemoryQueue, number: int, seconds: int = 60) -> tuple[Visibility, list[str]]:
    queue.send(*("{}" for _ in range(number)))
    visibility = Visibility(queue=queue, seconds=seconds)
    receipts = [message.receipt for message in await queue.receive(0)]
    visibility.hold(receipts)
    return visibility, receipts


async def test_everything_in_hand_is_extended_by_the_full_time() -> None:
    queue = MemoryQueue()
    visibility, receipts = await held(queue, 3)
    visibility.drop(receipts[:1])
    await visibility.extend()
    assert sorted(queue.extended) == [(receipt, 60) for receipt in receipts[1:]]


async def test_it_is_extended_three_times_as_often_as_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = MemoryQueue()
    visibility, _ = await held(queue, 1)
    rests: list[float] = []

    async def counted(stop: asyncio.Event, seconds: float) -> bool:
        rests.append(seconds)
        return len(rests) > 2

    monkeypatch.setattr(under_test, "rest", counted)
    await visibility.run(asyncio.Event())
    assert (rests, queue.calls["extend"]) == ([20.0] * 3, 2)


async def test_nothing_in_hand_asks_nobody() -> None:
    queue = MemoryQueue()
    await Visibility(queue=queue, seconds=60).extend()
    assert queue.calls == {}


async def test_a_receipt_that_the_queue_refuses_is_no_longer_ours() -> None:
    queue = MemoryQueue()
    visibility, receipts = await held(queue, 3)
    queue.refuse = {receipts[1]}
    await visibility.extend()
    assert visibility.ours(receipts) == [receipts[0], receipts[2]]
    assert sorted(visibility.all_ours()) == sorted([receipts[0], receipts[2]])


async def test_a_receipt_runs_out_by_our_own_count_when_the_queue_is_away() -> None:
    queue = MemoryQueue()
    visibility, receipts = await held(queue, 1, seconds=0)
    queue.failing["extend"] = Unavailable("no answer")
    await visibility.extend()
    assert visibility.ours(receipts) == []


async def test_a_queue_that_is_away_for_a_moment_takes_nothing_from_us() -> None:
    queue = MemoryQueue()
    visibility, receipts = await held(queue, 2)
    queue.failing["extend"] = Unavailable("no answer")
    await visibility.extend()
    assert visibility.ours(receipts) == receipts


async def test_a_receipt_that_was_dropped_while_it_was_extended_stays_dropped() -> None:
    queue = MemoryQueue()
    visibility, receipts = await held(queue, 2)
    extending = asyncio.create_task(visibility.extend())
    await asyncio.sleep(0)
    visibility.drop(receipts[:1])
    await extending
    assert visibility.all_ours() == receipts[1:]


async def test_what_is_acknowledged_while_it_is_extended_is_not_said_to_be_lost() -> None:
    queue = MemoryQueue()
    visibility, receipts = await held(queue, 2)
    queue.refuse.update(receipts)
    with capture_logs() as lines:
        extending = asyncio.create_task(visibility.extend())
        await asyncio.sleep(0)
        visibility.drop(receipts[:1])
        await extending
    assert [(line["event"], line["messages"]) for line in lines] == [("receipts_lost", 1)]
