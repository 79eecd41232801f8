"""Loads what the judge looks at, for one recipient, customer or span."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select

from sesauditd.model.addresses import domain_of
from sesauditd.model.calendar import week_of
from sesauditd.model.events import OUTCOMES, Outcome
from sesauditd.model.history import (
    DomainsHistory,
    Hourly,
    Infection,
    Reach,
    RecipientHistory,
    Strike,
    VirusHistory,
    hours_between,
)
from sesauditd.store.precedents import lifted
from sesauditd.store.statements import among, chunks
from sesauditd.store.tables import (
    deliveries,
    event_recipients,
    events,
    reached,
    rollups,
    strikes,
)
from sesauditd.store.tables import domains as registered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions
    from sesauditd.model.register import Register


async def recipients(
    connection: AsyncConnection,
    pairs: Iterable[tuple[str, str]],
    decided: Mapping[str, Decisions],
) -> list[RecipientHistory]:
    """Return the whole history of each (customer, recipient), with each customer's decisions."""
    wanted = sorted(pairs)
    struck: dict[tuple[str, str], list[Strike]] = defaultdict(list)
    delivered: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    of_pairs = among(connection, (strikes.c.customer, strikes.c.recipient), wanted)
    for strike in await _strikes(connection, of_pairs):
        struck[strike.customer, strike.recipient].append(strike)
    of_pairs = among(connection, (deliveries.c.customer, deliveries.c.recipient), wanted)
    for row in await connection.execute(select(deliveries).where(of_pairs)):
        delivered[row.customer, row.recipient].append(row.at)
    lifts = await lifted(connection)
    return [
        RecipientHistory(
            customer=customer,
            recipient=recipient,
            strikes=tuple(struck[customer, recipient]),
            deliveries=tuple(delivered[customer, recipient]),
            lifts=lifts.get(f"{customer}/{recipient}", ()),
            shadows=decided[customer].shadows,
        )
        for customer, recipient in wanted
    ]


