"""Receives and deletes only: the daemon's lean transport, its plain one, and boto3.

python benchmarks/transport.py [--events 10000] [--repeats 3]

Eight receivers share one client, as in the daemon; boto3 takes ten and deletes ten, in a loop. All
run in this process, and nothing is done with the messages. `plain` is aiobotocore's own client
(`queue.transport = "aiobotocore"`).
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import bench
import boto3

from sesauditd.aws.clients import connect
from sesauditd.aws.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable

RECEIVERS = 8
PATH = "/111122223333/feedback"
Found = dict[str, float]


async def ours(stub: bench.Stub, events: int, *, lean: bool) -> Found:
    """Take everything with the daemon's queue."""
    async with connect(
        region="eu-west-1", account_id="111122223333", endpoint_url=stub.url, lean=lean
    ) as clients:
        queue = Queue(clients, f"{stub.url}{PATH}", visibility_seconds=120)
        stub.feed(10)
        await queue.acknowledge([one.receipt for one in await queue.receive(0)])
        stub.feed(events)
        watch = bench.Stopwatch()
        await asyncio.gather(*(_taken(queue) for _ in range(RECEIVERS)))
        return watch.found(events)


async def _taken(queue: Queue) -> None:
    while messages := await queue.receive(0):
        await queue.acknowledge([one.receipt for one in messages])


def theirs(stub: bench.Stub, events: int) -> Found:
    """Take everything with boto3."""
    sqs = boto3.client("sqs", region_name="eu-west-1", endpoint_url=stub.url)
    url = f"{stub.url}{PATH}"
    stub.feed(events)
    watch = bench.Stopwatch()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        entries = [
            {"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]}
            for number, one in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return watch.found(events)


def main() -> None:
    """Print the medians and the ratio."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    results = bench.Results("transport", wanted)
    os.environ |= bench.KEYS
    with bench.stub() as stub:
        what: dict[str, Callable[[int], Found]] = {
            "ours": lambda _: asyncio.run(ours(stub, wanted.events, lean=True)),
            "plain": lambda _: asyncio.run(ours(stub, wanted.events, lean=False)),
            "boto3": lambda _: theirs(stub, wanted.events),
        }
        medians = bench.interleaved(what, wanted.repeats, results)
        stats = stub.stats()
    if stats["served"] != stats["deleted"]:
        raise SystemExit(f"served and deleted differ: {stats}")
    results.rates(f"receive and delete, medians of {wanted.repeats}", medians)
    results.close()


if __name__ == "__main__":
    main()
