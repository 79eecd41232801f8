"""The feedback queue on SQS: batches of ten, received by long polls, acknowledged at the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.aws.metrics import Metrics
from sesauditd.aws.transport import Message

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients

__all__ = ["BATCH", "Depth", "Message", "Queue"]

BATCH: Final = 10
"""What SQS gives and takes at once (ses-facts 2.3)."""
AT_ONCE: Final = 8
"""How many batches of acknowledgements are under way at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much stands in a queue, as far as SQS knows: its counts are approximate."""

    waiting: int
    in_flight: int
    oldest_seconds: float | None = None


class Queue:
    """One queue by its URL; `visibility_seconds` None leaves the queue's own."""

    def __init__(
        self, clients: Clients, url: str, *, visibility_seconds: int | None = None
    ) -> None:
        self._clients = clients
        self._sqs = clients.sqs
        self._transport = clients.messages
        self._url = url
        self._hidden = (
            {} if visibility_seconds is None else {"VisibilityTimeout": visibility_seconds}
        )
        self._gate = asyncio.Semaphore(AT_ONCE)

    @property
    def url(self) -> str:
        """Where SQS has it."""
        return self._url

    async def receive(self, wait_seconds: int = 20) -> Sequence[Message]:
        """Wait up to 20 seconds for messages and return at most ten: SQS ReceiveMessage.

        Raises Unavailable, Forbidden or Missing. An empty answer proves nothing: SQS asks only
        some of its machines, and botocore reads a truncated answer as an empty one. Who cancels
        a poll hides what it was about to deliver until the visibility timeout is over.
        """
        return await self._transport.receive(
            {
                "QueueUrl": self._url,
                "MaxNumberOfMessages": BATCH,
                "WaitTimeSeconds": wait_seconds,
                "AttributeNames": ["SentTimestamp", "ApproximateReceiveCount"],
                **self._hidden,
            }
        )

    async def acknowledge(self, receipts: Sequence[str]) -> Sequence[str]:
        """Delete messages and return the receipts that SQS did not take: SQS DeleteMessageBatch.

        What is returned will be delivered again, or was deleted by an attempt whose answer was
        lost; both are harmless once the message is recorded. Raises Unavailable, Forbidden or
        Missing after all batches were tried.
        """
        return await self._in_batches("DeleteMessageBatch", receipts, {})

    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        """Hide messages for `seconds` from now and return the receipts that SQS did not take.

        SQS ChangeMessageVisibilityBatch. Raises Unavailable, Forbidden or Missing.
        """
        changed = {"VisibilityTimeout": seconds}
        return await self._in_batches("ChangeMessageVisibilityBatch", receipts, changed)

    async def release(self, receipts: Sequence[str]) -> Sequence[str]:
        """Give messages back to be received again at once; as `extend` with no seconds."""
        return await self.extend(receipts, 0)

    async def depth(self, now: datetime | None = None) -> Depth:
        """Return how much waits and how much is in flight: SQS GetQueueAttributes.

        With `now`, CloudWatch is asked for the age of the oldest message. Raises Unavailable,
        Forbidden or Missing.
        """
        counts = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = await self._attributes(*counts)
        oldest = None
        if now is not None:
            oldest = await Metrics(self._clients).oldest_seconds(self._url.rsplit("/", 1)[-1], now)
        with reading("SQS GetQueueAttributes"):
            waiting, in_flight = (int(found[name]) for name in counts)
        return Depth(waiting=waiting, in_flight=in_flight, oldest_seconds=oldest)

    async def dead_letters(self) -> Queue | None:
        """Return the queue's dead-letter queue: SQS GetQueueAttributes RedrivePolicy, GetQueueUrl.

        None when there is none. Raises Unavailable, Forbidden or Missing.
        """
        # The ARN is asked for beside it because an answer without attributes could be truncated.
        found = await self._attributes("QueueArn", optional="RedrivePolicy")
        policy = found.get("RedrivePolicy")
        if policy is None:
            return None
        with reading("SQS GetQueueAttributes"):
            account, name = json.loads(policy)["deadLetterTargetArn"].split(":")[-2:]
        answer = await self._sqs.ask(
            "GetQueueUrl", ("QueueUrl",), QueueName=name, QueueOwnerAWSAccountId=account
        )
        return Queue(self._clients, str(answer["QueueUrl"]))

    async def _attributes(self, *names: str, optional: str | None = None) -> Answer:
        wanted = [*names] if optional is None else [*names, optional]
        answer = await self._sqs.ask(
            "GetQueueAttributes", ("Attributes",), QueueUrl=self._url, AttributeNames=wanted
        )
        found: Answer = answer["Attributes"]
        with reading("SQS GetQueueAttributes"):
            return {**found, **{name: found[name] for name in names}}

    async def _in_batches(
        self, operation: str, receipts: Sequence[str], extra: dict[str, int]
    ) -> Sequence[str]:
        calls = [self._batch(operation, batch, extra) for batch in _tens(receipts)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        refused: list[str] = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            refused += outcome
        return refused

    async def _batch(
        self, operation: str, receipts: Sequence[str], extra: dict[str, int]
    ) -> list[str]:
        entries = [
            {"Id": str(number), "ReceiptHandle": receipt, **extra}
            for number, receipt in enumerate(receipts)
        ]
        async with self._gate:
            done = await self._transport.settle(
                operation, {"QueueUrl": self._url, "Entries": entries}
            )
        # What is not named as done counts as not done.
        return [receipt for number, receipt in enumerate(receipts) if str(number) not in done]


def _tens(receipts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(receipts), BATCH):
        yield receipts[start : start + BATCH]
