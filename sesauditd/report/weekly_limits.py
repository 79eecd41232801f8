"""Distances to the limits that are judged on ISO weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.calendar import week_of
from sesauditd.model.events import Outcome
from sesauditd.model.statistics import wilson_lower
from sesauditd.model.verdicts import Rule
from sesauditd.report.distances import MICROSECOND, Basis, Distance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sesauditd.model.calendar import Week
    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Disabling, Limits, Volume
    from sesauditd.report.figures import StoredVerdict
    from sesauditd.report.sizes import Sizes

WEEKLY = (
    (Outcome.HARD_BOUNCE, Rule.HARD_BOUNCE_DISABLE, Rule.HARD_BOUNCE_WARN),
    (Outcome.COMPLAINT, Rule.COMPLAINT_DISABLE, Rule.COMPLAINT_WARN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What a week holds of one outcome, for a domain or over a customer's domains."""

    name: str
    week: Week
    starts: Mapping[str, datetime]
    hits: int
    size: int
    percent: float
    """The lower end of the interval for bounces, the plain rate for complaints."""


def weekly_distances(
    history: DomainsHistory,
    verdicts: Sequence[StoredVerdict],
    limits: Limits,
    sizes: Sizes,
    weeks: Sequence[Week],
) -> Iterator[Distance]:
    """Yield the distances of the weeks, each looked at as a whole."""
    for outcome, disabling, warning in WEEKLY:
        rules = limits.hard_bounce if outcome is Outcome.HARD_BOUNCE else limits.complaint
        struck = _by_week(history.strikes, outcome)
        warned = [one for one in verdicts if one.rule is warning and one.stands]
        for week in weeks:
            scopes = list(_scopes(history, week, struck.get(week, ()), limits, sizes))
            for scope in scopes:
                yield _volume(scope, disabling, rules.disable)
            yield from _warnings(week, disabling, warned, scopes, (rules.warn, rules.disable))


def _by_week(strikes: Sequence[Strike], outcome: Outcome) -> dict[Week, list[Strike]]:
    found: dict[Week, list[Strike]] = {}
    for one in strikes:
        if one.outcome is outcome:
            found.setdefault(week_of(one.at), []).append(one)
    return found


def _scopes(
    history: DomainsHistory,
    week: Week,
    strikes: Sequence[Strike],
    limits: Limits,
    sizes: Sizes,
) -> Iterator[_Scope]:
    """Yield each domain with a share in the week, then all of them together if several."""
    end = week.end - MICROSECOND
    names = sorted({one.domain for one in strikes})
    starts = history.decisions.window_starts(names, week.start, end)
    counting = [one for one in strikes if one.at >= starts[one.domain]]
    shares = sorted({one.domain for one in counting})
    for name in shares:
        own = [one for one in counting if one.domain == name]
        alone = {name: starts[name]}
        size = sizes.of(alone, end, feeding_back=_complained(own))
        yield _scope(name, week, own, alone, limits, size)
    if len(shares) > 1:
        everywhere = history.decisions.window_starts({*sizes.domains, *shares}, week.start, end)
        size = sizes.of(everywhere, end, feeding_back=_complained(counting))
        together = {name: starts[name] for name in shares}
        yield _scope(history.customer, week, counting, together, limits, size)


def _complained(strikes: Sequence[Strike]) -> bool:
    return strikes[0].outcome is Outcome.COMPLAINT


def _scope(
    name: str,
    week: Week,
    strikes: Sequence[Strike],
    starts: Mapping[str, datetime],
    limits: Limits,
    size: int,
) -> _Scope:
    hits = len({one.counted_as for one in strikes})
    size = max(size, hits)
    share = (
        hits / size if _complained(strikes) else wilson_lower(hits, size, limits.general.wilson_z)
    )
    return _Scope(name=name, week=week, starts=starts, hits=hits, size=size, percent=100 * share)


def _volume(scope: _Scope, rule: Rule, limit: Volume) -> Distance:
    small = scope.size < limit.small_below
    return Distance(
        rule=rule,
        basis=Basis.RECIPIENTS,
        scope=scope.name,
        start=min(scope.starts.values()),
        end=scope.week.end,
        count=scope.hits,
        count_limit=limit.small_count if small else limit.count,
        percent=None if small else scope.percent,
        percent_limit=None if small else limit.rate_percent,
        size=scope.size,
    )


def _warnings(
    week: Week,
    disabling: Rule,
    warned: Sequence[StoredVerdict],
    scopes: Sequence[_Scope],
    limits: tuple[Volume, Disabling],
) -> Iterator[Distance]:
    """Yield how many warnings each domain has in the weeks that count, this one included."""
    warn, disable = limits
    oldest = week.back(disable.warnings_weeks - 1)
    reaching = [one for one in scopes if _volume(one, disabling, warn).ratio >= 1]
    now = {domain for scope in reaching for domain in scope.starts}
    for domain in sorted(now | {one.domain for one in warned}):
        before = {
            one.incident
            for one in warned
            if one.domain == domain and oldest.end <= one.window_end < week.end
        } - {week.name}
        this_week = domain in now or any(
            one.domain == domain and one.incident == week.name for one in warned
        )
        if before or this_week:
            yield Distance(
                rule=disabling,
                basis=Basis.WARNINGS,
                scope=domain,
                start=oldest.start,
                end=week.end,
                count=len(before) + this_week,
                count_limit=disable.warnings,
            )
