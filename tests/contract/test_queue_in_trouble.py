"""What a queue in trouble answers, and what is so there afterwards, whoever asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.retries.standard import ExponentialBackoff

from sesauditd.aws.queue import Queue
from sesauditd.errors import Failed, Forbidden, Missing, Unavailable
from sesauditd.sandbox.faults import Fault, FaultAction
from tests.contract.stands import queue_stand, transported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOST, RESET, THROTTLED = FaultAction.LOSE_ANSWER, FaultAction.RESET, FaultAction.THROTTLE
FOR_GOOD = 0


@pytest.fixture(params=["lean", "aiobotocore"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[None]:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)
    world.sandbox.recording.clear()
    yield
    world.sandbox.faults.clear()


def _fail(world: World, operation: str, action: FaultAction, times: int = 1) -> None:
    world.sandbox.faults.add(Fault(service="sqs", operation=operation, action=action, times=times))


async def test_a_deleted_message_may_be_returned_as_not_taken(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    [message] = await stand.queue.receive(0)
    _fail(world, "DeleteMessageBatch", LOST)
    assert await stand.queue.acknowledge([message.receipt]) in ([], [message.receipt])
    depth = await stand.queue.depth()
    assert (depth.waiting, depth.in_flight) == (0, 0)
    assert world.sandbox.recording.count("sqs", "DeleteMessageBatch") == 2


async def test_a_delete_that_is_never_answered_is_done_all_the_same(
    kind: str, world: World
) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    [message] = await stand.queue.receive(0)
    _fail(world, "DeleteMessageBatch", LOST, FOR_GOOD)
    with pytest.raises(Unavailable, match="DeleteMessageBatch"):
        await stand.queue.acknowledge([message.receipt])
    depth = await stand.queue.depth()
    assert (depth.waiting, depth.in_flight) == (0, 0)
    assert world.sandbox.recording.count("sqs", "DeleteMessageBatch") == 3


async def test_what_a_lost_answer_brought_is_in_flight_and_not_gone(
    kind: str, world: World
) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    _fail(world, "ReceiveMessage", LOST)
    assert await stand.queue.receive(0) == []
    assert world.sandbox.recording.count("sqs", "ReceiveMessage") == 2
    depth = await stand.queue.depth()
    assert (depth.waiting, depth.in_flight) == (0, 1)


async def test_a_change_of_visibility_is_asked_for_again(kind: str, world: World) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    [message] = await stand.queue.receive(0)
    _fail(world, "ChangeMessageVisibilityBatch", LOST)
    assert await stand.queue.release([message.receipt]) == []
    [again] = await stand.queue.receive(0)
    assert again.receive_count == 2


@pytest.mark.parametrize("action", [RESET, THROTTLED])
async def test_short_trouble_is_not_noticed(kind: str, world: World, action: FaultAction) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    _fail(world, "ReceiveMessage", action, 2)
    [message] = await stand.queue.receive(0)
    _fail(world, "DeleteMessageBatch", action, 2)
    assert await stand.queue.acknowledge([message.receipt]) == []


@pytest.mark.parametrize("action", [RESET, THROTTLED])
async def test_long_trouble_is_left_to_the_caller(
    kind: str, world: World, action: FaultAction
) -> None:
    stand = await queue_stand(kind, world)
    await stand.put("x")
    _fail(world, "ReceiveMessage", action, FOR_GOOD)
    with pytest.raises(Unavailable):
        await stand.queue.receive(0)
    assert world.sandbox.recording.count("sqs", "ReceiveMessage") == 3
    world.sandbox.faults.clear()
    [message] = await stand.queue.receive(0)
    assert message.receive_count == 1


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("InvalidClientTokenId", 403, Forbidden),
        ("SignatureDoesNotMatch", 403, Forbidden),
        ("RequestTimeTooSkewed", 403, Forbidden),
        ("AccessDenied", 403, Forbidden),
        ("ExpiredToken", 403, Unavailable),
        ("OverLimit", 403, Unavailable),
    ],
)
async def test_what_asking_again_does_not_change_is_asked_once(
    kind: str, world: World, code: str, status: int, expected: type[Failed]
) -> None:
    stand = await queue_stand(kind, world)
    for operation in ("ReceiveMessage", "DeleteMessageBatch"):
        world.sandbox.faults.add(
            Fault(service="sqs", operation=operation, code=code, status=status)
        )
    with pytest.raises(Failed, match=code) as received:
        await stand.queue.receive(0)
    with pytest.raises(Failed, match=code) as deleted:
        await stand.queue.acknowledge(["r"])
    assert (type(received.value), type(deleted.value)) == (expected, expected)
    assert world.sandbox.recording.count("sqs", "ReceiveMessage") == 1


async def test_a_queue_that_is_not_there_is_missing(kind: str, world: World) -> None:
    queue = Queue(transported(kind, world.clients), f"{world.sandbox.url}/123456789012/nowhere")
    with pytest.raises(Missing, match="region"):
        await queue.receive(0)
    with pytest.raises(Missing):
        await queue.acknowledge(["r"])
