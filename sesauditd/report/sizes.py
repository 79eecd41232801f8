"""How many different recipients a window had, from hourly sketches, quickly."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from sesauditd.model.calendar import hour_of
from sesauditd.model.history import DENOMINATOR, SHIFT, Hourly, Reach
from sesauditd.model.statistics import different

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.report.figures import Span


@dataclass(frozen=True, slots=True)
class Window:
    """From when each domain counts, until when: equal ones hold the same different recipients."""

    starts: tuple[tuple[str, datetime], ...]
    end: datetime
    feeding_back: bool
    """Whether only those count whose providers report complaints."""

    @classmethod
    def of(
        cls, starts: Mapping[str, datetime], end: datetime, *, feeding_back: bool = False
    ) -> Window:
        """Return the window in which each domain counts from its own moment on."""
        return cls(tuple(sorted(starts.items())), end, feeding_back)

    @property
    def hours(self) -> tuple[int, int]:
        """Return the first and the last hour of the roll-ups that `n` may need."""
        return hour_of(min(start for _, start in self.starts) - SHIFT), hour_of(self.end)

    def different(self, reach: Reach) -> int:
        """Return `n` as the rules count it: of the window, or of the one a day earlier."""
        return reach.different(dict(self.starts), self.end, feeding_back=self.feeding_back)


class Measures(Protocol):
    """Knows `n` of windows."""

    @property
    def domains(self) -> frozenset[str]:
        """Return every domain that may have mailed."""
        ...

    def of(self, window: Window) -> int:
        """Return the different recipients of a window."""
        ...

    def at_most(self, window: Window) -> int | None:
        """Return what `of` cannot exceed, None where nothing is known without a look."""
        ...


class Sizes:
    """`n` of windows, each counted once by its hours: it comes from hourly roll-ups anyway."""

    def __init__(self, hourly: Sequence[Hourly]) -> None:
        self._rows = sorted(hourly, key=lambda row: row.hour)
        self._hours = [row.hour for row in self._rows]
        self._known: dict[tuple[object, ...], int] = {}
        self.domains = frozenset(row.domain for row in hourly)

    def of(self, window: Window) -> int:
        """Return `n` as the rules count it, of hours: what they only touch counts whole."""
        hours = tuple((name, hour_of(start)) for name, start in window.starts)
        key = (hours, hour_of(window.end), window.feeding_back)
        if key not in self._known:
            self._known[key] = window.different(Reach(hourly=self._within(*window.hours)))
        return self._known[key]

    def at_most(self, window: Window) -> int:
        """Return `n` itself: what it takes is here."""
        return self.of(window)

    def within(self, domains: Sequence[str], span: Span, *, feeding_back: bool = False) -> int:
        """Return how many different recipients the domains had in the span itself."""
        return different(
            row.sketch
            for row in self._within(hour_of(span.start), hour_of(span.end))
            if row.domain in domains
            and row.outcome in DENOMINATOR
            and (row.feeds_back or not feeding_back)
        )

    def _within(self, first: int, last: int) -> list[Hourly]:
        return self._rows[bisect_left(self._hours, first) : bisect_right(self._hours, last)]
