"""What the judge looks at: strikes, deliveries, decisions and counts, as plain values."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from sesauditd.model.addresses import domain_of
from sesauditd.model.calendar import EPOCH, HOUR, hour_of, iso
from sesauditd.model.events import Outcome
from sesauditd.model.statistics import different

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sesauditd.model.arrivals import Arrival

UNKNOWN_USER_STATUSES = frozenset({"5.1.0", "5.1.1", "5.1.10"})
UNKNOWN_USER_WORDS = (
    "user unknown",
    "unknown user",
    "no such user",
    "does not exist",
    "no such recipient",
    "recipient not found",
    "mailbox not found",
    "invalid recipient",
    "no mailbox",
    "unknown recipient",
    "recipient unknown",
)
DENOMINATOR = frozenset(
    {
        Outcome.SENT,
        Outcome.DELIVERED,
        Outcome.HARD_BOUNCE,
        Outcome.SOFT_BOUNCE,
        Outcome.AUTO_REPLY,
        Outcome.REFUSED_CONTENT,
        Outcome.UNDETERMINED,
        Outcome.COMPLAINT,
    }
)
"""Outcomes whose recipients make `n`: Send, Delivery, Bounce and Complaint, no echo."""
_by_hour = attrgetter("hour")
SHIFT = timedelta(hours=24)
"""Bounces come after their mails: `n` may also be that of the window a day earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One hard bounce, soft bounce or complaint of one recipient, as stored."""

    event: str
    """The event's key in hexadecimal."""
    at: datetime
    customer: str
    domain: str
    recipient: str
    spelling: str
    outcome: Outcome
    message_id: str
    blockable: bool
    counted_as: str
    subtype: str | None = None
    status: str | None = None
    diagnostic: str | None = None

    @property
    def order(self) -> tuple[datetime, str]:
        """Return what strikes are sorted by: time, then a tie-break that arrival cannot sway."""
        return self.at, self.event

    @property
    def receiving_domain(self) -> str:
        """Return the domain that bounced or complained."""
        return domain_of(self.recipient)

    @property
    def is_unknown_user(self) -> bool:
        """Say whether the bounce says that there is no such mailbox (policy.md section 3).

        The subtype NoEmail alone does not say so: its later wording is that the recipient
        could not be read from the bounce.
        """
        if self.outcome is not Outcome.HARD_BOUNCE:
            return False
        if self.status in UNKNOWN_USER_STATUSES:
            return True
        words = (self.diagnostic or "").lower()
        return any(phrase in words for phrase in UNKNOWN_USER_WORDS)

    def as_evidence(self) -> dict[str, object]:
        """Return the strike as JSON, for a verdict's evidence."""
        return {
            "at": iso(self.at),
            "recipient": self.recipient,
            "domain": self.domain,
            "outcome": str(self.outcome),
            "status": self.status,
            "diagnostic": self.diagnostic,
            "message_id": self.message_id,
            "event": self.event,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientHistory:
    """All that is known of one recipient of one customer, over all the customer's domains."""

    customer: str
    recipient: str
    strikes: tuple[Strike, ...]
    """Every strike of the recipient, in any order."""
    deliveries: tuple[datetime, ...] = ()
    lifts: tuple[datetime, ...] = ()
    """When an operator lifted a block of this recipient."""
    shadows: tuple[tuple[datetime, datetime], ...] = ()
    """Spans of shadow mode that are over, as in `Decisions`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Infection:
    """One Reject for a virus."""

    event: str
    at: datetime
    domain: str
    message_id: str
    recipients: tuple[str, ...]

    def as_evidence(self) -> dict[str, object]:
        """Return the Reject as JSON, for a verdict's evidence."""
        return {
            "at": iso(self.at),
            "domain": self.domain,
            "recipients": list(self.recipients[:20]),
            "message_id": self.message_id,
            "event": self.event,
        }


def shadow_end(shadows: Sequence[tuple[datetime, datetime]], moment: datetime) -> datetime | None:
    """Return when the span of shadow mode was over that holds the moment, None if none does."""
    return next((end for start, end in shadows if start <= moment < end), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What operators decided about one customer, by time (ascending)."""

    reinstated: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    """Domain to the times of its reinstatements; a restored customer reinstates every domain."""
    shadow_since: datetime | None = EPOCH
    """Since when the customer is in shadow mode, where nothing is done; None while enforced."""
    shadows: tuple[tuple[datetime, datetime], ...] = ()
    """Spans of shadow mode that are over: what began in one stopped nothing, and ended with it."""

    def in_shadow_at(self, moment: datetime) -> bool:
        """Say whether nothing was done about what began then."""
        if self.shadow_since is not None and moment >= self.shadow_since:
            return True
        return shadow_end(self.shadows, moment) is not None

    def last_before(self, domain: str, moment: datetime) -> datetime | None:
        """Return the domain's newest reinstatement before the moment or at it."""
        earlier = [at for at in self.reinstated.get(domain, ()) if at <= moment]
        return max(earlier, default=None)

    def next_after(self, domain: str, moment: datetime) -> datetime | None:
        """Return the domain's first reinstatement after the moment."""
        later = [at for at in self.reinstated.get(domain, ()) if at > moment]
        return min(later, default=None)

    def window_start(self, domain: str, start: datetime, end: datetime) -> datetime:
        """Return where a window of this domain begins: a reinstatement cuts it off."""
        reinstated = self.last_before(domain, end)
        return max(start, reinstated) if reinstated is not None else start

    def window_starts(
        self, domains: Iterable[str], start: datetime, end: datetime
    ) -> dict[str, datetime]:
        """Return where a window begins for each of the domains."""
        return {name: self.window_start(name, start, end) for name in domains}


@dataclass(frozen=True, slots=True, kw_only=True)
class VirusHistory:
    """Every Reject for a virus of one customer."""

    customer: str
    infections: tuple[Infection, ...]
    decisions: Decisions
    own_addresses: frozenset[str] = frozenset()
    """The customer's domains and contact addresses: mail to them alone may be a fed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hourly:
    """One row of the roll-ups: who was reached in that hour, with that outcome."""

    domain: str
    hour: int
    outcome: Outcome
    feeds_back: bool
    sketch: bytes


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How many different recipients domains had in a window, from hourly roll-ups."""

    hourly: Sequence[Hourly]

    @cached_property
    def _by_domain(self) -> Mapping[str, Sequence[Hourly]]:
        """Return the roll-ups of each domain, the oldest hour first."""
        found: dict[str, list[Hourly]] = {}
        for row in sorted(self.hourly, key=_by_hour):
            found.setdefault(row.domain, []).append(row)
        return found

    def different(
        self, starts: Mapping[str, datetime], end: datetime, *, feeding_back: bool = False
    ) -> int:
        """Return `n` of policy.md section 2: the window's recipients, or those a day earlier.

        `starts` maps each domain that counts to where its window begins. Hours that the window
        only touches count whole, which can only make a rate look better. With `feeding_back`
        the providers that never report complaints are left out.
        """
        now = self._count(starts, end, feeding_back=feeding_back)
        earlier = {domain: start - SHIFT for domain, start in starts.items()}
        return max(now, self._count(earlier, end - SHIFT, feeding_back=feeding_back))

    def mail_seen(self, starts: Mapping[str, datetime], end: datetime) -> bool:
        """Say whether any Send or Delivery was seen in the window."""
        mail = {Outcome.SENT, Outcome.DELIVERED}
        return any(row.outcome in mail for row in self._rows(starts, end))

    def _count(self, starts: Mapping[str, datetime], end: datetime, *, feeding_back: bool) -> int:
        # Whoever was sent a mail mostly got it: the same sketch twice, which needs one look.
        return different(
            {
                row.sketch
                for row in self._rows(starts, end)
                if (not feeding_back or row.feeds_back) and row.outcome in DENOMINATOR
            }
        )

    def _rows(self, starts: Mapping[str, datetime], end: datetime) -> list[Hourly]:
        # An end on the hour belongs to the next one unless the window is a single moment.
        last = hour_of(end)
        found: list[Hourly] = []
        for name, start in starts.items():
            rows = self._by_domain.get(name, ())
            first = bisect_left(rows, hour_of(start), key=_by_hour)
            found += rows[first : bisect_right(rows, last, key=_by_hour)]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainsHistory:
    """What the volume rules look at: one customer's strikes and counts over its domains."""

    customer: str
    since: datetime | None
    """When the relationship began; None: nobody told, so the customer is not new."""
    strikes: tuple[Strike, ...]
    decisions: Decisions
    reach: Reach
    reached_at: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """(domain, receiving domain) to the first delivery there that did not bounce after."""
    arrivals: tuple[Arrival, ...] = ()
    """What was mailed to the receiving domains that the guessing detector looks at."""

    @property
    def mailed(self) -> frozenset[str]:
        """Return every domain that mailed, those without a strike too."""
        reached = {row.domain for row in self.reach.hourly}
        return frozenset(reached | {one.domain for one in self.strikes})

    @property
    def first_contact(self) -> Mapping[str, datetime]:
        """Return when each receiving domain was first reached, by whichever of the domains."""
        first: dict[str, datetime] = {}
        for (_, place), at in self.reached_at.items():
            first[place] = min(at, first.get(place, at))
        return first


def hours_between(start: datetime, end: datetime) -> tuple[int, int]:
    """Return the first and last hourly roll-up for `n` of a window, and of it a day before."""
    return hour_of(start - SHIFT - HOUR), hour_of(end)
