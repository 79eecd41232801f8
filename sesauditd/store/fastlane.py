"""Judges, in the transaction that records events, everything that those events touch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, insert, select

from sesauditd.model import lanes
from sesauditd.model.calendar import EPOCH, hour_of, hour_start, week_of, weeks_between
from sesauditd.model.limits import Lane
from sesauditd.model.standing import standing_of
from sesauditd.model.surge import could_surge, least_to_surge, longest_span
from sesauditd.model.verdicts import Rule
from sesauditd.model.virus import incidents
from sesauditd.store import blast, history, ledger, precedents
from sesauditd.store.statements import among, insert_rows
from sesauditd.store.tables import (
    ENFORCEMENT,
    periods,
    reopened_weeks,
    standings,
    strikes,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions, RecipientHistory
    from sesauditd.model.register import Register
    from sesauditd.model.standing import Standing
    from sesauditd.model.touched import Touched
    from sesauditd.store.occasion import Occasion

SURGE_RULES = (Rule.HARD_BOUNCE_SURGE, Rule.COMPLAINT_SURGE, Rule.GUESSING_DISABLE)
VIRUS_RULES = (Rule.VIRUS_DISABLE, Rule.VIRUS_TERMINATE)
WEEK_RULES = (
    Rule.HARD_BOUNCE_WARN,
    Rule.HARD_BOUNCE_DISABLE,
    Rule.COMPLAINT_WARN,
    Rule.COMPLAINT_DISABLE,
    Rule.COMPLAINT_TERMINATE,
    Rule.GUESSING_TERMINATE,
)
DAY = timedelta(hours=24)


async def judge(
    connection: AsyncConnection, register: Register, touched: Touched, occasion: Occasion
) -> None:
    """Judge anew, on their whole history, all subjects that newly recorded events touch."""
    spans = _spans(register, touched)
    customers = {
        customer
        for customer in {*spans, *touched.infected, *(pair[0] for pair in touched.recipients)}
        if occasion.stance.mode_of(customer) != "off"
    }
    modes = {customer: occasion.stance.mode_of(customer) for customer in sorted(customers)}
    decided = await precedents.decisions(connection, register, modes)
    pairs = {pair for pair in touched.recipients if pair[0] in customers}
    await _recipients(connection, pairs, decided, occasion)
    changed = 0
    for customer in sorted(customers & set(touched.infected)):
        changed += await _viruses(connection, register, customer, decided[customer], occasion)
    suspects = await _suspects(connection, register, touched, spans, occasion)
    for customer in sorted(customers & suspects):
        span = spans[customer]
        if touched.unreached & set(register.domains_of(customer)):
            # Bounces of any age may be guesses now that they are first contacts.
            span = (EPOCH + DAY, max(span[1], occasion.now))
        changed += await _surges(connection, register, customer, span, decided[customer], occasion)
    for customer in sorted(customers & set(spans)):
        changed += await _fast_weeks(
            connection, register, customer, spans[customer], decided[customer], occasion
        )
    if changed:
        since = min((start for start, _ in spans.values()), default=occasion.now)
        await blast.limit_blast(connection, Lane.FAST, occasion, since=since)
    await _reopen(connection, spans)


async def _recipients(
    connection: AsyncConnection,
    pairs: set[tuple[str, str]],
    decided: Mapping[str, Decisions],
    occasion: Occasion,
) -> None:
    scope = and_(
        among(connection, (verdicts.c.customer, verdicts.c.recipient), pairs),
        verdicts.c.lane == str(Lane.FAST),
    )
    before = await ledger.stored(connection, scope)
    known = await history.recipients(connection, pairs, decided)
    judged = [
        verdict
        for one in known
        for verdict in lanes.blocks(one, occasion.stance.limits(one.customer), Lane.FAST)
    ]
    await ledger.settle(connection, judged, before, decided, occasion)
    await _stand(connection, [_figures(standing_of(one), one) for one in known])


def _figures(stands: Standing, one: RecipientHistory) -> dict[str, object]:
    return {
        "customer": one.customer,
        "recipient": one.recipient,
        "soft_streak": stands.soft_streak,
        "hard_bounces": stands.hard_bounces,
        "complaints": stands.complaints,
        "virus_incidents": 0,
    }


async def _suspects(
    connection: AsyncConnection,
    register: Register,
    touched: Touched,
    spans: Mapping[str, tuple[datetime, datetime]],
    occasion: Occasion,
) -> set[str]:
    """Return the touched customers that a sliding rule may be about, in two short queries.

    Either there are enough strikes around the touched span, or a verdict stands whose window
    a late event may have changed.
    """
    if not spans:
        return set()
    start = min(start for start, _ in spans.values())
    end = max(end for _, end in spans.values())
    limits = [occasion.stance.policies.common, *occasion.stance.policies.own.values()]
    least = min(least_to_surge(one) for one in limits)
    reach = max(longest_span(one) for one in limits)
    struck = await connection.execute(
        select(strikes.c.customer)
        .where(
            # Named one by one, the domains lead into the index; a time alone would not.
            strikes.c.domain.in_([one for name in spans for one in register.domains_of(name)]),
            strikes.c.at >= start - reach,
            strikes.c.at <= end + reach,
        )
        .group_by(strikes.c.customer)
        .having(func.count() >= least)
    )
    late = await connection.execute(
        select(verdicts.c.customer).where(
            verdicts.c.rule.in_([str(rule) for rule in SURGE_RULES]),
            verdicts.c.window_end >= _whole_hour(start),
        )
    )
    unreached = {register.owners[domain] for domain in touched.unreached}
    return {*struck.scalars(), *late.scalars(), *unreached} & set(spans)


async def _viruses(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    decisions: Decisions,
    occasion: Occasion,
) -> int:
    limits = occasion.stance.limits(customer)
    known = await history.virus_history(connection, register, customer, decisions)
    confirm = occasion.stance.confirms(customer)
    judged = lanes.viruses(known, limits, Lane.FAST, confirm=confirm)
    found = len(incidents(known, limits))
    figures = {"soft_streak": 0, "hard_bounces": 0, "complaints": 0, "virus_incidents": found}
    await _stand(connection, [{"customer": customer, "recipient": "", **figures}])
    scope = ledger.scope_of(customer, Lane.FAST, VIRUS_RULES)
    before = await ledger.stored(connection, scope)
    return await ledger.settle(connection, judged, before, {customer: decisions}, occasion)


async def _surges(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    span: tuple[datetime, datetime],
    decisions: Decisions,
    occasion: Occasion,
) -> int:
    limits = occasion.stance.limits(customer)
    scope = ledger.scope_of(customer, Lane.FAST, SURGE_RULES)
    domains = register.domains_of(customer)
    reach = longest_span(limits)
    since = _whole_hour(span[0])
    begin = max(since - reach, EPOCH)
    near = await history.strikes_between(connection, domains, begin, span[1] + reach)
    late = await connection.scalar(
        select(verdicts.c.key).where(scope, verdicts.c.window_end >= since).limit(1)
    )
    if late is None and not could_surge(near, limits):
        return 0
    found = await history.strikes_between(connection, domains, begin)
    whole = await history.domains_history(
        connection, register, customer, found, decisions, receiving=True, reach=reach
    )
    stored = await ledger.stored(connection, scope)
    earlier = {
        key for key, row in stored.items() if row.withdrawn_at is None and row.window_end < since
    }
    before = [ledger.as_verdict(stored[key]) for key in sorted(earlier)]
    judged = lanes.surges(whole, limits, Lane.FAST, since=since, before=before)
    open_to = {key: row for key, row in stored.items() if key not in earlier}
    return await ledger.settle(connection, judged, open_to, {customer: decisions}, occasion)


def _whole_hour(moment: datetime) -> datetime:
    """Return from when on an event of that moment matters: `n` is counted by whole hours."""
    return hour_start(hour_of(moment))


async def _fast_weeks(
    connection: AsyncConnection,
    register: Register,
    customer: str,
    span: tuple[datetime, datetime],
    decisions: Decisions,
    occasion: Occasion,
) -> int:
    """Judge weekly rules that the policy file put on the fast lane, on the week so far."""
    limits = occasion.stance.limits(customer)
    if not lanes.has_fast_weeks(limits):
        return 0
    changed = 0
    for week in weeks_between(week_of(span[0]), week_of(span[1] + DAY)):
        domains = register.domains_of(customer)
        strikes = await history.strikes_between(connection, domains, week.start, week.end)
        whole = await history.domains_history(connection, register, customer, strikes, decisions)
        earlier = await ledger.standing(connection, verdicts.c.customer == customer)
        judged = lanes.week_so_far(whole, week, limits, earlier)
        scope = and_(
            ledger.scope_of(customer, Lane.FAST, WEEK_RULES),
            verdicts.c.incident.startswith(week.name),
        )
        before = await ledger.stored(connection, scope)
        changed += await ledger.settle(connection, judged, before, {customer: decisions}, occasion)
    return changed


async def _reopen(connection: AsyncConnection, spans: dict[str, tuple[datetime, datetime]]) -> None:
    """Remember which judged weeks hold events that came late; the next run judges them anew."""
    newest = await connection.scalar(
        select(periods.c.starts_at)
        .where(periods.c.job == ENFORCEMENT)
        .order_by(periods.c.starts_at.desc())
        .limit(1)
    )
    if newest is None:
        return
    for customer, (start, end) in spans.items():
        # `n` may be that of the window a day earlier: an event counts in the next week too.
        last = min(week_of(end + DAY), week_of(newest))
        for week in weeks_between(week_of(start), last):
            await connection.execute(
                delete(reopened_weeks).where(
                    reopened_weeks.c.customer == customer,
                    reopened_weeks.c.starts_at == week.start,
                )
            )
            await connection.execute(
                insert(reopened_weeks).values(customer=customer, starts_at=week.start)
            )


async def _stand(connection: AsyncConnection, figures: Sequence[Mapping[str, object]]) -> None:
    shown = ("soft_streak", "hard_bounces", "complaints", "virus_incidents")
    await insert_rows(connection, standings, figures, replacing=shown)


def _spans(register: Register, touched: Touched) -> dict[str, tuple[datetime, datetime]]:
    spans: dict[str, tuple[datetime, datetime]] = {}
    for domain, (start, end) in touched.domains.items():
        customer = register.owners[domain]
        known = spans.get(customer, (start, end))
        spans[customer] = (min(known[0], start), max(known[1], end))
    return spans
