"""Distance to the plain limit on guessed addresses: many unknown users at a new place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from sesauditd.model.strangers import strangers_live_at
from sesauditd.model.verdicts import Rule
from sesauditd.report.distances import Basis, Distance
from sesauditd.report.windows import Stretch, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Limits

# Many windows ask about the same few providers.
_strangers_live_at = lru_cache(strangers_live_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessing:
    """The unknown users of one scope, by time, and what the rule asks of them."""

    strikes: Sequence[Strike]
    times: Sequence[datetime]
    history: DomainsHistory
    limits: Limits
    reached: Mapping[str, datetime]
    """When a provider was first reached, by whichever domain of the customer."""

    @classmethod
    def among(cls, bounces: Sequence[Strike], history: DomainsHistory, limits: Limits) -> Guessing:
        """Return the guessing that these hard bounces may be."""
        unknown = sorted((one for one in bounces if one.is_unknown_user), key=lambda s: s.order)
        return cls(
            strikes=unknown,
            times=[one.at for one in unknown],
            history=history,
            limits=limits,
            reached=history.first_contact,
        )

    def stretches(self) -> Iterator[Stretch]:
        """Yield every window of unknown users, with the largest crowd at a possibly new place."""
        return stretches(self.strikes, self._length, self.history.decisions, self._place)

    def at_most(self, stretch: Stretch) -> float:
        """Return what the ratio of the window can be at most."""
        rule = self.limits.guessing.disable
        return min(stretch.count / rule.unknown_users, stretch.crowd / rule.at_one_domain)

    def distance_at(self, scope: str) -> Callable[[Stretch], Distance]:
        """Return the function that measures a window of the scope."""

        def distance(stretch: Stretch) -> Distance:
            rule = self.limits.guessing.disable
            there = self._strangers(stretch)
            enough = stretch.count / rule.unknown_users < there / rule.at_one_domain
            return Distance(
                rule=Rule.GUESSING_DISABLE,
                basis=Basis.RECIPIENTS if enough else Basis.AT_ONE_PROVIDER,
                scope=scope,
                start=min(stretch.starts.values()),
                end=stretch.end,
                count=stretch.count if enough else there,
                count_limit=rule.unknown_users if enough else rule.at_one_domain,
            )

        return distance

    def _strangers(self, stretch: Stretch) -> int:
        """Return the most unknown users at one provider that nothing was delivered to before."""
        first = bisect_left(self.times, min(stretch.starts.values()))
        last = bisect_right(self.times, stretch.end)
        places: dict[str, set[str]] = {}
        first_at: dict[str, datetime] = {}
        for one in self.strikes[first:last]:
            if one.at >= stretch.starts.get(one.domain, stretch.end + self._length):
                places.setdefault(one.receiving_domain, set()).add(one.counted_as)
                first_at.setdefault(one.receiving_domain, one.at)
        before = timedelta(hours=self.limits.guessing.disable.delivered_before_hours)
        return max(
            (
                len(found)
                for place, found in places.items()
                if not self._is_free_mail(place)
                and not self._reached(place, first_at[place] - before)
            ),
            default=0,
        )

    def _place(self, strike: Strike) -> str | None:
        """Return the provider, None where it can count in no window that holds the strike."""
        place = strike.receiving_domain
        before = timedelta(hours=self.limits.guessing.disable.delivered_before_hours)
        earliest = strike.at - self._length - before
        known = self._is_free_mail(place) or self._reached(place, earliest)
        return None if known else place

    def _reached(self, place: str, by: datetime) -> bool:
        return place in self.reached and self.reached[place] <= by

    def _is_free_mail(self, place: str) -> bool:
        return _strangers_live_at(place, self.limits.general.free_mail)

    @property
    def _length(self) -> timedelta:
        return timedelta(minutes=self.limits.guessing.disable.within_minutes)
