"""What a feedback queue promises: nothing is gone before it is acknowledged."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from tests.contract.stands import queue_stand

if TYPE_CHECKING:
    from tests.contract.stands import World


@pytest.fixture(params=["twin", "lean", "aiobotocore"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_message_comes_as_it_was_sent_and_is_hidden_then(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put('{"ä": "<&>"}')
    [message] = await stand.queue.receive(0)
    assert message.body == '{"ä": "<&>"}'
    assert message.receive_count == 1
    assert message.sent_at.tzinfo is UTC
    assert await stand.queue.receive(0) == []


async def test_a_released_message_comes_again_and_counts_it(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    [first] = await stand.queue.receive(0)
    assert await stand.queue.release([first.receipt]) == []
    [second] = await stand.queue.receive(0)
    assert second.message_id == first.message_id
    assert second.receipt != first.receipt
    assert second.receive_count == 2


async def test_an_acknowledged_message_is_gone(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    [message] = await stand.queue.receive(0)
    assert await stand.queue.acknowledge([message.receipt]) == []
    depth = await stand.queue.depth()
    assert (depth.waiting, depth.in_flight) == (0, 0)


async def test_a_receipt_that_never_was_is_returned(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    [message] = await stand.queue.receive(0)
    assert await stand.queue.acknowledge([message.receipt, "nonsense"]) == ["nonsense"]
    assert await stand.queue.extend(["nonsense"], 30) == ["nonsense"]


async def test_a_message_in_hand_can_be_kept(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    [message] = await stand.queue.receive(0)
    assert await stand.queue.extend([message.receipt], 300) == []
    assert await stand.queue.receive(0) == []


async def test_ten_come_at_once_and_all_can_be_acknowledged(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put(*(f"{number}" for number in range(12)))
    first, second = await stand.queue.receive(0), await stand.queue.receive(0)
    assert (len(first), len(second)) == (10, 2)
    receipts = [message.receipt for message in (*first, *second)]
    assert await stand.queue.acknowledge(receipts) == []
    assert (await stand.queue.depth()).in_flight == 0


async def test_depth_tells_what_waits_from_what_is_in_hand(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put(*(f"{number}" for number in range(12)))
    await stand.queue.receive(0)
    depth = await stand.queue.depth()
    assert (depth.waiting, depth.in_flight) == (2, 10)


async def test_a_message_received_too_often_is_a_dead_letter(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world, most_receives=2)
    await stand.put("poison")
    for _ in range(2):
        [message] = await stand.queue.receive(0)
        await stand.queue.release([message.receipt])
    assert await stand.queue.receive(0) == []
    dead = await stand.queue.dead_letters()
    assert dead is not None
    assert (await dead.depth()).waiting == 1
    assert [message.body for message in await dead.receive(0)] == ["poison"]


async def test_a_poll_of_an_empty_queue_ends(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    assert await stand.queue.receive(0) == []
