"""How many different recipients a window had, from hourly sketches, quickly."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from sesauditd.model.calendar import hour_of
from sesauditd.model.history import DENOMINATOR, SHIFT, Hourly, Reach
from sesauditd.model.statistics import different

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sesauditd.report.figures import Span


class Sizes:
    """`n` of windows, each counted once by its hours: it comes from hourly roll-ups anyway."""

    def __init__(self, hourly: Sequence[Hourly]) -> None:
        self._rows = sorted(hourly, key=lambda row: row.hour)
        self._hours = [row.hour for row in self._rows]
        self._known: dict[tuple[object, ...], int] = {}
        self.domains = frozenset(row.domain for row in hourly)
        """Every domain that mailed."""

    def of(
        self, starts: Mapping[str, datetime], end: datetime, *, feeding_back: bool = False
    ) -> int:
        """Return `n` as the rules count it: of the window, or of the one a day earlier."""
        hours = tuple((name, hour_of(start)) for name, start in sorted(starts.items()))
        key = (hours, hour_of(end), feeding_back)
        if key not in self._known:
            near = Reach(hourly=self._between(min(starts.values()) - SHIFT, end))
            self._known[key] = near.different(starts, end, feeding_back=feeding_back)
        return self._known[key]

    def within(self, domains: Sequence[str], span: Span, *, feeding_back: bool = False) -> int:
        """Return how many different recipients the domains had in the span itself."""
        return different(
            row.sketch
            for row in self._between(span.start, span.end)
            if row.domain in domains
            and row.outcome in DENOMINATOR
            and (row.feeds_back or not feeding_back)
        )

    def _between(self, start: datetime, end: datetime) -> list[Hourly]:
        first = bisect_left(self._hours, hour_of(start))
        return self._rows[first : bisect_right(self._hours, hour_of(end))]
