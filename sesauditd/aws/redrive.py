"""Moves messages from one queue to another: sent first, deleted then, so that none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sesauditd.aws.queue import BATCH, Queue
from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Failed, Missing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients

HIDDEN_SECONDS: Final = 120
"""For how long a message that is being moved is hidden where it comes from."""
WAIT_SECONDS: Final = 2
EMPTY_ANSWERS: Final = 2
"""SQS asks only some of its machines: one empty answer proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one step moved."""

    moved: int = 0
    left: int = 0
    """Messages that were sent and could not be deleted: they come twice, and count once."""


async def url_of(clients: Clients, name: str) -> str | None:
    """Return the URL of a queue by its name, None if there is none: SQS GetQueueUrl."""
    try:
        answer = await clients.sqs.ask("GetQueueUrl", ("QueueUrl",), QueueName=name)
    except Missing:
        return None
    return str(answer["QueueUrl"])


async def move(clients: Clients, source: str, target: str, most: int) -> AsyncIterator[Moved]:
    """Move at most so many messages and yield each step; ends when nothing is received.

    SQS StartMessageMoveTask would do for the dead letters of a queue, not for those of a
    subscription, and tells nobody how far it is (ses-facts 2.3). Killed between sending and
    deleting, a message stands in both queues, and its event is recorded once. Raises
    Unavailable, Forbidden or Missing; what was not sent is where it was.
    """
    queue = Queue(clients, source, visibility_seconds=HIDDEN_SECONDS)
    done = empty = 0
    while done < most and empty < EMPTY_ANSWERS:
        found = await queue.receive(WAIT_SECONDS)
        empty = 0 if found else empty + 1
        if not found:
            continue
        wanted = found[: min(BATCH, most - done)]
        await queue.release([one.receipt for one in found[len(wanted) :]])
        sent = await asyncio.gather(
            *(_send(clients, target, one.body) for one in wanted), return_exceptions=True
        )
        reach("redrive.sent")
        taken = [one for one, fault in zip(wanted, sent, strict=True) if fault is None]
        left = await queue.acknowledge([one.receipt for one in taken])
        done += len(taken)
        yield Moved(moved=len(taken), left=len(left))
        await _raise_first(queue, sent, [one.receipt for one in wanted if one not in taken])


async def _send(clients: Clients, target: str, body: str) -> None:
    # An answer without its id was cut off: the message stays here too, and comes twice.
    await clients.sqs.ask("SendMessage", ("MessageId",), QueueUrl=target, MessageBody=body)


async def _raise_first(
    queue: Queue, sent: Sequence[BaseException | None], left: Sequence[str]
) -> None:
    faults = [one for one in sent if one is not None]
    if not faults:
        return
    try:
        await queue.release(left)
    except Failed as error:
        # They show again by themselves, only later.
        faults[0].add_note(str(error))
    raise faults[0]
