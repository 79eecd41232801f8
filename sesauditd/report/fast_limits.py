"""Distances to the limits that are judged on sliding windows, and on every virus."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome
from sesauditd.model.verdicts import Rule
from sesauditd.report.distances import Basis, Distance, nearest
from sesauditd.report.guessing import Guessing
from sesauditd.report.windows import Stretch, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Limits
    from sesauditd.report.sizes import Sizes

Range = tuple[datetime, datetime]
"""Where windows may end, both ends included."""


def fast_distances(
    history: DomainsHistory, limits: Limits, sizes: Sizes, ranges: Sequence[Range]
) -> Iterator[Distance]:
    """Yield, for each rule, domain and range, the nearest that any window came to its limit."""
    for name, strikes in _scopes(history):
        bounces = [one for one in strikes if one.outcome is Outcome.HARD_BOUNCE]
        complaints = [one for one in strikes if one.outcome is Outcome.COMPLAINT]
        surge = limits.hard_bounce.surge
        yield from _nearest_in(
            ranges,
            stretches(bounces, timedelta(hours=surge.within_hours), history.decisions),
            lambda one: one.count / _surge_count(history, limits, one.end),
            partial(_bounce_surge, name, history, limits, sizes),
        )
        hours = timedelta(hours=limits.complaint.surge.within_hours)
        yield from _nearest_in(
            ranges,
            stretches(complaints, hours, history.decisions),
            lambda one: one.count / limits.complaint.surge.count,
            partial(_complaint_surge, name, history, limits, sizes),
        )
        guessing = Guessing.among(bounces, history, limits)
        yield from _nearest_in(
            ranges, guessing.stretches(), guessing.at_most, guessing.distance_at(name)
        )


def virus_distances(infected: Iterable[tuple[str, datetime]]) -> Iterator[Distance]:
    """Yield a distance for each (domain, time) at which viruses were rejected: one is enough."""
    for domain, at in infected:
        yield Distance(
            rule=Rule.VIRUS_DISABLE,
            basis=Basis.VIRUSES,
            scope=domain,
            start=at,
            end=at,
            count=1,
            count_limit=1,
        )


def _scopes(history: DomainsHistory) -> Iterator[tuple[str, Sequence[Strike]]]:
    names = sorted({one.domain for one in history.strikes})
    for name in names:
        yield name, [one for one in history.strikes if one.domain == name]
    if len(names) > 1:
        yield history.customer, history.strikes


def _nearest_in(
    ranges: Sequence[Range],
    found: Iterable[Stretch],
    at_most: Callable[[Stretch], float],
    distance: Callable[[Stretch], Distance],
) -> Iterator[Distance]:
    """Yield the nearest distance in each range, looking only where it may still be nearer."""
    ordered = sorted(found, key=lambda one: (-at_most(one), one.end))
    for first, last in ranges:
        best: Distance | None = None
        for stretch in ordered:
            if best is not None and at_most(stretch) <= best.ratio:
                break
            if first <= stretch.end <= last:
                looked_at = distance(stretch)
                best = nearest([looked_at] if best is None else [best, looked_at])
        if best is not None:
            yield best


def _surge_count(history: DomainsHistory, limits: Limits, end: datetime) -> int:
    rule = limits.hard_bounce.surge
    young = timedelta(days=rule.new_customer_days)
    is_new = history.since is not None and end - history.since < young
    return rule.new_customer_count if is_new else rule.count


def _bounce_surge(
    scope: str, history: DomainsHistory, limits: Limits, sizes: Sizes, stretch: Stretch
) -> Distance:
    hours = timedelta(hours=limits.hard_bounce.surge.within_hours)
    size = _size(stretch, hours, history, sizes)
    return Distance(
        rule=Rule.HARD_BOUNCE_SURGE,
        basis=Basis.RECIPIENTS,
        scope=scope,
        start=min(stretch.starts.values()),
        end=stretch.end,
        count=stretch.count,
        count_limit=_surge_count(history, limits, stretch.end),
        percent=100 * stretch.count / size,
        percent_limit=limits.hard_bounce.surge.rate_percent,
        size=size,
    )


def _size(
    stretch: Stretch,
    length: timedelta,
    history: DomainsHistory,
    sizes: Sizes,
    *,
    feeding_back: bool = False,
) -> int:
    """Return `n`: several domains are looked at with all of the customer's mail."""
    starts = stretch.starts
    if len(starts) > 1:
        everybody = {*sizes.domains, *starts}
        starts = history.decisions.window_starts(everybody, stretch.end - length, stretch.end)
    return max(sizes.of(starts, stretch.end, feeding_back=feeding_back), stretch.count)


def _complaint_surge(
    scope: str, history: DomainsHistory, limits: Limits, sizes: Sizes, stretch: Stretch
) -> Distance:
    hours = timedelta(hours=limits.complaint.surge.within_hours)
    size = _size(stretch, hours, history, sizes, feeding_back=True)
    return Distance(
        rule=Rule.COMPLAINT_SURGE,
        basis=Basis.RECIPIENTS,
        scope=scope,
        start=min(stretch.starts.values()),
        end=stretch.end,
        count=stretch.count,
        count_limit=limits.complaint.surge.count,
        percent=100 * stretch.count / size,
        percent_limit=limits.complaint.surge.rate_percent,
        size=size,
    )
