"""What an ISO week holds of one outcome, per domain and over a customer's domains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sesauditd.model.calendar import Week
    from sesauditd.model.history import DomainsHistory, Strike

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a week holds of one outcome, for a domain or for a whole customer."""

    week: Week
    customer: str
    scope: str
    """`domain` or `customer`."""
    domains: tuple[str, ...]
    """The domains with a share in it."""
    start: datetime
    strikes: tuple[Strike, ...]
    hits: int
    size: int
    mail_seen: bool


def counted(history: DomainsHistory, week: Week, outcome: Outcome) -> Iterable[Counted]:
    """Yield each domain with a share in the week, then all of them together if several."""
    end = week.end - MICROSECOND
    strikes = [
        one
        for one in sorted(history.strikes, key=lambda one: one.order)
        if one.outcome is outcome and week.start <= one.at < week.end
    ]
    names = sorted({one.domain for one in strikes})
    starts = history.decisions.window_starts(names, week.start, end)
    counting = tuple(one for one in strikes if one.at >= starts[one.domain])
    shares = {one.domain: starts[one.domain] for one in counting}
    for name in sorted(shares):
        own = tuple(one for one in counting if one.domain == name)
        yield _count(history, week, own, {name: starts[name]}, outcome)
    if len(shares) > 1:
        yield _count(history, week, counting, shares, outcome)


def _count(
    history: DomainsHistory,
    week: Week,
    strikes: tuple[Strike, ...],
    starts: Mapping[str, datetime],
    outcome: Outcome,
) -> Counted:
    end = week.end - MICROSECOND
    hits = len({one.counted_as for one in strikes})
    alone = len(starts) == 1
    # All of a customer's mail stands beside the strikes of several of the domains.
    decisions = history.decisions
    reached = starts if alone else decisions.window_starts(history.mailed, week.start, end)
    size = history.reach.different(reached, end, feeding_back=outcome is Outcome.COMPLAINT)
    return Counted(
        week=week,
        customer=history.customer,
        scope="domain" if alone else "customer",
        domains=tuple(sorted(starts)),
        start=min(starts.values()),
        strikes=strikes,
        hits=hits,
        size=max(size, hits),
        mail_seen=history.reach.mail_seen(starts, end),
    )
