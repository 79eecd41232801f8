"""The behaviour report of one customer or domain: from figures to what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sesauditd.model.calendar import last_ended_week, week_of, weeks_between
from sesauditd.model.events import Outcome
from sesauditd.model.verdicts import Does
from sesauditd.report import counts
from sesauditd.report.causes import Cause, by_provider, by_status
from sesauditd.report.distances import MICROSECOND, Distance, Nearness, nearnesses
from sesauditd.report.fast_limits import fast_distances, virus_distances
from sesauditd.report.score import DISABLES_REMEMBERED, Score, score
from sesauditd.report.sizes import Sizes
from sesauditd.report.weekly_limits import weekly_distances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.model.history import DomainsHistory, Strike
    from sesauditd.model.limits import Limits
    from sesauditd.report.counts import Rate, WeekCounts
    from sesauditd.report.figures import Block, Counted, Span, StoredAction, StoredVerdict

NOT_A_DISABLE = frozenset({"cancelled", "superseded"})


class Kind(StrEnum):
    """What a report is about."""

    CUSTOMER = "customer"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that is known of one customer or domain, as far back as its report looks."""

    kind: Kind
    name: str
    customer: str
    domains: tuple[str, ...]
    span: Span
    """Its end is the present moment."""
    counted: tuple[Counted, ...] = ()
    """From the first Monday that is looked at, see `looks_back_to`."""
    history: DomainsHistory
    """Strikes from a day before that Monday on, where sliding windows begin."""
    infected: tuple[tuple[str, datetime], ...] = ()
    """(domain, hour) at which viruses were rejected."""
    verdicts: tuple[StoredVerdict, ...] = ()
    """From eight weeks before the span, and from the last 90 days."""
    actions: tuple[StoredAction, ...] = ()
    """Operators' disables of the last 90 days."""
    blocks: tuple[Block, ...] = ()
    """Those that hold."""


def looks_back_to(span: Span) -> datetime:
    """Return the first Monday that a report of the span looks at: weeks are judged whole."""
    return min(week_of(span.start), last_ended_week(span.end)).start


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Different recipients struck, of the different recipients there were."""

    hard_bounce: Rate
    soft_bounce: Rate
    complaint: Rate
    """Of the recipients whose providers report complaints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How one customer or domain behaved."""

    kind: Kind
    name: str
    customer: str
    domains: tuple[str, ...]
    since: datetime | None
    span: Span
    mailed: int
    """Recipients mailed, repetitions counted."""
    recipients: int
    """Different ones."""
    outcomes: Mapping[Outcome, int]
    rates: Rates
    weeks: tuple[WeekCounts, ...]
    providers: tuple[Cause, ...]
    statuses: tuple[Cause, ...]
    limits: tuple[Nearness, ...]
    blocks: tuple[Block, ...]
    verdicts: tuple[StoredVerdict, ...]
    strikes: tuple[Strike, ...]
    """The newest first."""
    score: Score | None


def behaviour(figures: Figures, limits: Limits) -> Behaviour:
    """Return what the figures say about the span."""
    span = figures.span
    sizes = Sizes(figures.history.reach.hourly)
    counted = [one for one in figures.counted if span.holds_day(one.day)]
    sums = counts.outcomes(counted)
    strikes = [one for one in figures.history.strikes if span.holds(one.at)]
    mails = counts.mailed(sums)
    near = distances_of(figures, limits, sizes)
    return Behaviour(
        kind=figures.kind,
        name=figures.name,
        customer=figures.customer,
        domains=figures.domains,
        since=figures.history.since,
        span=span,
        mailed=mails,
        recipients=sizes.within(figures.domains, span),
        outcomes={one: sums[one] for one in counts.SHOWN},
        rates=_rates(figures, strikes, sizes, limits.general.wilson_z),
        weeks=counts.by_week(figures.counted, span),
        providers=by_provider(strikes),
        statuses=by_status(strikes),
        limits=near,
        blocks=figures.blocks,
        verdicts=_in_span(figures.verdicts, span),
        strikes=_newest_first(strikes),
        score=score(near, mails=mails, disables=disables(figures)),
    )


def distances_of(figures: Figures, limits: Limits, sizes: Sizes) -> tuple[Nearness, ...]:
    """Return how near each limit came, in the newest full week and at worst in the span."""
    span = figures.span
    newest = last_ended_week(span.end)
    weeks = list(weeks_between(min(week_of(span.start), newest), week_of(span.end)))
    ranges = ((span.start, span.end), (newest.start, newest.end - MICROSECOND))
    found: list[Distance] = [
        *weekly_distances(figures.history, figures.verdicts, limits, sizes, weeks),
        *fast_distances(figures.history, limits, sizes, ranges),
        *virus_distances(figures.infected),
    ]
    return nearnesses(found, since=span.start, newest_week=newest)


def disables(figures: Figures) -> int:
    """Return how many disables of the last 90 days stand, each done for several rules once."""
    oldest = figures.span.end - DISABLES_REMEMBERED
    judged = {
        one.action or one.key
        for one in figures.verdicts
        if one.does is Does.DISABLE and one.stands and one.window_end >= oldest
    }
    decided = {
        one.id
        for one in figures.actions
        if one.cause is None
        and one.kind == Does.DISABLE
        and one.requested_at >= oldest
        and one.state not in NOT_A_DISABLE
    }
    return len(judged | decided)


def narrowed(figures: Figures, domain: str) -> Figures:
    """Return the figures of one domain out of its customer's."""
    strikes = tuple(one for one in figures.history.strikes if one.domain == domain)
    return replace(
        figures,
        kind=Kind.DOMAIN,
        name=domain,
        domains=(domain,),
        counted=tuple(one for one in figures.counted if one.domain == domain),
        history=replace(figures.history, strikes=strikes),
        infected=tuple(one for one in figures.infected if one[0] == domain),
        verdicts=tuple(one for one in figures.verdicts if one.domain == domain),
        actions=tuple(one for one in figures.actions if one.domain == domain),
        blocks=tuple(one for one in figures.blocks if one.domain == domain),
    )


def _rates(figures: Figures, strikes: Sequence[Strike], sizes: Sizes, z: float) -> Rates:
    size = sizes.within(figures.domains, figures.span)
    feeding_back = sizes.within(figures.domains, figures.span, feeding_back=True)
    struck = {
        outcome: len({one.counted_as for one in strikes if one.outcome is outcome})
        for outcome in (Outcome.HARD_BOUNCE, Outcome.SOFT_BOUNCE, Outcome.COMPLAINT)
    }
    return Rates(
        hard_bounce=counts.rate(struck[Outcome.HARD_BOUNCE], size, z),
        soft_bounce=counts.rate(struck[Outcome.SOFT_BOUNCE], size, z),
        complaint=counts.rate(struck[Outcome.COMPLAINT], feeding_back, z),
    )


def _in_span(verdicts: Sequence[StoredVerdict], span: Span) -> tuple[StoredVerdict, ...]:
    found = [one for one in verdicts if span.holds(one.window_end)]
    return tuple(sorted(found, key=lambda one: (one.window_end, one.key), reverse=True))


def _newest_first(strikes: Sequence[Strike]) -> tuple[Strike, ...]:
    return tuple(sorted(strikes, key=lambda one: (*one.order, one.recipient), reverse=True))
