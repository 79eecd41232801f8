"""The live way in: receivers fill a bounded hand, batches of it are carried to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from sesauditd.daemon.backoff import Backoff, rest
from sesauditd.daemon.ending import cancelled
from sesauditd.daemon.watchdog import Progress
from sesauditd.errors import Broken, Refused, SesauditdError, Unavailable
from sesauditd.ingest.batch import Received
from sesauditd.ingest.hand import Hand
from sesauditd.ingest.health import Condition, Health
from sesauditd.ingest.intake import Archive, Intake, Recorder
from sesauditd.ingest.source import Pace, Queue
from sesauditd.ingest.visibility import Visibility
from sesauditd.model.recorded import Recorded

if TYPE_CHECKING:
    from sesauditd.ingest.trust import Trust

EMPTY_ANSWERS = 2
"""SQS asks only some of its machines: one empty answer does not prove an empty queue."""

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Poller:
    """Receives, archives, records and acknowledges until it is stopped."""

    queue: Queue
    archive: Archive
    recorder: Recorder
    trust: Trust
    clock: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    backoff: Callable[[], Backoff] = Backoff
    marks: Sequence[Progress] = field(init=False)
    """For the watchdog: one for each receiver and one for what carries batches on."""
    _hand: Hand = field(init=False)
    _visibility: Visibility = field(init=False)
    _condition: Condition = field(init=False)
    _intake: Intake = field(init=False)

    def __post_init__(self) -> None:
        """Put the parts together."""
        pace = self.pace
        self.marks = [
            Progress(name, pace.hang_seconds)
            for name in ("intake", *(f"receiver {number + 1}" for number in range(pace.receivers)))
        ]
        self._hand = Hand(
            batch_messages=pace.batch_messages,
            batch_bytes=pace.batch_bytes,
            batch_seconds=pace.batch_seconds,
        )
        self._visibility = Visibility(queue=self.queue, seconds=pace.visibility_seconds)
        self._condition = Condition(hand=self._hand, clock=self.clock, mark=self.marks[0])
        self._intake = Intake(
            queue=self.queue,
            archive=self.archive,
            recorder=self.recorder,
            trust=self.trust,
            visibility=self._visibility,
            gate=self._condition,
            backoff=self.backoff(),
        )

    @property
    def health(self) -> Health:
        """Return how intake is doing."""
        return self._condition.health

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand or give it back; once only.

        Raises Broken and Refused, after which nothing more may be tried by this process.
        """
        halt, ended = asyncio.Event(), asyncio.Event()
        receivers = [asyncio.create_task(self._receive(mark, halt)) for mark in self.marks[1:]]
        intake = asyncio.create_task(self._carry_on(halt))
        ending = asyncio.create_task(self._end_with(receivers))
        heartbeat = asyncio.create_task(self._visibility.run(ended))
        asked = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({intake, asked}, return_when=asyncio.FIRST_COMPLETED)
            # A poll is not cancelled but waited for: what it brings would stay hidden.
            halt.set()
            await asyncio.wait({intake, ending}, timeout=self.pace.grace_seconds)
        finally:
            ended.set()
            await cancelled((intake, ending, heartbeat, asked, *receivers))
            await self._give_back()
        if not intake.cancelled():
            intake.result()

    async def drain(self) -> Recorded:
        """Settle everything that the queue has to give, and return what became of it.

        Ends after two empty answers in a row. Raises the first error, and gives back what was
        in hand then. Not to be called beside `run`.
        """
        total = Recorded()
        at_once = asyncio.Event()
        at_once.set()
        more = True
        while more:
            batch, more = await self._gathered()
            try:
                total += await self._intake.settle(batch, at_once) if batch else Recorded()
            finally:
                await self._give_back()
        return total

    async def _gathered(self) -> tuple[list[Received], bool]:
        """Return what the queue gives at once, up to a batch, and whether it may have more."""
        batch: list[Received] = []
        empty = size = 0
        while len(batch) < self.pace.batch_messages and size < self.pace.batch_bytes:
            messages = await self._ask(0)
            batch.extend(messages)
            size += sum(len(message.body) for message in messages)
            empty = 0 if messages else empty + 1
            if empty == EMPTY_ANSWERS:
                return batch, False
        return batch, True

    async def _receive(self, mark: Progress, halt: asyncio.Event) -> None:
        backoff = self.backoff()
        while not halt.is_set():
            mark.turned()
            if await self._hand.has_room(self.pace.patience_seconds) and not halt.is_set():
                seconds = await self._receive_once(backoff)
                mark.turned()
                if seconds > 0:
                    await rest(halt, seconds)
        mark.ended()

    async def _receive_once(self, backoff: Backoff) -> float:
        """Receive once into the hand; return for how many seconds to rest then."""
        begun = asyncio.get_running_loop().time()
        brought: Sequence[Received] = ()
        self._hand.expect()
        try:
            brought = await self._ask(self.pace.wait_seconds)
        except SesauditdError as error:
            if self._condition.receiving_failed(str(error)):
                log.warning("receive_failed", reason=str(error))
            away = isinstance(error, Unavailable)
            return backoff.next_seconds() if away else self.pace.refused_seconds
        except Exception as error:
            if self._condition.receiving_failed(repr(error)):
                log.exception("receive_failed", reason=repr(error))
            return self.pace.refused_seconds
        finally:
            self._hand.take(brought)
        backoff.reset()
        self._condition.received()
        # A queue with too much in flight answers at once and with nothing (faults.md 1.1).
        spent = asyncio.get_running_loop().time() - begun
        return 0.0 if brought else self.pace.empty_seconds - spent

    async def _ask(self, wait_seconds: int) -> list[Received]:
        messages = await self.queue.receive(wait_seconds)
        received_at = self.clock()
        self._visibility.hold(message.receipt for message in messages)
        return [
            Received(
                message_id=message.message_id,
                receipt=message.receipt,
                # SQS takes no half of a surrogate pair, but a test's queue may.
                body=message.body.encode(errors="replace"),
                sent_at=message.sent_at,
                receive_count=message.receive_count,
                received_at=received_at,
            )
            for message in messages
        ]

    async def _carry_on(self, halt: asyncio.Event) -> None:
        mark = self.marks[0]
        while not self._hand.finished:
            mark.turned()
            batch = await self._hand.batch(self.pace.patience_seconds)
            if not batch:
                continue
            try:
                await self._intake.settle(batch, halt)
            except (Broken, Refused):
                raise
            except SesauditdError as error:
                log.warning("batch_given_up", messages=len(batch), reason=str(error))
                break
            self._hand.put_down(batch)
        mark.ended()

    async def _end_with(self, receivers: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.wait(receivers)
        self._hand.last_taken()

    async def _give_back(self) -> None:
        """Show what is still in hand to others at once; else they wait for its timeout."""
        receipts = self._visibility.all_ours()
        if not receipts:
            return
        self._visibility.drop(receipts)
        try:
            async with asyncio.timeout(self.pace.release_seconds):
                await self.queue.release(receipts)
        except (SesauditdError, TimeoutError) as error:
            log.warning("release_failed", messages=len(receipts), reason=str(error))
        else:
            log.info("messages_released", messages=len(receipts))
