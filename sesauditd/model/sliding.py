"""Windows of some length that slide over strikes, and the incidents that they open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.model.history import shadow_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sesauditd.model.history import Decisions, Strike

LONGEST_INCIDENT = timedelta(days=7)
"""Nobody reinstates what was never stopped, so an incident is over after a week at the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """The strikes of one window: those of a domain, or of all domains of a customer."""

    start: datetime
    end: datetime
    strikes: tuple[Strike, ...]
    starts: Mapping[str, datetime]
    """Domain to where the window begins for it; a reinstatement cuts it off."""
    domain: str | None = None
    """The one domain that is looked at; None for the whole customer."""

    @property
    def count(self) -> int:
        """Return how many different recipients were struck."""
        return len({one.counted_as for one in self.strikes})


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
        armed_at = self.decisions.armed_at
        if armed_after is not None or armed_at is None or opened_at < armed_at:
            return True
        reinstated = self.decisions.next_after(domain, opened_at)
        return reinstated is None or at <= reinstated

    def open(self, domain: str, at: datetime) -> int:
        """Open an incident and return its number, counted from 1 for each domain."""
        self.opened[domain] = at
        self.numbers[domain] += 1
        return self.numbers[domain]


def slides(
    strikes: Sequence[Strike],
    span: timedelta,
    decisions: Decisions,
    least: int,
    incidents: Incidents,
) -> Iterator[tuple[str, tuple[Slide, ...]]]:
    """Yield (domain, slides) wherever enough strikes stand in a window that ends at a strike.

    For each domain with a strike in the window and no open incident come the domain's own
    window and, where several domains have a share, the whole customer's; only those with at
    least `least` different recipients.
    """
    ordered = sorted(strikes, key=lambda one: one.order)
    first = 0
    for index, newest in enumerate(ordered):
        end = newest.at
        if index + 1 < len(ordered) and ordered[index + 1].at == end:
            continue
        while ordered[first].at < end - span:
            first += 1
        if index + 1 - first < least:
            continue
        within = ordered[first : index + 1]
        yield from _at(end, within, span, decisions, least, incidents)


def _at(
    end: datetime,
    within: Sequence[Strike],
    span: timedelta,
    decisions: Decisions,
    least: int,
    incidents: Incidents,
) -> Iterator[tuple[str, tuple[Slide, ...]]]:
    domains = sorted({one.domain for one in within})
    starts = {name: decisions.window_start(name, end - span, end) for name in domains}
    counting = tuple(one for one in within if one.at >= starts[one.domain])
    shares = sorted({one.domain for one in counting})
    whole = _slide(end, counting, {name: starts[name] for name in shares}, None)
    for name in shares:
        if incidents.is_open(name, end):
            continue
        own = tuple(one for one in counting if one.domain == name)
        candidates = [_slide(end, own, {name: starts[name]}, name)]
        if len(shares) > 1:
            candidates.append(whole)
        heavy = tuple(one for one in candidates if one.count >= least)
        if heavy:
            yield name, heavy


def _slide(
    end: datetime,
    strikes: tuple[Strike, ...],
    starts: Mapping[str, datetime],
    domain: str | None,
) -> Slide:
    return Slide(
        start=min(starts.values(), default=end),
        end=end,
        strikes=strikes,
        starts=starts,
        domain=domain,
    )
