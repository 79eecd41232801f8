"""A dead pipe: mail is sent, and not a word about it arrives."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.calendar import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTLING = timedelta(minutes=15)
"""So long SES's count of what was sent and the notifications may be apart."""
GAP = timedelta(hours=1)
"""After so long without a look nobody knows whether the pipe or the daemon was silent."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What was seen of sending so far; kept between looks, also across restarts."""

    watched_since: datetime
    at: datetime
    sent_24h: float
    unheard_since: datetime | None
    """When mail was first seen to leave after the last message came in."""

    @property
    def facts(self) -> Mapping[str, object]:
        """Return it as JSON."""
        return {
            "watched_since": iso(self.watched_since),
            "at": iso(self.at),
            "sent_24h": self.sent_24h,
            "unheard_since": None if self.unheard_since is None else iso(self.unheard_since),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, object]) -> Traffic:
        """Return what `facts` were made of."""
        unheard = facts["unheard_since"]
        return cls(
            watched_since=datetime.fromisoformat(str(facts["watched_since"])),
            at=datetime.fromisoformat(str(facts["at"])),
            sent_24h=float(str(facts["sent_24h"])),
            unheard_since=None if unheard is None else datetime.fromisoformat(str(unheard)),
        )


def followed(
    before: Traffic | None, *, sent_24h: float, last_message: datetime | None, now: datetime
) -> Traffic:
    """Return the traffic after one more look.

    The count slides, so only its growth between two looks proves that mail left.
    """
    if before is None or not before.at <= now <= before.at + GAP:
        return Traffic(watched_since=now, at=now, sent_24h=sent_24h, unheard_since=None)
    unheard = before.unheard_since
    if unheard is not None and last_message is not None and last_message >= unheard - SETTLING:
        unheard = None
    settled = before.at >= heard_at(before, last_message) + SETTLING
    if unheard is None and settled and sent_24h > before.sent_24h:
        unheard = now
    return replace(before, at=now, sent_24h=sent_24h, unheard_since=unheard)


def is_dead(traffic: Traffic, last_message: datetime | None, limit: timedelta) -> bool:
    """Say whether mail left and nothing was heard of it for longer than the limit."""
    silent = traffic.at - heard_at(traffic, last_message)
    if silent < limit:
        return False
    unheard = traffic.unheard_since
    if unheard is not None and traffic.at - unheard >= SETTLING:
        return True
    # What counts as sent in 24 hours was all sent in the silence.
    return traffic.sent_24h > 0 and silent >= DAY + SETTLING


def heard_at(traffic: Traffic, last_message: datetime | None) -> datetime:
    """Return from when the silence counts: no further back than somebody listened."""
    if last_message is None:
        return traffic.watched_since
    return max(last_message, traffic.watched_since)
