"""The canary: a mail to AWS's simulator, whose bounce has to come back the whole way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Failed
from sesauditd.jobs.alarms import Finding
from sesauditd.model.calendar import iso

if TYPE_CHECKING:
    from sesauditd.jobs.account import Accounts, Reports
    from sesauditd.jobs.pipe import Memory
    from sesauditd.jobs.post import Mailer

OBSERVATION = "canary"
SHUTDOWN = "SHUTDOWN"
RECIPIENT = "bounce+{}@simulator.amazonses.com"
"""The set of the daemon's own mail reports bounces, not deliveries: `success@` would never come
back. What the simulator bounces counts in no rate and on no list (ses-facts 8)."""


class Traces(Protocol):
    """When the first event of a message came in."""

    async def received_at(self, message_id: str) -> datetime | None:
        """Return when an event of the message was received, None while none was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """The last canary, times as ISO 8601: kept between looks, also across restarts."""

    sent_at: str
    message_id: str | None = None
    """None while nobody knows whether it was sent."""
    seconds: float | None = None
    """From its sending until its bounce was received; None while it is on its way."""
    said: str = "on its way"
    """For a person."""

    @property
    def sent(self) -> datetime:
        """Return when it was sent."""
        return datetime.fromisoformat(self.sent_at)

    @property
    def is_out(self) -> bool:
        """Say whether its bounce is waited for."""
        return self.message_id is not None and self.seconds is None

    @classmethod
    def from_facts(cls, facts: Mapping[str, object]) -> Flight:
        """Return what `facts` were made of."""
        seconds, message_id = facts.get("seconds"), facts.get("message_id")
        return cls(
            sent_at=str(facts["sent_at"]),
            message_id=None if message_id is None else str(message_id),
            seconds=None if seconds is None else float(str(seconds)),
            said=str(facts.get("said")),
        )


def is_due(last: Flight | None, every: timedelta, now: datetime) -> bool:
    """Say whether another is to be sent; a clock that was set back makes it due."""
    return last is None or not last.sent <= now < last.sent + every


def is_lost(flight: Flight, within: timedelta, now: datetime, listening: datetime | None) -> bool:
    """Say whether it is out for longer than it may be, while somebody listened."""
    if not flight.is_out or listening is None:
        return False
    return now - max(flight.sent, listening) > within


@dataclass(slots=True, kw_only=True)
class Canary:
    """Sends one when it is due, and looks for the last one; see the configuration `[watch]`."""

    mailer: Mailer
    accounts: Accounts
    traces: Traces
    memory: Memory
    alarms: Reports
    paused: Callable[[], str | None]
    sender: str
    configuration_set: str
    every: timedelta
    within: timedelta
    _listening_since: datetime | None = field(default=None, init=False)
    """Who was down or paused finds what came meanwhile in the queue, and not at once."""

    async def run(self, now: datetime) -> None:
        """Look and send.

        Raises Unavailable or Forbidden when SES does not take it, which is the trouble of the
        job and not of the way back.
        """
        listening = self._listening_since
        if self.paused() is not None:
            self._listening_since = None
        elif listening is None or listening > now:
            self._listening_since = now
        known = await self.memory.recall(OBSERVATION)
        flight = Flight.from_facts(known) if known else None
        if flight is not None and flight.is_out:
            flight = await self._looked_for(flight, now)
        if is_due(flight, self.every, now) and await self._may_fly():
            await self._send(now)

    async def _looked_for(self, flight: Flight, now: datetime) -> Flight:
        received = await self.traces.received_at(flight.message_id or "")
        if received is not None:
            seconds = max((received - flight.sent).total_seconds(), 0.0)
            said = f"came back after {seconds:.0f} s, sent at {flight.sent_at}"
            flight = replace(flight, seconds=seconds, said=said)
            await self.memory.remember(OBSERVATION, asdict(flight), now)
            await self.alarms.report([_finding(None, f"The canary {said}.")], now)
        elif is_lost(flight, self.within, now, self._listening_since):
            minutes = self.within // timedelta(minutes=1)
            flight = replace(flight, said=f"NOT BACK after {minutes} min, sent at {flight.sent_at}")
            await self.memory.remember(OBSERVATION, asdict(flight), now)
            lost = (
                f"A mail to AWS's simulator, sent at {flight.sent_at}, has not come back within "
                f"{minutes} minutes: look at the event destination of {self.configuration_set}, "
                "the topic's subscription and the queue's policy, or run `sesauditd doctor`."
            )
            await self.alarms.report([_finding("lost", lost)], now)
        return flight

    async def _may_fly(self) -> bool:
        """Say whether mail leaves and messages come in: else the canary would prove nothing."""
        account = await self.accounts.account()
        stopped = account.enforcement == SHUTDOWN or not account.sending_enabled
        return not stopped and self.paused() is None

    async def _send(self, now: datetime) -> None:
        # Before the mail: a crash between them must not send one at every start.
        flight = Flight(sent_at=iso(now), said=f"nobody knows whether it was sent at {iso(now)}")
        await self.memory.remember(OBSERVATION, asdict(flight), now)
        recipient = RECIPIENT.format(f"canary-{now:%Y%m%d%H%M%S}")
        try:
            message_id = await self.mailer.send(
                letter(self.sender, recipient, now),
                self.sender,
                [recipient],
                self.configuration_set,
            )
        except Failed as error:
            flight = replace(flight, said=f"not sent at {iso(now)}: {error}")
            await self.memory.remember(OBSERVATION, asdict(flight), now)
            raise
        flight = replace(flight, message_id=message_id, said=f"on its way since {iso(now)}")
        await self.memory.remember(OBSERVATION, asdict(flight), now)


def letter(sender: str, recipient: str, now: datetime) -> bytes:
    """Return the mail."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Date"] = format_datetime(now)
    message["Subject"] = f"sesauditd canary of {iso(now)}"
    message.set_content("A test of the way of the feedback; AWS's simulator bounces it.\n")
    return message.as_bytes()


def _finding(state: str | None, summary: str) -> Finding:
    return Finding(name="canary", state=state, summary=summary)
