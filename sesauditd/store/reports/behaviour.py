"""Loads the figures of behaviour reports, of one customer or of many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select

from sesauditd.model.calendar import WEEK, hour_of, hour_start
from sesauditd.model.events import Outcome
from sesauditd.model.history import SHIFT, DomainsHistory, Reach
from sesauditd.report.behaviour import Figures, Kind, looks_back_to
from sesauditd.report.score import DISABLES_REMEMBERED
from sesauditd.store import history, precedents
from sesauditd.store.reports import counts, decided
from sesauditd.store.tables import rollups

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions, Strike
    from sesauditd.model.limits import Limits
    from sesauditd.model.register import Register
    from sesauditd.report.figures import Block, Counted, Span, StoredAction, StoredVerdict

One = TypeVar("One")
ByCustomer = Mapping[str, Sequence["Counted"]]


async def figures_of(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    span: Span,
    limits: Limits,
    *,
    whole: bool = True,
) -> Figures:
    """Return the figures of one customer; those of its domains are a part of them.

    Without `whole` the sketches stay out; a score asks for those that it needs, see `grades`.
    """
    each = figures_of_each(connection, register, {customer: limits}, span, whole=whole)
    return await anext(each)


async def figures_of_each(
    connection: AsyncConnection,
    register: Register,
    limits: Mapping[str, Limits],
    span: Span,
    *,
    whole: bool = True,
    counted: ByCustomer | None = None,
) -> AsyncGenerator[Figures]:
    """Yield the figures of each customer that has limits here, in that order, as `figures_of`.

    What is the same question about everybody is asked once; only sketches, which are large, are
    loaded for one customer after the other. `counted` is what `counted_of_each` found, if it did.
    """
    if counted is None:
        counted = await counted_of_each(connection, register, limits, span)
    known = await _known(connection, register, limits, span)
    monday = looks_back_to(span)
    for customer, own in limits.items():
        told_since = _told_since(own, monday, span.end)
        yield Figures(
            kind=Kind.CUSTOMER,
            name=customer,
            customer=customer,
            domains=register.domains_of(customer),
            span=span,
            counted=tuple(counted.get(customer, ())),
            history=await _history(
                connection,
                register,
                customer,
                known,
                (monday - _longest_window(own), span.end),
                whole=whole,
            ),
            infected=tuple(known.infected[customer]),
            verdicts=tuple(one for one in known.verdicts[customer] if one.window_end >= told_since),
            actions=tuple(known.actions[customer]),
            blocks=tuple(known.blocks[customer]),
        )


async def counted_of_each(
    connection: AsyncConnection, register: Register, customers: Iterable[str], span: Span
) -> ByCustomer:
    """Return the counts of each of the customers by week, from where a report looks back to."""
    domains = [domain for customer in customers for domain in register.domains_of(customer)]
    found = await counts.by_week(connection, looks_back_to(span), span, domains=domains)
    return _grouped(found, lambda one: register.owners[one.domain])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was asked once about all customers, by customer."""

    strikes: Mapping[str, Sequence[Strike]]
    reached: Mapping[str, Sequence[tuple[tuple[str, str], datetime]]]
    """First contacts by (domain, receiving domain), of all places that had a strike."""
    infected: Mapping[str, Sequence[tuple[str, datetime]]]
    verdicts: Mapping[str, Sequence[StoredVerdict]]
    actions: Mapping[str, Sequence[StoredAction]]
    blocks: Mapping[str, Sequence[Block]]
    decisions: Mapping[str, Decisions]


async def _known(
    connection: AsyncConnection, register: Register, limits: Mapping[str, Limits], span: Span
) -> _Known:
    monday, end = looks_back_to(span), span.end
    domains = [domain for customer in limits for domain in register.domains_of(customer)]
    alone = next(iter(limits)) if len(limits) == 1 else None
    told_since = min((_told_since(one, monday, end) for one in limits.values()), default=end)
    window = max(map(_longest_window, limits.values()), default=timedelta())
    strikes = await history.strikes_between(connection, domains, monday - window, end)
    verdicts = await decided.verdicts_since(connection, told_since, customer=alone)
    owner = register.owners.__getitem__
    return _Known(
        strikes=_grouped(strikes, lambda one: owner(one.domain)),
        reached=_grouped(
            (await history.reached_among(connection, domains, strikes)).items(),
            lambda one: owner(one[0][0]),
        ),
        infected=_grouped(
            await _infected(connection, domains, monday, end), lambda one: owner(one[0])
        ),
        verdicts=_grouped(verdicts, lambda one: one.customer),
        actions=_grouped(
            await decided.sending_actions(connection, alone), lambda one: one.customer
        ),
        blocks=_grouped(
            await decided.all_blocks(connection, active_at=end, customer=alone),
            lambda one: one.customer,
        ),
        # Only reinstatements are asked for here, and those do not depend on the mode.
        decisions=await precedents.decisions(connection, register, dict.fromkeys(limits, "")),
    )


def _grouped(found: Iterable[One], key: Callable[[One], str]) -> Mapping[str, Sequence[One]]:
    grouped: dict[str, list[One]] = defaultdict(list)
    for one in found:
        grouped[key(one)].append(one)
    return grouped


async def _history(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    known: _Known,
    within: tuple[datetime, datetime],
    *,
    whole: bool,
) -> DomainsHistory:
    start, end = within
    reach = Reach(hourly=())
    if whole:
        domains = register.domains_of(customer)
        reach = Reach(hourly=await counts.sketches(connection, domains, start - SHIFT, end))
    strikes = tuple(one for one in known.strikes[customer] if one.at >= start)
    places = {one.receiving_domain for one in strikes}
    reached = known.reached[customer]
    return DomainsHistory(
        customer=customer,
        since=register.since.get(customer),
        strikes=strikes,
        decisions=known.decisions[customer],
        reach=reach,
        reached_at={(name, place): at for (name, place), at in reached if place in places},
    )


async def _infected(
    connection: AsyncConnection, domains: Sequence[str], start: datetime, end: datetime
) -> tuple[tuple[str, datetime], ...]:
    """Return the (domain, hour) of every Reject for a virus, from the roll-ups."""
    query = (
        select(rollups.c.domain, rollups.c.hour)
        .where(
            rollups.c.domain.in_(domains),
            rollups.c.hour >= hour_of(start),
            rollups.c.hour <= hour_of(end),
            rollups.c.outcome == str(Outcome.VIRUS),
        )
        .distinct()
        .order_by(rollups.c.hour, rollups.c.domain)
    )
    rows = await connection.execute(query)
    return tuple((row.domain, hour_start(row.hour)) for row in rows)


def _longest_window(limits: Limits) -> timedelta:
    return max(
        timedelta(hours=limits.hard_bounce.surge.within_hours),
        timedelta(hours=limits.complaint.surge.within_hours),
        timedelta(minutes=limits.guessing.disable.within_minutes),
    )


def _told_since(limits: Limits, monday: datetime, end: datetime) -> datetime:
    """Return from when on verdicts count: as warnings, or in the score."""
    weeks = max(limits.hard_bounce.disable.warnings_weeks, limits.complaint.disable.warnings_weeks)
    return min(monday - weeks * WEEK, end - DISABLES_REMEMBERED)
