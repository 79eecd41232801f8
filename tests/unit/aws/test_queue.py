"""The queue adapter: whole batches, honest refusals, no conclusions from silence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.queue import Depth, Queue
from sesauditd.errors import Forbidden, Missing, Unavailable
from tests.unit.aws.wire import RESET, Reply, refused, said

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "http://127.0.0.1/123456789012/feedback"
DEAD = "http://127.0.0.1/123456789012/dead"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
COUNTS = {
    "Attributes": {
        "ApproximateNumberOfMessages": "7",
        "ApproximateNumberOfMessagesNotVisible": "2",
    }
}


def _found(**changes: object) -> dict[str, object]:
    return {
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": '{"a": 1}',
        "Attributes": {"SentTimestamp": "1795507200250", "ApproximateReceiveCount": "3"},
        **changes,
    }


async def test_a_message_says_when_it_was_sent_and_how_often_it_was_received(
    wire: Wire, transported: Clients
) -> None:
    wire.will(said({"Messages": [_found()]}))
    [message] = await Queue(transported, URL, visibility_seconds=60).receive(3)
    assert message.body == '{"a": 1}'
    assert message.sent_at == datetime(2026, 11, 24, 8, 0, 0, 250_000, tzinfo=UTC)
    assert message.receive_count == 3
    assert wire.asked[0].parameters == {
        "QueueUrl": URL,
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 3,
        "AttributeNames": ["SentTimestamp", "ApproximateReceiveCount"],
        "VisibilityTimeout": 60,
    }


async def test_no_message_is_no_error(wire: Wire, transported: Clients) -> None:
    wire.will(said({}))
    assert await Queue(transported, URL).receive(0) == []


@pytest.mark.parametrize(
    "found",
    [
        {},
        _found(Attributes={}),
        _found(Attributes={"SentTimestamp": "soon", "ApproximateReceiveCount": "1"}),
        _found(Attributes={"SentTimestamp": "9" * 20, "ApproximateReceiveCount": "1"}),
        _found(Attributes={"SentTimestamp": "9" * 40, "ApproximateReceiveCount": "1"}),
    ],
    ids=["nothing", "no attributes", "no number", "no year", "no time"],
)
async def test_half_a_message_is_left_for_later(
    wire: Wire, transported: Clients, found: dict[str, object]
) -> None:
    wire.will(said({"Messages": [found]}))
    with pytest.raises(Unavailable, match="truncated"):
        await Queue(transported, URL).receive(0)


async def test_acknowledgements_go_out_in_tens(wire: Wire, transported: Clients) -> None:
    wire.will(said({"Successful": [{"Id": str(number)} for number in range(10)], "Failed": []}))
    assert await Queue(transported, URL).acknowledge([f"r{number}" for number in range(23)]) == []
    sizes = sorted(len(asked.parameters["Entries"]) for asked in wire.asked)
    assert sizes == [3, 10, 10]


async def test_nothing_to_acknowledge_asks_nothing(wire: Wire, transported: Clients) -> None:
    assert await Queue(transported, URL).acknowledge([]) == []
    assert wire.asked == []


async def test_what_the_queue_did_not_delete_is_named(wire: Wire, transported: Clients) -> None:
    stale = {"Id": "1", "Code": "ReceiptHandleIsInvalid", "SenderFault": True}
    wire.will(said({"Successful": [{"Id": "0"}], "Failed": [stale]}))
    assert await Queue(transported, URL).acknowledge(["r0", "r1"]) == ["r1"]


@pytest.mark.parametrize("reply", [RESET, Reply(status=500)], ids=["reset", "500"])
async def test_a_lost_acknowledgement_is_asked_again(
    wire: Wire, transported: Clients, reply: Reply
) -> None:
    wire.will(reply)
    with pytest.raises(Unavailable):
        await Queue(transported, URL).acknowledge(["r0"])


async def test_one_failed_batch_does_not_stop_the_others(wire: Wire, transported: Clients) -> None:
    done = said({"Successful": [], "Failed": []})
    wire.will(refused("AccessDeniedException", 403), done)
    with pytest.raises(Forbidden):
        await Queue(transported, URL).acknowledge([f"r{number}" for number in range(30)])
    assert len(wire.asked) == 3


async def test_visibility_is_changed_for_each(wire: Wire, transported: Clients) -> None:
    wire.will(said({"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": []}))
    queue = Queue(transported, URL)
    assert await queue.extend(["r0", "r1"], 90) == []
    assert await queue.release(["r0", "r1"]) == []
    changed = [entry["VisibilityTimeout"] for a in wire.asked for entry in a.parameters["Entries"]]
    assert changed == [90, 90, 0, 0]


async def test_depth_is_what_waits_and_what_is_in_flight(wire: Wire, clients: Clients) -> None:
    wire.will(said(COUNTS))
    assert await Queue(clients, URL).depth() == Depth(waiting=7, in_flight=2)


async def test_depth_stands_without_cloudwatch(wire: Wire, clients: Clients) -> None:
    wire.will(said(COUNTS), Reply(status=403))
    assert await Queue(clients, URL).depth(NOW) == Depth(waiting=7, in_flight=2)


@pytest.mark.parametrize("document", [{}, {"Attributes": {"ApproximateNumberOfMessages": "0"}}])
async def test_a_depth_that_was_cut_off_is_not_zero(
    wire: Wire, clients: Clients, document: object
) -> None:
    wire.will(said(document))
    with pytest.raises(Unavailable, match="truncated"):
        await Queue(clients, URL).depth()


async def test_dead_letters_lie_where_the_queue_says(wire: Wire, clients: Clients) -> None:
    policy = '{"deadLetterTargetArn":"arn:aws:sqs:r:123456789012:dead","maxReceiveCount":"5"}'
    attributes = {"QueueArn": "arn:aws:sqs:r:123456789012:feedback", "RedrivePolicy": policy}
    wire.will(said({"Attributes": attributes}), said({"QueueUrl": DEAD}), said(COUNTS))
    dead = await Queue(clients, URL).dead_letters()
    assert dead is not None
    assert (await dead.depth()).waiting == 7
    assert wire.asked[-1].parameters["QueueUrl"] == DEAD


async def test_a_queue_may_have_no_dead_letters(wire: Wire, clients: Clients) -> None:
    wire.will(said({"Attributes": {"QueueArn": "arn:aws:sqs:r:123456789012:feedback"}}))
    assert await Queue(clients, URL).dead_letters() is None


async def test_a_queue_that_is_gone_is_missing(wire: Wire, clients: Clients) -> None:
    wire.will(refused("QueueDoesNotExist"))
    with pytest.raises(Missing, match="region"):
        await Queue(clients, URL).depth()