async def strikes_between(
    connection: AsyncConnection,
    domains: Sequence[str],
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[Strike]:
    """Return the strikes of the domains in the span, both ends included."""
    wanted: list[ColumnElement[bool]] = [strikes.c.domain.in_(domains)]
    if start is not None:
        wanted.append(strikes.c.at >= start)
    if end is not None:
        wanted.append(strikes.c.at <= end)
    return await _strikes(connection, and_(*wanted))


async def struck_between(
    connection: AsyncConnection, start: datetime, end: datetime
) -> frozenset[str]:
    """Return the customers with a strike from `start` to before `end`."""
    found = await connection.execute(
        select(strikes.c.customer)
        .where(
            # Named one by one, the domains lead into the index; a time alone would not.
            strikes.c.domain.in_(select(registered.c.name)),
            strikes.c.at >= start,
            strikes.c.at < end,
        )
        .distinct()
    )
    return frozenset(found.scalars())


async def infected_between(
    connection: AsyncConnection, register: Register, start: datetime, end: datetime
) -> frozenset[str]:
    """Return the customers with a Reject from `start` to before `end`."""
    found = await connection.execute(
        select(events.c.domain)
        .where(
            events.c.kind == "Reject",
            # Named one by one, the domains lead into the index; a time alone would not.
            events.c.domain.in_(sorted(register.owners)),
            events.c.at >= start,
            events.c.at < end,
        )
        .distinct()
    )
    return frozenset(register.owners[domain] for domain in found.scalars())


async def struck_spans(
    connection: AsyncConnection, register: Register, customers: Iterable[str]
) -> dict[str, tuple[datetime, datetime]]:
    """Return the times of the first and last strike of each domain of the customers."""
    domains = [domain for one in customers for domain in register.domains_of(one)]
    found: dict[str, tuple[datetime, datetime]] = {}
    for part in chunks(domains):
        rows = await connection.execute(
            select(strikes.c.domain, func.min(strikes.c.at), func.max(strikes.c.at))
            .where(strikes.c.domain.in_(part))
            .group_by(strikes.c.domain)
        )
        found |= {domain: (first, last) for domain, first, last in rows}
    return found


async def domains_history(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    found: Sequence[Strike],
    decisions: Decisions,
    *,
    receiving: bool = False,
    reach: timedelta = timedelta(),
) -> DomainsHistory:
    """Return what the volume rules need beside the strikes that were found already.

    Whole weeks are counted, and `reach` before the first strike.
    """
    domains = register.domains_of(customer)
    return DomainsHistory(
        customer=customer,
        since=register.since.get(customer),
        strikes=tuple(found),
        decisions=decisions,
        reach=await _reach(connection, domains, found, reach),
        reached_at=await reached_among(connection, domains, found) if receiving else {},
    )


async def virus_history(
    connection: AsyncConnection, register: Register, customer: str, decisions: Decisions
) -> VirusHistory:
    """Return every Reject for a virus of the customer."""
    domains = register.domains_of(customer)
    query = (
        select(
            events.c.key,
            events.c.at,
            events.c.domain,
            events.c.message_id,
            event_recipients.c.recipient,
        )
        .join(event_recipients, event_recipients.c.event == events.c.key)
        .where(
            events.c.kind == "Reject",
            events.c.domain.in_(domains),
            event_recipients.c.outcome == Outcome.VIRUS,
        )
        .order_by(events.c.key, event_recipients.c.recipient)
    )
    rows: dict[bytes, list[Any]] = defaultdict(list)
    for row in await connection.execute(query):
        rows[row.key].append(row)
    own = {*domains, *(register.contacts[name] for name in domains if name in register.contacts)}
    return VirusHistory(
        customer=customer,
        infections=tuple(
            Infection(
                event=key.hex(),
                at=group[0].at,
                domain=group[0].domain,
                message_id=group[0].message_id,
                recipients=tuple(row.recipient for row in group),
            )
            for key, group in rows.items()
        ),
        decisions=decisions,
        own_addresses=frozenset(own),
    )


async def first_hour(connection: AsyncConnection) -> int | None:
    """Return the oldest hour of any roll-up, None while there is none."""
    of_domain = (
        select(func.min(rollups.c.hour))
        .where(rollups.c.domain == registered.c.name)
        .correlate(registered)
        .scalar_subquery()
    )
    # One look into the key for each domain, where the hour alone would walk through all of them.
    hours = await connection.scalars(select(of_domain).select_from(registered))
    return min((int(one) for one in hours if one is not None), default=None)


async def reached_among(
    connection: AsyncConnection, domains: Sequence[str], found: Sequence[Strike]
) -> dict[tuple[str, str], datetime]:
    """Return when the domains first reached each place that had a strike, by (domain, place)."""
    places = sorted({domain_of(one.recipient) for one in found})
    known: dict[tuple[str, str], datetime] = {}
    for part in chunks(places):
        rows = await connection.execute(
            select(reached.c.domain, reached.c.receiving_domain, reached.c.first_at).where(
                reached.c.domain.in_(domains),
                reached.c.receiving_domain.in_(part),
            )
        )
        known |= {(row.domain, row.receiving_domain): row.first_at for row in rows}
    return known


async def _strikes(connection: AsyncConnection, wanted: ColumnElement[bool]) -> list[Strike]:
    rows = await connection.execute(select(strikes).where(wanted))
    return [
        Strike(
            event=row.event.hex(),
            at=row.at,
            customer=row.customer,
            domain=row.domain,
            recipient=row.recipient,
            spelling=row.spelling,
            outcome=Outcome(row.outcome),
            message_id=row.message_id,
            blockable=row.blockable,
            counted_as=row.counted_as,
            subtype=row.subtype,
            status=row.status,
            diagnostic=row.diagnostic,
        )
        for row in rows
    ]


async def _reach(
    connection: AsyncConnection, domains: Sequence[str], found: Sequence[Strike], reach: timedelta
) -> Reach:
    if not found:
        return Reach(hourly=())
    times = [one.at for one in found]
    first, _ = hours_between(min(week_of(min(times)).start, min(times) - reach), min(times))
    _, last = hours_between(max(times), week_of(max(times)).end)
    return Reach(hourly=await hourly(connection, domains, first, last))


async def hourly(
    connection: AsyncConnection, domains: Sequence[str], first: int, last: int
) -> tuple[Hourly, ...]:
    """Return the roll-ups of the domains from the hour `first` to the hour `last`."""
    columns = rollups.c
    rows = await connection.execute(
        select(
            columns.domain, columns.hour, columns.outcome, columns.feeds_back, columns.sketch
        ).where(columns.domain.in_(domains), columns.hour >= first, columns.hour <= last)
    )
    # By place and from a table: of the largest domains these are a hundred thousand rows.
    return tuple(
        Hourly(domain=domain, hour=hour, outcome=OUTCOMES[outcome], feeds_back=fed, sketch=sketch)
        for domain, hour, outcome, fed, sketch in rows.all()
    )
