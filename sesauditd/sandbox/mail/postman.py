"""Tells each happening to who asked for it, once the sandbox's clock has come to its time."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.sandbox.mail import events, records
from sesauditd.sandbox.mail.events import IDENTITY_KINDS, Accepted, Happening, Kind
from sesauditd.sandbox.mail.meter import Meter

if TYPE_CHECKING:
    from sesauditd.sandbox.mail.inbox import Inbox
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.ses.values import Identity

SUBJECT = "Amazon SES Email Event Notification"
"""The subject under which SNS passes on events of a configuration set."""
LONGEST_WAIT = 0.05
"""Seconds between two looks at the clock."""

log = structlog.get_logger()


class Topics(Protocol):
    """Who passes a message on to the subscribers of a topic."""

    def publish(
        self, topic_arn: str, message: str, *, source_arn: str, subject: str | None, at: datetime
    ) -> bool:
        """Return False if SES may not publish to that topic, or there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrest:
    """How badly events arrive: SES promises neither order nor once (ses-facts 1.6).

    `duplicates` is the share of events that are told twice, `shuffled` the longest time by which
    one is told late; both follow from `seed`.
    """

    seed: int = 0
    duplicates: float = 0.0
    shuffled: timedelta = timedelta()


@dataclass(frozen=True, slots=True, order=True)
class Parcel:
    """A happening on its way, by the time at which it is told."""

    due: datetime
    number: int
    mail: Accepted = field(compare=False)
    happening: Happening = field(compare=False)


class Postman:
    """Keeps what is not due yet; safe to call from several threads."""

    def __init__(
        self,
        state: Ses,
        topics: Topics,
        inbox: Inbox,
        clock: Callable[[], datetime],
        unrest: Unrest | None = None,
    ) -> None:
        self.meter = Meter(state, clock)
        self._state = state
        self._topics = topics
        self._inbox = inbox
        self._clock = clock
        self.unrest = unrest or Unrest()
        self._parcels: list[Parcel] = []
        self._numbers = count()
        self._lock = threading.RLock()

    def accept(self, mail: Accepted, happenings: Sequence[Happening]) -> None:
        """Keep what became of a message, and tell at once what is due."""
        with self._lock:
            for happening in happenings:
                self._keep(mail, happening)
        self.advance()

    def advance(self) -> int:
        """Tell everything that is due by the sandbox's clock, in its order; return how many."""
        told = 0
        with self._lock:
            now = self._clock()
            while self._parcels and self._parcels[0].due <= now:
                self._tell(heapq.heappop(self._parcels))
                told += 1
        return told

    def waiting(self) -> int:
        """Return how many happenings are not due yet."""
        return len(self._parcels)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell what becomes due until `stop`."""
        while not stop.is_set():
            await asyncio.to_thread(self.advance)
            try:
                await asyncio.wait_for(stop.wait(), LONGEST_WAIT)
            except TimeoutError:
                continue

    def _keep(self, mail: Accepted, happening: Happening) -> None:
        number = next(self._numbers)
        copies = 1 + (self._chance(number, "twice") < self.unrest.duplicates)
        for copy in range(copies):
            late = self.unrest.shuffled * self._chance(number, f"late {copy}")
            parcel = Parcel(happening.at + late, number, mail, happening)
            heapq.heappush(self._parcels, parcel)

    def _chance(self, number: int, what: str) -> float:
        drawn = hashlib.sha256(f"{self.unrest.seed} {number} {what}".encode()).digest()
        return int.from_bytes(drawn[:4], "big") / 2**32

    def _tell(self, parcel: Parcel) -> None:
        mail, happening = parcel.mail, parcel.happening
        with self._state.lock:
            records.remember(self._state, mail, happening)
            self.meter.note(mail, happening)
        if happening.kind is Kind.DELIVERY:
            self._inbox.add(mail, happening)
        self._tell_destinations(mail, happening, parcel.due)
        if happening.kind in IDENTITY_KINDS:
            self._tell_identity(mail, happening, parcel.due)

    def _tell_destinations(self, mail: Accepted, happening: Happening, at: datetime) -> None:
        held = self._state.sets.get(mail.configuration_set or "")
        for destination in held.destinations if held else ():
            wanted = destination.enabled and happening.kind.setting in destination.types
            if held is None or not wanted or destination.topic is None:
                continue
            # A destination stays as it is when its topic refuses (ses-facts 2.4 [?]).
            self._topics.publish(
                destination.topic,
                json.dumps(events.published(mail, happening)),
                source_arn=self._state.arn("configuration-set", held.name),
                subject=SUBJECT,
                at=at,
            )

    def _tell_identity(self, mail: Accepted, happening: Happening, at: datetime) -> None:
        identity = self._state.identities.get(mail.identity)
        topic = identity.topics.get(happening.kind) if identity else None
        if identity is None or not topic:
            return
        with_headers = happening.kind in identity.with_headers
        event = events.notified(mail, happening, with_headers=with_headers)
        told = self._topics.publish(
            topic, json.dumps(event), source_arn=mail.identity_arn, subject=None, at=at
        )
        if not told:
            self._give_up(identity, happening.kind)

    def _give_up(self, identity: Identity, kind: Kind) -> None:
        """SES removes a topic it cannot publish to, and forwards by e-mail again (2.4)."""
        with self._state.lock:
            now = self._state.identities.get(identity.name, identity)
            kept = {key: topic for key, topic in now.topics.items() if key != kind}
            self._state.identities[now.name] = replace(now, topics=kept, forwarding=True)
        log.warning("sandbox_identity_topic_removed", identity=identity.name, kind=kind)
