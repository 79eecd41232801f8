"""Sends the notices that wait in the outbox: one attempt each, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Broken, Failed, Forbidden, SesauditdError, Unavailable, Uncertain
from sesauditd.jobs.pacing import Pacer
from sesauditd.model.notice import Audience, DeadContact, NoticeKind, NoticeState, Posting
from sesauditd.notices.alarms import Alarm

if TYPE_CHECKING:
    from sesauditd.notices.compose import Composer

BATCH = 50
LOOK_SECONDS = 10.0
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 48
"""About two days of an AWS that does not answer."""
REFUSED_WAIT = timedelta(hours=6)
MOST_REFUSALS = 28
"""A week: a refusal ends by a person's doing, such as AWS's own when it reviews an account."""
SOUNDED_ALREADY = frozenset({NoticeKind.TROUBLE, NoticeKind.RECOVERED})
"""Whoever asked for these sounded the alarm that they tell of."""
NO_SENDER = "nobody to send from: set notices.from"
NO_OPERATORS = "no operators: set notices.operators"
NO_CONTACT = "the register has no contact for it"
ALL_DEAD = "every address that it is for sends mail back for good"

log = structlog.get_logger()


class Outbox(Protocol):
    """The notices, each step committed before it returns; see `store.notices.Outbox`."""

    async def abandoned(self, now: datetime) -> int:
        """Mark as unknown what an earlier process was about to send; return how many."""

    async def fold(self, now: datetime) -> int:
        """Make one digest of the notices to operators if they are many; return how many."""

    async def due(self, now: datetime, limit: int) -> Sequence[Posting]:
        """Return notices that may be sent now."""

    async def begin(self, notice: str, now: datetime) -> bool:
        """Take a notice for its attempt; False if somebody else has it."""

    async def put_back(self, notice: str, outcome: str, due_at: datetime, now: datetime) -> bool:
        """Let a notice that was surely not sent be tried again at `due_at`."""

    async def finish(
        self,
        notice: str,
        state: NoticeState,
        now: datetime,
        *,
        outcome: str | None = None,
        message_id: str | None = None,
    ) -> bool:
        """Write what became of a notice."""

    async def newly_dead(self, now: datetime) -> Sequence[DeadContact]:
        """Return the addresses to which our notices bounced since last asked."""


class Mailer(Protocol):
    """Sends one mail once."""

    async def send(
        self, raw: bytes, sender: str, to: Sequence[str], configuration_set: str | None
    ) -> str:
        """Return SES's message id.

        Raises Unavailable or Forbidden if the mail was surely not sent, Uncertain if it may
        have been.
        """


@dataclass(frozen=True, slots=True)
class Ended:
    """What one attempt came to."""

    state: NoticeState
    outcome: str | None = None
    message_id: str | None = None
    again_after: timedelta | None = None
    """When it is tried again, for it was surely not sent; None: never."""
    is_unanswered: bool = False
    """AWS does not answer at all, whoever the reader is."""


class Post:
    """Sends what is due, paced; there must be one sender at a time, the holder of the lease."""

    def __init__(
        self,
        outbox: Outbox,
        mailer: Mailer,
        composer: Composer | None,
        clock: Callable[[], datetime],
        *,
        alarm: Callable[[Alarm], Awaitable[None]],
        pacer: Pacer | None = None,
    ) -> None:
        """`composer` is None where no sender is configured: notices are then only kept."""
        self._outbox = outbox
        self._mailer = mailer
        self._composer = composer
        self._clock = clock
        self._alarm = alarm
        self._pacer = pacer or Pacer()
        self._waits_for_quota = False
        self._refused: set[str] = set()
        """Notices whose refusal was told of."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; what is in hand is finished first."""
        while not stop.is_set():
            try:
                await self.tick(stop)
            except Broken:
                raise
            except SesauditdError as error:
                # The outbox keeps everything: the next look finds it again.
                log.warning("post_failed", error=str(error))
            await _pause(stop, LOOK_SECONDS)

    async def tick(self, stop: asyncio.Event | None = None) -> int:
        """Attempt each notice that is due, once; return how many were sent."""
        ending = stop or asyncio.Event()
        await self._look_back()
        await self._outbox.fold(self._clock())
        troubles: Counter[str] = Counter()
        sent = 0
        for posting in await self._allowed():
            if ending.is_set():
                break
            ended = await self._deliver(posting)
            if ended is None:
                continue
            if ended.is_unanswered:
                # The others would meet the same AWS.
                break
            if ended.state is NoticeState.SENT:
                sent += 1
                await _pause(ending, self._pacer.sent(len(posting.to)))
            elif self._is_news(posting, ended):
                reader = posting.notice.customer or "operators"
                state = "refused for now" if ended.again_after else str(ended.state)
                troubles[f"{posting.notice.kind} to {reader} {state}: {ended.outcome}"] += 1
        if troubles:
            summary = "notices may not have reached their readers: mend it, tell them yourself"
            await self._sound("notices_unsent", summary, dict(troubles))
        return sent

    async def _allowed(self) -> Sequence[Posting]:
        """Return what is due and has room in the day's quota, the urgent first."""
        due = await self._outbox.due(self._clock(), BATCH)
        if due:
            await self._pacer.look(self._clock())
        allowed = [one for one in due if self._pacer.allows(one)]
        if len(allowed) < len(due) and not self._waits_for_quota:
            log.warning("notices_wait_for_quota", notices=len(due) - len(allowed))
        self._waits_for_quota = len(allowed) < len(due)
        return allowed

    async def _look_back(self) -> None:
        """See to what an earlier process left behind, and to notices that came back.

        Of those, the outbox has asked for a notice to operators, which the roads hear of, too.
        """
        now = self._clock()
        lost = await self._outbox.abandoned(now)
        if lost:
            summary = "the program ended while it sent notices: whether they went is unknown"
            await self._sound("notices_unknown", summary, {"notices": lost})
        for dead in await self._outbox.newly_dead(now):
            log.warning("contact_dead", address=dead.address, customer=dead.customer)

    async def _deliver(self, posting: Posting) -> Ended | None:
        """Send one notice and write down what came of it; None if somebody else has it."""
        ended = await self._attempt(posting)
        if ended is None:
            return None
        notice, now = posting.notice, self._clock()
        if ended.again_after is not None:
            due_at = now + ended.again_after
            await self._outbox.put_back(notice.id, ended.outcome or "", due_at, now)
        else:
            await self._outbox.finish(
                notice.id, ended.state, now, outcome=ended.outcome, message_id=ended.message_id
            )
        reach("notice.recorded")
        log.info(
            "notice_ended",
            notice=notice.id,
            kind=str(notice.kind),
            customer=notice.customer,
            state=str(ended.state),
            outcome=ended.outcome,
            message_id=ended.message_id,
        )
        return ended

    async def _attempt(self, posting: Posting) -> Ended | None:
        composer = self._composer
        if not posting.to:
            return Ended(NoticeState.UNDELIVERABLE, _nobody(posting))
        if composer is None:
            return Ended(NoticeState.UNDELIVERABLE, NO_SENDER)
        try:
            raw = composer.compose(posting.notice, posting.to, self._clock()).as_bytes()
        except (Failed, ValueError) as error:
            return Ended(NoticeState.FAILED, str(error))
        if not await self._outbox.begin(posting.notice.id, self._clock()):
            return None
        reach("notice.attempted")
        ended = await self._send(raw, composer, posting)
        reach("notice.sent")
        return ended

    async def _send(self, raw: bytes, composer: Composer, posting: Posting) -> Ended:
        try:
            message_id = await self._mailer.send(
                raw, composer.sender, posting.to, composer.configuration_set
            )
        except Unavailable as error:
            if posting.attempts + 1 >= MOST_ATTEMPTS:
                return Ended(NoticeState.FAILED, str(error))
            wait = _wait(posting.attempts)
            return Ended(NoticeState.REQUESTED, str(error), again_after=wait, is_unanswered=True)
        except Forbidden as error:
            # Surely not sent. Another reader may be reached: in SES's own sandbox it depends.
            if posting.attempts + 1 >= MOST_REFUSALS:
                return Ended(NoticeState.FAILED, str(error))
            return Ended(NoticeState.REQUESTED, str(error), again_after=REFUSED_WAIT)
        except (Uncertain, Failed) as error:
            # Better one notice too few than one too many.
            return Ended(NoticeState.UNKNOWN, str(error))
        return Ended(NoticeState.SENT, message_id=message_id)

    def _is_news(self, posting: Posting, ended: Ended) -> bool:
        """Say whether operators are told: of a refusal when it begins and when it is given up."""
        if posting.notice.kind in SOUNDED_ALREADY:
            return False
        if ended.again_after is None:
            return True
        told = posting.notice.id in self._refused
        self._refused.add(posting.notice.id)
        return not told

    async def _sound(self, name: str, summary: str, details: Mapping[str, object]) -> None:
        alarm = Alarm(name=name, summary=summary, details=details, at=self._clock())
        await self._alarm(alarm)


def _nobody(posting: Posting) -> str:
    if posting.dead:
        return ALL_DEAD
    return NO_OPERATORS if posting.notice.audience is Audience.OPERATOR else NO_CONTACT


def _wait(attempts: int) -> timedelta:
    doublings = min(attempts, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
