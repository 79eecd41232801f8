"""Distances to the limits that are judged on ISO weeks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from sesauditd.model.calendar import week_of
from sesauditd.model.events import Outcome
from sesauditd.model.statistics import wilson_lower
from sesauditd.model.verdicts import Rule
from sesauditd.report.distances import MICROSECOND, Basis, Claim, Distance
from sesauditd.report.sizes import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sesauditd.model.calendar import Week
    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Disabling, Limits, Volume
    from sesauditd.report.figures import StoredVerdict
    from sesauditd.report.sizes import Measures

WEEKLY = (
    (Outcome.HARD_BOUNCE, Rule.HARD_BOUNCE_DISABLE, Rule.HARD_BOUNCE_WARN),
    (Outcome.COMPLAINT, Rule.COMPLAINT_DISABLE, Rule.COMPLAINT_WARN),
)


@dataclass(frozen=True, kw_only=True)
class _Scope:
    """What a week holds of one outcome, for a domain or over a customer's domains."""

    name: str
    week: Week
    starts: Mapping[str, datetime]
    hits: int
    complained: bool
    window: Window
    """Whose different recipients are looked at."""
    sizes: Measures
    z: float

    @cached_property
    def size(self) -> int:
        """Return `n`, once it is known."""
        return max(self.sizes.of(self.window), self.hits)

    @cached_property
    def percent(self) -> float:
        """Return the lower end of the interval for bounces, the plain rate for complaints."""
        if self.complained:
            return 100 * (self.hits / self.size)
        return 100 * wilson_lower(self.hits, self.size, self.z)


def weekly_distances(
    history: DomainsHistory,
    verdicts: Sequence[StoredVerdict],
    limits: Limits,
    sizes: Measures,
    weeks: Sequence[Week],
) -> Iterator[Distance]:
    """Yield the distances of the weeks, each looked at as a whole."""
    for claim in weekly_claims(history, verdicts, limits, sizes, weeks):
        found = claim.measured()
        if found is not None:
            yield found


def weekly_claims(
    history: DomainsHistory,
    verdicts: Sequence[StoredVerdict],
    limits: Limits,
    sizes: Measures,
    weeks: Sequence[Week],
) -> Iterator[Claim]:
    """Yield the same distances, none of them measured yet."""
    for outcome, disabling, warning in WEEKLY:
        rules = limits.hard_bounce if outcome is Outcome.HARD_BOUNCE else limits.complaint
        struck = _by_week(history.strikes, outcome)
        warned = [one for one in verdicts if one.rule is warning and one.stands]
        for week in weeks if struck or warned else ():
            scopes = list(_scopes(history, week, struck.get(week, ()), limits, sizes))
            for scope in scopes:
                is_small = _is_small(scope, rules.disable)
                yield Claim(
                    at_most=_at_most(scope, rules.disable, is_small=is_small),
                    is_certain=partial(bool, is_small),
                    windows=(scope.window,),
                    last_moment=week.end - MICROSECOND,
                    measured=partial(_volume, scope, disabling, rules.disable),
                )
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
    sizes: Measures,
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
        yield _scope(name, week, own, alone, alone, limits, sizes)
    if len(shares) > 1:
        everywhere = history.decisions.window_starts({*sizes.domains, *shares}, week.start, end)
        together = {name: starts[name] for name in shares}
        yield _scope(history.customer, week, counting, together, everywhere, limits, sizes)


def _scope(
    name: str,
    week: Week,
    strikes: Sequence[Strike],
    starts: Mapping[str, datetime],
    mailing: Mapping[str, datetime],
    limits: Limits,
    sizes: Measures,
) -> _Scope:
    complained = strikes[0].outcome is Outcome.COMPLAINT
    return _Scope(
        name=name,
        week=week,
        starts=starts,
        hits=len({one.counted_as for one in strikes}),
        complained=complained,
        window=Window.of(mailing, week.end - MICROSECOND, feeding_back=complained),
        sizes=sizes,
        z=limits.general.wilson_z,
    )


def _least(limit: Volume) -> int:
    """Return how many hits can reach the limit at least, however many recipients there were."""
    return min(limit.small_count, limit.count)


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


def _at_most(scope: _Scope, limit: Volume, *, is_small: bool) -> float:
    """Return what the ratio can be at most: as of few, or with the highest rate of many."""
    few = scope.hits / limit.small_count
    if is_small:
        return few
    fewest = max(limit.small_below, scope.hits)
    share = scope.hits / fewest if scope.complained else wilson_lower(scope.hits, fewest, scope.z)
    return max(few, min(scope.hits / limit.count, 100 * share / limit.rate_percent))


def _is_small(scope: _Scope, limit: Volume) -> bool:
    """Say whether hits alone are counted, as counts tell of most senders without any sketch."""
    size = scope.sizes.at_most(scope.window)
    return size is not None and max(size, scope.hits) < limit.small_below


def _warnings(
    week: Week,
    disabling: Rule,
    warned: Sequence[StoredVerdict],
    scopes: Sequence[_Scope],
    limits: tuple[Volume, Disabling],
) -> Iterator[Claim]:
    """Yield how many warnings each domain has in the weeks that count, this one included."""
    warn, disable = limits
    near = [one for one in scopes if one.hits >= _least(warn)]
    if not near and not warned:
        return
    oldest = week.back(disable.warnings_weeks - 1)
    may_be_warned = {domain for scope in near for domain in scope.starts}
    for domain in sorted(may_be_warned | {one.domain for one in warned}):
        own = [one for one in warned if one.domain == domain]
        before = {one.incident for one in own if oldest.end <= one.window_end < week.end} - {
            week.name
        }
        is_told = any(one.incident == week.name for one in own)
        reaching = [] if is_told else [one for one in near if domain in one.starts]
        if before or is_told or reaching:
            yield Claim(
                at_most=(len(before) + (is_told or bool(reaching))) / disable.warnings,
                windows=tuple(one.window for one in reaching),
                last_moment=week.end - MICROSECOND,
                measured=partial(
                    _warned,
                    disabling,
                    domain,
                    (oldest, week),
                    (len(before), is_told),
                    reaching,
                    limits,
                ),
            )


def _warned(
    disabling: Rule,
    domain: str,
    weeks: tuple[Week, Week],
    told: tuple[int, bool],
    reaching: Sequence[_Scope],
    limits: tuple[Volume, Disabling],
) -> Distance | None:
    """Return the warnings, None where there is none.

    Of this week, one counts that was given or that the week's strikes alone are enough for.
    """
    (oldest, week), (before, is_told), (warn, disable) = weeks, told, limits
    this_week = is_told or any(_volume(one, disabling, warn).ratio >= 1 for one in reaching)
    if not before and not this_week:
        return None
    return Distance(
        rule=disabling,
        basis=Basis.WARNINGS,
        scope=domain,
        start=oldest.start,
        end=week.end,
        count=before + this_week,
        count_limit=disable.warnings,
    )
