"""The pipe watch: whether notifications still reach us, and whether they are carried on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sesauditd.jobs.alarms import Finding, told
from sesauditd.jobs.silence import Traffic, followed, heard_at, is_dead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sesauditd.jobs.account import Accounts, Reports

OBSERVATION = "pipe"
SILENCE = timedelta(hours=6)
OLDEST = timedelta(minutes=15)


class Depth(Protocol):
    """How much stands in a queue."""

    @property
    def waiting(self) -> int:
        """Return how many messages can be received."""
        ...

    @property
    def in_flight(self) -> int:
        """Return how many were received and are not acknowledged."""
        ...

    @property
    def oldest_seconds(self) -> float | None:
        """Return the age of the oldest message, None where it is not known."""
        ...


class Queue(Protocol):
    """A queue that is looked at."""

    async def depth(self, now: datetime | None = None) -> Depth:
        """Return how much stands in it; raises Failed."""
        ...


class Memory(Protocol):
    """What was seen before."""

    async def recall(self, name: str) -> Mapping[str, object] | None:
        """Return what was remembered under a name, None if nothing was."""
        ...

    async def remember(self, name: str, facts: Mapping[str, object], now: datetime) -> None:
        """Keep facts under a name, in the place of what was there."""
        ...

    async def last_message(self) -> datetime | None:
        """Return when a message last came out of the queue, None if none ever did."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeWatch:
    """Looks at the queues and at what was sent, every few minutes."""

    accounts: Accounts
    queue: Queue
    dead_letters: Callable[[], Awaitable[Queue | None]]
    """Finds the dead-letter queue anew at each look: it may come, and SQS be away, any time."""
    memory: Memory
    alarms: Reports
    silence: timedelta = SILENCE
    oldest: timedelta = OLDEST

    async def run(self, now: datetime) -> None:
        """Look, remember, tell; raises Unavailable, Forbidden or Missing if AWS does not say."""
        before = await told(self.memory, "queue_age")
        found = age(await self.queue.depth(now), self.oldest, before)
        await self.alarms.report(list(found), now)
        dead_letters = await self.dead_letters()
        if dead_letters is not None:
            await self.alarms.report([left_over(await dead_letters.depth())], now)
        await self._listen(now)

    async def _listen(self, now: datetime) -> None:
        known = await self.memory.recall(OBSERVATION)
        account = await self.accounts.account()
        last_message = await self.memory.last_message()
        traffic = followed(
            Traffic.from_facts(known) if known else None,
            sent_24h=account.sent_24h,
            last_message=last_message,
            now=now,
        )
        await self.memory.remember(OBSERVATION, traffic.facts, now)
        await self.alarms.report(list(quiet(traffic, last_message, self.silence)), now)


def quiet(traffic: Traffic, last_message: datetime | None, limit: timedelta) -> Iterator[Finding]:
    """Yield that the pipe is dead, or that it lives; nothing while nobody can know."""
    if is_dead(traffic, last_message, limit):
        hours = (traffic.at - heard_at(traffic, last_message)) // timedelta(hours=1)
        yield Finding(
            name="dead_pipe",
            state="silent",
            summary=f"Mail is sent, and no notification arrived for {hours} hours: look at the "
            "event destination, the topic's subscription and the queue's policy.",
        )
    elif last_message is not None and traffic.at - last_message < limit:
        yield Finding(name="dead_pipe", state=None, summary="Notifications arrive again.")


def age(depth: Depth, limit: timedelta = OLDEST, before: str | None = None) -> Iterator[Finding]:
    """Yield whether messages wait too long; nothing where their age is not known.

    It is over when the oldest has waited for half of the limit at most.
    """
    if depth.waiting == 0:
        yield Finding(name="queue_age", state=None, summary="No message waits in the queue.")
    elif depth.oldest_seconds is not None:
        oldest = timedelta(seconds=depth.oldest_seconds)
        late = oldest > (limit if before is None else limit / 2)
        yield Finding(
            name="queue_age",
            state="late" if late else None,
            summary=f"The oldest of {depth.waiting} messages in the queue is "
            f"{oldest // timedelta(minutes=1)} minutes old.",
        )


def left_over(depth: Depth) -> Finding:
    """Return whether messages ended in the dead-letter queue."""
    some = depth.waiting > 0
    return Finding(
        name="dead_letters",
        state="some" if some else None,
        summary=f"{depth.waiting} messages are in the dead-letter queue: look at one, mend the "
        "cause, and move them back."
        if some
        else "The dead-letter queue is empty.",
    )
