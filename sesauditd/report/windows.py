"""Every window in which strikes stand together, with how many there are, for the fast limits."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sesauditd.model.history import Decisions, Strike


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A window that ends at a strike."""

    end: datetime
    starts: Mapping[str, datetime]
    """Domain to where the window begins for it; only domains with a strike in it."""
    count: int
    """Different recipients struck."""
    crowd: int
    """Different recipients struck at the one place where there are most."""


def stretches(
    strikes: Sequence[Strike],
    length: timedelta,
    decisions: Decisions,
    place_of: Callable[[Strike], str | None] = lambda _strike: None,
) -> Iterator[Stretch]:
    """Yield the window that ends at each moment of a strike, reinstatements cutting it off.

    `place_of` names the place that a strike adds to the crowd of, None for none. Each strike
    is looked at twice, however many stand in a window.
    """
    ordered = sorted(strikes, key=lambda one: one.order)
    domains = sorted({one.domain for one in ordered})
    held: dict[str, deque[Strike]] = {name: deque() for name in domains}
    tally = _Tally()
    for index, newest in enumerate(ordered):
        held[newest.domain].append(newest)
        tally.add(newest.counted_as, place_of(newest))
        if index + 1 < len(ordered) and ordered[index + 1].at == newest.at:
            continue
        starts = {}
        for name in domains:
            start = decisions.window_start(name, newest.at - length, newest.at)
            while held[name] and held[name][0].at < start:
                oldest = held[name].popleft()
                tally.remove(oldest.counted_as, place_of(oldest))
            if held[name]:
                starts[name] = start
        if starts:
            yield Stretch(end=newest.at, starts=starts, count=tally.count, crowd=tally.crowd)


@dataclass(slots=True)
class _Tally:
    """How many different names stand in the window, and the most that stand at one place."""

    names: Counter[str] = field(default_factory=Counter)
    there: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sizes: Counter[int] = field(default_factory=Counter)
    """How many places have a crowd of that size."""
    crowd: int = 0

    @property
    def count(self) -> int:
        return len(self.names)

    def add(self, name: str, place: str | None) -> None:
        self.names[name] += 1
        if place is None:
            return
        crowd = self.there[place]
        self.sizes[len(crowd)] -= 1
        crowd[name] += 1
        self.sizes[len(crowd)] += 1
        self.crowd = max(self.crowd, len(crowd))

    def remove(self, name: str, place: str | None) -> None:
        _less(self.names, name)
        if place is None:
            return
        crowd = self.there[place]
        self.sizes[len(crowd)] -= 1
        _less(crowd, name)
        self.sizes[len(crowd)] += 1
        while self.crowd and self.sizes[self.crowd] <= 0:
            self.crowd -= 1


def _less(names: Counter[str], name: str) -> None:
    names[name] -= 1
    if names[name] == 0:
        del names[name]
