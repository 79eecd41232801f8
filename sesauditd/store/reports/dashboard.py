"""What the dashboard asks besides reports: the ranking, pages of actions, open cases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from sesauditd.model.actions import State
from sesauditd.model.verdicts import Does
from sesauditd.report.account import account
from sesauditd.report.behaviour import behaviour, narrowed
from sesauditd.report.figures import Span
from sesauditd.report.pages import mode_of
from sesauditd.report.sending import OFFBOARDED, SENDING
from sesauditd.store import register
from sesauditd.store.reports import decided, overview, people
from sesauditd.store.reports.behaviour import figures_of, figures_of_each
from sesauditd.store.reports.grades import grades
from sesauditd.store.reports.pages import GRADED_OVER, standing
from sesauditd.store.tables import actions, archive_objects, journal, observations
from sesauditd.store.watch import MESSAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.config import Policies
    from sesauditd.model.register import Register
    from sesauditd.report.account import Account
    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.figures import Case, Domain, StoredAction
    from sesauditd.report.pages import Standing

HELD = frozenset({State.WAITING, State.PROPOSED, State.FAILED, State.UNKNOWN})
"""States that wait for a person."""
WEIGHTY = (str(Does.DISABLE), str(Does.TERMINATE))

Mark = tuple[object, ...]
"""Changes whenever something was recorded or decided."""


async def mark(connection: AsyncConnection, now: datetime) -> Mark:
    """Return what differs as soon as figures may have become others: windows move by days."""
    recorded = await connection.scalar(
        select(observations.c.at).where(observations.c.name == MESSAGES)
    )
    # What is replayed came out of no queue, but out of some archive.
    read_last = await connection.scalar(select(func.max(archive_objects.c.id)))
    decided_last = await connection.scalar(select(func.max(journal.c.sequence)))
    return now.date(), recorded, read_last, decided_last


async def ranking(
    connection: AsyncConnection,
    policies: Policies,
    configured: Callable[[str], str],
    now: datetime,
) -> tuple[tuple[Standing, ...], Account]:
    """Return the customers, the worst first, and the account; `configured` says a mode."""
    snapshot = await register.snapshot(connection)
    span = Span.between(now - GRADED_OVER, now)
    armings = await overview.armings(connection)
    limits = {one: policies.of(one) for one in snapshot.customers}
    each = figures_of_each(connection, snapshot, limits, span, whole=False)
    everybody = [one async for one in each]
    scores = await grades(connection, everybody, limits)
    present = frozenset(snapshot.present)
    found = [
        standing(one, mode_of(configured(one.customer), one.customer, armings), scores)
        for one in everybody
        if one.customer in present
    ]
    counted = {one.customer: one.counted for one in everybody}
    whole = account(span, counted, {}, 0)
    return tuple(sorted(found, key=_worst_first)), replace(whole, members=())


async def behaviour_of(
    connection: AsyncConnection,
    snapshot: Register,
    policies: Policies,
    customer: str,
    now: datetime,
    *,
    domain: str | None = None,
) -> Behaviour:
    """Return how a customer, or one of its domains, behaved in the span that grades look at."""
    limits = policies.of(customer)
    span = Span.between(now - GRADED_OVER, now)
    figures = await figures_of(connection, snapshot, customer, span, limits)
    return behaviour(figures if domain is None else narrowed(figures, domain), limits)


async def mode(connection: AsyncConnection, configured: Callable[[str], str], customer: str) -> str:
    """Return the mode that holds for a customer, or for `EVERYBODY`."""
    return mode_of(configured(customer), customer, await overview.armings(connection))


async def cases_of(
    connection: AsyncConnection, customer: str, *, domain: str | None = None
) -> tuple[Case, ...]:
    """Return the cases of a customer, or those that may be about one of its domains."""
    return tuple(
        one
        for one in await decided.all_cases(connection)
        if one.customer == customer and (domain is None or one.domain in {None, domain})
    )


async def actions_page(
    connection: AsyncConnection, state: str | None, *, limit: int, offset: int
) -> tuple[StoredAction, ...]:
    """Return some of the actions, of one state or of all, the newest first."""
    query = (
        select(actions)
        .order_by(actions.c.requested_at.desc(), actions.c.id)
        .limit(limit)
        .offset(offset)
    )
    if state is not None:
        query = query.where(actions.c.state == state)
    return tuple(decided.action(row) for row in await connection.execute(query))


async def actions_by_state(connection: AsyncConnection) -> Mapping[str, int]:
    """Return how many actions are in each state, those that wait for a person first."""
    query = select(actions.c.state, func.count().label("number")).group_by(actions.c.state)
    found = {str(row.state): int(row.number) for row in await connection.execute(query)}
    return dict(sorted(found.items(), key=lambda one: (one[0] not in HELD, one[0])))


async def held(connection: AsyncConnection, limit: int) -> tuple[StoredAction, ...]:
    """Return stops that wait for a person, the oldest evidence first."""
    query = (
        select(actions)
        .where(
            actions.c.state.in_(sorted(str(one) for one in HELD)),
            actions.c.kind.in_(WEIGHTY),
        )
        .order_by(actions.c.evidence_at, actions.c.id)
        .limit(limit)
    )
    return tuple(decided.action(row) for row in await connection.execute(query))


async def stopped(connection: AsyncConnection) -> tuple[Domain, ...]:
    """Return the domains that do not simply send, offboarded ones left out."""
    everything = await people.all_domains(connection)
    return tuple(one for one in everything if one.state not in {SENDING, OFFBOARDED})


def _worst_first(one: Standing) -> tuple[bool, float, int, int, str]:
    """Return a key by which who has no score comes last."""
    value = one.score.value if one.score is not None else 0.0
    return one.score is None, value, -one.complaints, -one.mailed, one.customer
