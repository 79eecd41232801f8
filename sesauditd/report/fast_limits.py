"""Distances to the limits that are judged on sliding windows, and on every virus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome
from sesauditd.model.verdicts import Rule
from sesauditd.report.distances import Basis, Claim, Distance, nearest
from sesauditd.report.guessing import Guessing
from sesauditd.report.sizes import Window
from sesauditd.report.windows import Stretch, stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Limits
    from sesauditd.report.sizes import Measures

SKETCHES_ABOVE = 1.1
"""What a sketch tells of many recipients may be some percent more than there were."""
Range = tuple[datetime, datetime]
"""Where windows may end, both ends included."""


def fast_distances(
    history: DomainsHistory, limits: Limits, sizes: Measures, ranges: Sequence[Range]
) -> Iterator[Distance]:
    """Yield, for each rule, domain and range, the nearest that any window came to its limit."""
    for rule in _rules(history, limits, sizes):
        yield from _nearest_in(ranges, rule.stretches, rule.at_most, rule.distance)


def fast_claims(
    history: DomainsHistory, limits: Limits, sizes: Measures, within: Range
) -> Iterator[Claim]:
    """Yield the distance of every window that ends in the range, none of them measured yet."""
    first, last = within
    for rule in _rules(history, limits, sizes):
        for stretch in rule.stretches:
            if first <= stretch.end <= last:
                yield Claim(
                    at_most=rule.at_most(stretch),
                    is_certain=partial(rule.is_certain, stretch),
                    windows=rule.windows(stretch),
                    last_moment=stretch.end,
                    measured=partial(rule.distance, stretch),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruled:
    """Where one rule looks in one scope, and how near its windows come."""

    stretches: Iterable[Stretch]
    at_most: Callable[[Stretch], float]
    """What the ratio can be at most."""
    distance: Callable[[Stretch], Distance]
    windows: Callable[[Stretch], tuple[Window, ...]] = lambda _stretch: ()
    """What has to be known for the distance."""
    is_certain: Callable[[Stretch], bool] = lambda _stretch: False
    """Whether the ratio is what it can be at most, whatever the windows hold."""


def _rules(history: DomainsHistory, limits: Limits, sizes: Measures) -> Iterator[_Ruled]:
    for name, strikes in _scopes(history):
        bounces = [one for one in strikes if one.outcome is Outcome.HARD_BOUNCE]
        complaints = [one for one in strikes if one.outcome is Outcome.COMPLAINT]
        rule, share = limits.hard_bounce.surge, partial(_bounce_share, history, limits)
        length = timedelta(hours=rule.within_hours)
        window = partial(_window, length, history, sizes, feeding_back=False)
        yield _Ruled(
            stretches=stretches(bounces, length, history.decisions),
            at_most=share,
            distance=partial(_bounce_surge, name, history, limits, sizes, window),
            windows=partial(_alone, window),
            is_certain=partial(_is_small, rule.rate_percent, window, sizes, share),
        )
        surge, part = limits.complaint.surge, partial(_complaint_share, limits)
        length = timedelta(hours=surge.within_hours)
        window = partial(_window, length, history, sizes, feeding_back=True)
        yield _Ruled(
            stretches=stretches(complaints, length, history.decisions),
            at_most=part,
            distance=partial(_complaint_surge, name, limits, sizes, window),
            windows=partial(_alone, window),
            is_certain=partial(_is_small, surge.rate_percent, window, sizes, part),
        )
        guessing = Guessing.among(bounces, history, limits)
        yield _Ruled(
            stretches=guessing.stretches(),
            at_most=guessing.at_most,
            distance=guessing.distance_at(name),
        )


def _alone(window: Callable[[Stretch], Window], stretch: Stretch) -> tuple[Window, ...]:
    return (window(stretch),)


def _is_small(
    rate_percent: float,
    window: Callable[[Stretch], Window],
    sizes: Measures,
    share: Callable[[Stretch], float],
    stretch: Stretch,
) -> bool:
    """Say whether the rate is nearer to its limit than the count, of however many recipients."""
    size = sizes.at_most(window(stretch))
    if size is None:
        return False
    most = max(SKETCHES_ABOVE * size, stretch.count)
    return 100 * stretch.count / most >= rate_percent * share(stretch)


def _bounce_share(history: DomainsHistory, limits: Limits, stretch: Stretch) -> float:
    return stretch.count / _surge_count(history, limits, stretch.end)


def _complaint_share(limits: Limits, stretch: Stretch) -> float:
    return stretch.count / limits.complaint.surge.count


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
    scope: str,
    history: DomainsHistory,
    limits: Limits,
    sizes: Measures,
    window: Callable[[Stretch], Window],
    stretch: Stretch,
) -> Distance:
    size = max(sizes.of(window(stretch)), stretch.count)
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


def _window(
    length: timedelta,
    history: DomainsHistory,
    sizes: Measures,
    stretch: Stretch,
    *,
    feeding_back: bool,
) -> Window:
    """Return what `n` is of: several domains are looked at with all of the customer's mail."""
    starts = stretch.starts
    if len(starts) > 1:
        everybody = {*sizes.domains, *starts}
        starts = history.decisions.window_starts(everybody, stretch.end - length, stretch.end)
    return Window.of(starts, stretch.end, feeding_back=feeding_back)


def _complaint_surge(
    scope: str,
    limits: Limits,
    sizes: Measures,
    window: Callable[[Stretch], Window],
    stretch: Stretch,
) -> Distance:
    size = max(sizes.of(window(stretch)), stretch.count)
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
