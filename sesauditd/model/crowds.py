"""Unknown users at one place that nothing was ever delivered to, counted as a window slides."""

from __future__ import annotations

from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.calendar import EPOCH
from sesauditd.model.sliding import Recipients
from sesauditd.model.strangers import strangers_live_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sesauditd.model.history import Strike
    from sesauditd.model.limits import GuessingDisable, Limits

NEVER = datetime.max.replace(tzinfo=UTC)


class Contacts:
    """Since when a customer knows each receiving domain."""

    def __init__(self, reached: Mapping[str, datetime], limits: Limits) -> None:
        self._reached = reached
        self._free_mail = limits.general.free_mail
        self._before = timedelta(hours=limits.guessing.disable.delivered_before_hours)
        self._known: dict[str, datetime] = {}

    def known_from(self, place: str) -> datetime:
        """Return from when on bounces there are no guesses: a first delivery long enough before.

        Where anybody may have a mailbox there are none ever.
        """
        found = self._known.get(place)
        if found is None:
            found = self._known[place] = self._looked_up(place)
        return found

    def _looked_up(self, place: str) -> datetime:
        if strangers_live_at(place, self._free_mail):
            return EPOCH
        at = self._reached.get(place)
        return NEVER if at is None else at + self._before


class Crowds:
    """Counts unknown users and knows at which new places enough of the unknown users are."""

    def __init__(self, contacts: Contacts, rule: GuessingDisable) -> None:
        self._all = Recipients()
        self._contacts = contacts
        self._least = rule.at_one_domain
        self._there: dict[str, Counter[str]] = {}
        self._times: dict[str, deque[datetime]] = {}
        self.strangers: dict[str, int] = {}
        """How many unknown users there are at each of those places."""

    @property
    def count(self) -> int:
        """Return how many different unknown users there are in all."""
        return self._all.count

    def add(self, one: Strike) -> None:
        """Count a strike that came into the window."""
        self._all.add(one)
        place = one.receiving_domain
        if place not in self._there:
            self._there[place], self._times[place] = Counter(), deque()
        self._there[place][one.counted_as] += 1
        self._times[place].append(one.at)
        self._look_at(place)

    def drop(self, one: Strike) -> None:
        """Forget the oldest strike, which the window left behind."""
        self._all.drop(one)
        place = one.receiving_domain
        there = self._there[place]
        there[one.counted_as] -= 1
        if not there[one.counted_as]:
            del there[one.counted_as]
        self._times[place].popleft()
        self._look_at(place)

    def _look_at(self, place: str) -> None:
        there, times = self._there[place], self._times[place]
        if not times:
            del self._there[place], self._times[place]
        if len(there) >= self._least and times[0] < self._contacts.known_from(place):
            self.strangers[place] = len(there)
        else:
            self.strangers.pop(place, None)
