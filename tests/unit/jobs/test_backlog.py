"""A week is judged when its messages are out of the queue, or were waited for long enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from sesauditd.errors import Unavailable
from sesauditd.jobs.backlog import Backlog
from sesauditd.model.owed import weekly
from tests.unit.jobs.fakes import NOW
from tests.unit.jobs.test_pipe import Depth

WEEK = weekly("monday 03:00").holding(NOW - timedelta(days=7))
TWO_DAYS = timedelta(days=2).total_seconds()


@dataclass
class Queue:
    now: Depth | None = field(default_factory=Depth)

    async def depth(self, now: datetime | None = None) -> Depth:
        if self.now is None:
            raise Unavailable("SQS GetQueueAttributes: no answer")
        return self.now


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (Depth(), True),
        (Depth(in_flight=1), False),
        (Depth(waiting=1), False),
        (Depth(waiting=1, oldest_seconds=TWO_DAYS), False),
        (Depth(waiting=1, oldest_seconds=60), True),
        (None, False),
    ],
    ids=["empty", "in hand", "waiting", "of the week", "newer", "no answer"],
)
async def test_what_may_still_belong_to_the_week(depth: Depth | None, *, expected: bool) -> None:
    assert await Backlog(Queue(depth)).has_left(WEEK, NOW) is expected


async def test_a_queue_that_is_never_empty_holds_nothing_up_for_ever() -> None:
    backlog = Backlog(Queue(Depth(waiting=1)))
    assert not await backlog.has_left(WEEK, NOW)
    assert not await backlog.has_left(WEEK, NOW + timedelta(minutes=119))
    assert await backlog.has_left(WEEK, NOW + timedelta(hours=2))


async def test_the_patience_begins_anew_once_the_queue_was_empty() -> None:
    queue = Queue(Depth(waiting=1))
    backlog = Backlog(queue)
    await backlog.has_left(WEEK, NOW)
    queue.now = Depth()
    assert await backlog.has_left(WEEK, NOW + timedelta(hours=1))
    queue.now = Depth(waiting=1)
    assert not await backlog.has_left(WEEK, NOW + timedelta(hours=3))
