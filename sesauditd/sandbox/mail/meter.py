"""What SES counts for CloudWatch: mail that was sent, and the account's rates."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.sandbox.mail.events import Accepted, Happening, Kind
from sesauditd.sandbox.mail.world import is_simulator

if TYPE_CHECKING:
    from sesauditd.sandbox.ses.state import Ses

BOUNCE_RATE = "Reputation.BounceRate"
COMPLAINT_RATE = "Reputation.ComplaintRate"
BY_SET = "ses:configuration-set"
"""The dimension of a CloudWatch event destination that names its set (ses-facts 7)."""
REPRESENTATIVE = 10_000
"""Recipients; AWS does not tell its representative volume (ses-facts 7), this is a guess."""
LEAST = 1_000
"""Recipients that a rate is a share of at least: AWS judges nobody by a handful of mails."""
WITHOUT_FEEDBACK = frozenset({"gmail.com", "googlemail.com"})
"""Providers that send SES no complaints (ses-facts 1.4)."""
BEHIND = timedelta(minutes=5)
"""CloudWatch has its figures some minutes late; who asks may have begun to a while ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of one metric of the namespace AWS/SES."""

    name: str
    value: float
    at: datetime
    configuration_set: str | None = None


class Meter:
    """Counts by the hour; safe to call from several threads.

    Left out of the rates are soft bounces, what our own lists stopped, AWS's simulator, and
    recipients at verified identities (ses-facts 7).
    """

    def __init__(self, state: Ses, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock
        self._hours: dict[datetime, Counter[str]] = {}
        self._sent: dict[tuple[datetime, str | None], int] = {}
        self._lock = threading.Lock()

    def note(self, mail: Accepted, happening: Happening) -> None:
        """Count what became of a message."""
        counted = [one for one in happening.recipients if self._counts(one)]
        hour = happening.at.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            sums = self._hours.setdefault(hour, Counter())
            match happening.kind:
                case Kind.SEND:
                    place = hour, self._measured(mail.configuration_set)
                    self._sent[place] = self._sent.get(place, 0) + len(mail.recipients)
                    sums["sent"] += len(counted)
                    sums["feeding back"] += sum(_feeds_back(one) for one in counted)
                case Kind.BOUNCE if _is_hard(happening):
                    sums["bounced"] += len(counted)
                case Kind.COMPLAINT if counted and happening.body.get("complaintSubType") is None:
                    sums["complained"] += 1
                case _:
                    pass

    def points(self) -> Sequence[Point]:
        """Return every value that CloudWatch holds now: sends by the hour, the rates of now."""
        with self._lock:
            sent = [
                Point(name="Send", value=count, at=hour, configuration_set=configuration_set)
                for (hour, configuration_set), count in self._sent.items()
            ]
            return [*sent, *self._rates()]

    def _rates(self) -> Iterator[Point]:
        reputation, sums = self._state.reputation, self._representative()
        if not reputation.published:
            return
        honest = {
            BOUNCE_RATE: _rate(sums["bounced"], sums["sent"]),
            COMPLAINT_RATE: _rate(sums["complained"], sums["feeding back"]),
        }
        told = {BOUNCE_RATE: reputation.bounce_rate, COMPLAINT_RATE: reputation.complaint_rate}
        for name, rate in honest.items():
            value = rate if told[name] is None else told[name]
            if value is not None:
                yield Point(name=name, value=value, at=self._clock() - BEHIND)

    def _representative(self) -> Counter[str]:
        sums: Counter[str] = Counter()
        for hour in sorted(self._hours, reverse=True):
            if sums["sent"] >= REPRESENTATIVE:
                break
            sums += self._hours[hour]
        return sums

    def _counts(self, address: str) -> bool:
        return not is_simulator(address) and self._state.identity_for(address) is None

    def _measured(self, name: str | None) -> str | None:
        """Return the set if a CloudWatch destination of its own counts its mail apart."""
        held = self._state.sets.get(name or "")
        found = held.destinations if held is not None else ()
        wanted = any("CloudWatchDestination" in one.others and one.enabled for one in found)
        return name if wanted else None


def _is_hard(happening: Happening) -> bool:
    kind, subtype = happening.body.get("bounceType"), str(happening.body.get("bounceSubType"))
    return kind == "Permanent" and not subtype.endswith("SuppressionList")


def _feeds_back(address: str) -> bool:
    return address.rpartition("@")[2].casefold() not in WITHOUT_FEEDBACK


def _rate(hits: int, size: int) -> float | None:
    """Return the share; an account without bounces or mail may show none (ses-facts 7)."""
    return hits / max(size, hits, LEAST) if size or hits else None
