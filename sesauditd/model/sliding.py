"""Windows of some length that slide over strikes, and the incidents that they open."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from sesauditd.model.calendar import EPOCH
from sesauditd.model.history import shadow_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sesauditd.model.history import Decisions, Strike

LONGEST_INCIDENT = timedelta(days=7)
"""Nobody reinstates what was never stopped, so an incident is over after a week at the latest."""


class Tally(Protocol):
    """Counts on what a window holds as it slides."""

    @property
    def count(self) -> int:
        """Return how many different recipients were struck."""
        ...

    def add(self, one: Strike) -> None:
        """Count a strike that came into the window."""
        ...

    def drop(self, one: Strike) -> None:
        """Forget the oldest strike, which the window left behind."""
        ...


class Recipients:
    """Counts the different recipients of a window."""

    def __init__(self) -> None:
        self._struck: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """Return how many different recipients were struck."""
        return len(self._struck)

    def add(self, one: Strike) -> None:
        """Count a strike that came into the window."""
        self._struck[one.counted_as] += 1

    def drop(self, one: Strike) -> None:
        """Forget the oldest strike, which the window left behind."""
        self._struck[one.counted_as] -= 1
        if not self._struck[one.counted_as]:
            del self._struck[one.counted_as]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """One window: of a domain, or of all domains of a customer."""

    end: datetime
    count: int
    """How many different recipients were struck."""
    starts: Mapping[str, datetime]
    """Domain to where the window begins for it; a reinstatement cuts it off."""
    tally: Tally = field(compare=False)
    """It slides on: to be looked at before the next window is asked for."""
    around: Sequence[Strike]
    first: int
    last: int
    """Which strikes around hold all of the window's, beside others."""
    domain: str | None = None
    """The one domain that is looked at; None for the whole customer."""

    @property
    def start(self) -> datetime:
        """Return where the window begins for any domain."""
        return min(self.starts.values(), default=self.end)

    @property
    def strikes(self) -> Iterator[Strike]:
        """Yield what the window holds, by time."""
        return (
            one
            for one in self.around[self.first : self.last]
            if one.domain in self.starts and one.at >= self.starts[one.domain]
        )


@dataclass(slots=True, kw_only=True)
class Incidents:
    """Which incident of a domain is open: one verdict an incident, whatever follows in it."""

    decisions: Decisions
    numbers: Counter[str] = field(default_factory=Counter)
    opened: dict[str, datetime] = field(default_factory=dict)

    def is_open(self, domain: str, at: datetime) -> bool:
        """Say whether the domain's newest incident still lasts at that moment."""
        opened_at = self.opened.get(domain)
        if opened_at is None:
            return False
        armed_after = shadow_end(self.decisions.shadows, opened_at)
        if armed_after is not None and at > armed_after:
            # Nobody was stopped by it: what goes on now is the first that can be.
            return False
        if at - opened_at > LONGEST_INCIDENT:
            # A domain that was stopped is silent by now; one that goes on was not stopped, for
            # want of an approval or of a lever, and must not go on unseen.
            return False
        if self.decisions.in_shadow_at(opened_at):
            return True
        reinstated = self.decisions.next_after(domain, opened_at)
        return reinstated is None or at <= reinstated

    def resume(self, domain: str, number: int, at: datetime) -> None:
        """Take up the newest incident that was found before."""
        self.numbers[domain], self.opened[domain] = number, at

    def open(self, domain: str, at: datetime) -> int:
        """Open an incident and return its number, counted from 1 for each domain."""
        self.opened[domain] = at
        self.numbers[domain] += 1
        return self.numbers[domain]


def slides(
    strikes: Sequence[Strike],
    span: timedelta,
    incidents: Incidents,
    least: int,
    *,
    since: datetime = EPOCH,
    tally: Callable[[], Tally] = Recipients,
) -> Iterator[tuple[str, tuple[Slide, ...]]]:
    """Yield (domain, slides) wherever enough strikes stand in a window that ends at a strike.

    For each domain with a strike in the window and no open incident come the domain's own
    window and, where several domains have a share, the whole customer's; only those with at
    least `least` different recipients, and that end at `since` or later.
    """
    sliding = _Sliding(sorted(strikes, key=lambda one: one.order), span, incidents.decisions, tally)
    for end in sliding.ends():
        if end < since or sliding.whole.count < least:
            continue
        together: Slide | None = None
        for name in sliding.shares():
            if incidents.is_open(name, end):
                continue
            candidates: tuple[Slide, ...] = ()
            if sliding.own[name].count >= least:
                candidates = (sliding.slide(name),)
            if len(sliding.own) > 1:
                together = together or sliding.slide(None)
                candidates = (*candidates, together)
            if candidates:
                yield name, candidates


class _Sliding:
    """The window over sorted strikes: each comes in once and is left behind once."""

    def __init__(
        self,
        ordered: Sequence[Strike],
        span: timedelta,
        decisions: Decisions,
        tally: Callable[[], Tally],
    ) -> None:
        self._ordered, self._span, self._decisions = ordered, span, decisions
        self._tally = tally
        self.whole = tally()
        self.own: dict[str, Tally] = {}
        """Of each domain with a strike in the window."""
        self._held: dict[str, deque[Strike]] = {}
        self._cuts = deque(
            sorted((at, name) for name, times in decisions.reinstated.items() for at in times)
        )
        self._first = self._last = 0
        self._end = EPOCH

    def ends(self) -> Iterator[datetime]:
        """Slide on to each moment with a strike, and yield it."""
        for index, newest in enumerate(self._ordered):
            self._come_in(newest)
            following = index + 1
            if following == len(self._ordered) or self._ordered[following].at > newest.at:
                self._end, self._last = newest.at, following
                self._leave_behind()
                yield newest.at

    def shares(self) -> list[str]:
        """Return the domains with a strike in the window."""
        return sorted(self.own)

    def slide(self, domain: str | None) -> Slide:
        """Return the window as it stands."""
        names = self.shares() if domain is None else [domain]
        tally = self.whole if domain is None else self.own[domain]
        return Slide(
            end=self._end,
            count=tally.count,
            starts=self._decisions.window_starts(names, self._end - self._span, self._end),
            tally=tally,
            around=self._ordered,
            first=self._first,
            last=self._last,
            domain=domain,
        )

    def _come_in(self, one: Strike) -> None:
        if one.domain not in self.own:
            self.own[one.domain], self._held[one.domain] = self._tally(), deque()
        self._held[one.domain].append(one)
        self.own[one.domain].add(one)
        self.whole.add(one)

    def _leave_behind(self) -> None:
        oldest = self._end - self._span
        while self._ordered[self._first].at < oldest:
            self._drop_before(self._ordered[self._first].domain, oldest)
            self._first += 1
        while self._cuts and self._cuts[0][0] <= self._end:
            at, domain = self._cuts.popleft()
            self._drop_before(domain, at)

    def _drop_before(self, domain: str, at: datetime) -> None:
        held = self._held.get(domain, ())
        while held and held[0].at < at:
            one = held.popleft()
            self.own[domain].drop(one)
            self.whole.drop(one)
        if domain in self.own and not held:
            del self.own[domain], self._held[domain]
