"""Replays everybody's stored history under other limits, and lays it beside what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.config import policy_name
from sesauditd.errors import Refused
from sesauditd.model.calendar import hour_start, last_ended_week, week_of, weeks_between
from sesauditd.model.restraint import restrained
from sesauditd.model.whatif import differences, hit_of
from sesauditd.report.whatif import WhatIf
from sesauditd.store import history, precedents, register, retention
from sesauditd.store.whatif import happened
from sesauditd.store.whatif.records import Records
from sesauditd.store.whatif.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.calendar import Week
    from sesauditd.model.register import Register
    from sesauditd.model.whatif import Hit
    from sesauditd.store.stance import Stance

    Bar = Callable[[int], AbstractContextManager[Callable[[int], None]]]

AHEAD = timedelta(days=1)
"""Events may be a little ahead of the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: whose history, which part of it is shown, and which limits are tried."""

    since: datetime
    until: datetime | None
    customer: str | None
    now: datetime
    tried: Stance
    present: Stance


async def replayed(connection: AsyncConnection, asked: Question, bar: Bar) -> WhatIf:
    """Return what the tried limits would have done; `bar` is told of each customer done.

    All that is stored is judged, since earlier verdicts decide about later ones; what is
    shown begins at `since`. Raises Refused for a customer that nobody registered.
    """
    simulation = await simulation_of(connection, asked)
    would: list[Hit] = []
    with bar(len(simulation.decided)) as advance:
        for one in sorted(simulation.decided):
            if asked.tried.mode_of(one) != "off":
                would += [hit_of(verdict) for verdict in await simulation.verdicts(one)]
            advance(1)
    return await _compared(connection, asked, simulation, _held(would, simulation, asked))


async def simulation_of(connection: AsyncConnection, asked: Question) -> Simulation:
    """Return the history of everybody who is asked about, ready to be judged."""
    owners = await register.snapshot(connection)
    modes = {one: asked.tried.mode_of(one) for one in _customers(owners, asked)}
    records = Records(
        connection=connection,
        register=owners,
        lifts=await precedents.lifted(connection),
        no_feedback=_no_feedback(asked),
    )
    return Simulation(
        records=records,
        stance=asked.tried,
        decided=await precedents.decisions(connection, owners, modes),
        weeks=await _weeks(connection, asked),
    )


def _customers(owners: Register, asked: Question) -> Sequence[str]:
    if asked.customer is None:
        return owners.customers
    if asked.customer not in owners.customers:
        message = f"there is no customer {asked.customer!r}: see sesauditd customers"
        raise Refused(message)
    return (asked.customer,)


def _held(would: Sequence[Hit], simulation: Simulation, asked: Question) -> Sequence[Hit]:
    # The register names every customer, also one whose last domain has gone.
    customers = len(simulation.records.register.since)
    cap = asked.tried.policies.common.blast_radius.cap(customers)
    return restrained(would, simulation.decided, cap, asked.tried.confirms)


def _no_feedback(asked: Question) -> frozenset[str] | None:
    tried = frozenset(asked.tried.policies.common.general.no_complaint_feedback)
    stored = frozenset(asked.present.policies.common.general.no_complaint_feedback)
    return None if tried == stored else tried


async def _weeks(connection: AsyncConnection, asked: Question) -> frozenset[Week]:
    """Return the weeks of the weekly lane: those that were judged, and those that are over."""
    hour = await history.first_hour(connection)
    if hour is None:
        return frozenset()
    over = weeks_between(week_of(hour_start(hour)), last_ended_week(asked.now))
    known = {*over, *await happened.judged_weeks(connection)}
    return frozenset(one for one in known if asked.until is None or one.end <= asked.until)


async def _compared(
    connection: AsyncConnection,
    asked: Question,
    simulation: Simulation,
    would: Sequence[Hit],
) -> WhatIf:
    judged = await happened.judged_weeks(connection)
    end = asked.until or max([asked.now + AHEAD, *(one.end for one in judged)])
    did = await happened.hits(connection, asked.since, end)
    kept = await retention.standing(connection)
    left_out = [
        one
        for one in sorted(did)
        if asked.tried.mode_of(one) == "off" and asked.customer in {None, one}
    ]
    shown = [
        hit
        for customer, hits in did.items()
        for hit in hits
        if customer not in left_out and asked.customer in {None, customer}
    ]
    return WhatIf(
        since=asked.since,
        until=end,
        customer=asked.customer,
        policy=policy_name(asked.tried.policies.common),
        present=policy_name(asked.present.policies.common),
        differences=differences((one for one in would if asked.since <= one.at <= end), shown),
        unjudged=sorted(one for one in simulation.weeks - judged if one.end > asked.since),
        withdrawn=await happened.withdrawn(connection, asked.since, end),
        judged_by_others=sum(one.policy != asked.present.policy_of(one.customer) for one in shown),
        left_out=left_out,
        events_since=kept.before if kept and kept.before > asked.since else None,
    )
