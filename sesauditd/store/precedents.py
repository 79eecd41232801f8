"""What operators decided before, as the judge looks at it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from sesauditd.model.actions import State
from sesauditd.model.calendar import EPOCH
from sesauditd.model.history import Decisions
from sesauditd.store.tables import actions, journal, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.register import Register

Taken = tuple[str, str, datetime]


async def decisions(
    connection: AsyncConnection, register: Register, modes: Mapping[str, str]
) -> dict[str, Decisions]:
    """Return what operators decided about each customer; `modes` are the configured ones."""
    kinds = ("reinstate", "restore", "arm", "disarm")
    rows = await connection.execute(
        select(journal.c.kind, journal.c.subject, journal.c.at)
        .where(journal.c.kind.in_(kinds))
        .order_by(journal.c.sequence)
    )
    taken = [(row.kind, row.subject, row.at) for row in rows]
    shadowed = await _last_in_shadow(connection, modes)
    return {
        customer: Decisions(
            reinstated=_reinstated(taken, customer, register),
            shadow_since=_shadow_since(taken, customer, mode),
            shadows=_shadows(taken, customer, mode, shadowed.get(customer)),
        )
        for customer, mode in modes.items()
    }


async def decisions_of(
    connection: AsyncConnection, register: Register, customer: str, mode: str
) -> Decisions:
    """Return what operators decided about one customer."""
    return (await decisions(connection, register, {customer: mode}))[customer]


async def lifted(connection: AsyncConnection) -> dict[str, tuple[datetime, ...]]:
    """Return when operators lifted blocks, by `customer/recipient`: both may hold a slash."""
    found: dict[str, list[datetime]] = defaultdict(list)
    rows = await connection.execute(
        select(journal.c.subject, journal.c.at).where(journal.c.kind == "lift")
    )
    for row in rows:
        found[row.subject].append(row.at)
    return {subject: tuple(sorted(times)) for subject, times in found.items()}


def _reinstated(
    taken: Sequence[Taken], customer: str, register: Register
) -> Mapping[str, tuple[datetime, ...]]:
    domains = register.domains_of(customer)
    found: dict[str, list[datetime]] = defaultdict(list)
    for kind, subject, at in taken:
        # The journal names the domain, whoever had it then.
        name = register.held(subject, at)
        if kind == "reinstate" and name in domains:
            found[name].append(at)
        elif kind == "restore" and subject == customer:
            for name in domains:
                found[name].append(at)
    return {name: tuple(sorted(times)) for name, times in found.items()}


def _shadow_since(taken: Sequence[Taken], customer: str, mode: str) -> datetime | None:
    """Return since when the customer is in shadow mode: what began before it is no part of it."""
    if mode == "enforce":
        return None
    since: datetime | None = EPOCH
    for kind, at in _armings(taken, customer):
        since = None if kind == "arm" else since or at
    return since


def _shadows(
    taken: Sequence[Taken], customer: str, mode: str, last_in_shadow: datetime | None
) -> tuple[tuple[datetime, datetime], ...]:
    """Return the spans of shadow mode that are over: by a command, or by the configuration."""
    if mode == "enforce" and last_in_shadow is None:
        # Whoever arms what was never in shadow mode ends nothing.
        return ()
    found = []
    since: datetime | None = EPOCH
    for kind, at in _armings(taken, customer):
        if kind == "arm" and since is not None:
            found.append((since, at))
            since = None
        elif kind == "disarm":
            since = since or at
    if since is not None and last_in_shadow is not None and last_in_shadow >= since:
        found.append((since, last_in_shadow))
    return tuple(found)


def _armings(taken: Sequence[Taken], customer: str) -> list[tuple[str, datetime]]:
    return [
        (kind, at)
        for kind, subject, at in taken
        if kind in {"arm", "disarm"} and subject in {customer, "*"}
    ]


async def _last_in_shadow(
    connection: AsyncConnection, modes: Mapping[str, str]
) -> dict[str, datetime]:
    """Return when customers that enforcement is configured for were last judged in shadow mode.

    No command tells of a mode that was changed in the configuration.
    """
    enforced = sorted(customer for customer, mode in modes.items() if mode == "enforce")
    if not enforced:
        return {}
    rows = await connection.execute(
        select(verdicts.c.customer, func.max(verdicts.c.judged_at).label("at"))
        .join(actions, actions.c.id == verdicts.c.action)
        .where(actions.c.state == str(State.SHADOW), actions.c.customer.in_(enforced))
        .group_by(verdicts.c.customer)
    )
    return {row.customer: row.at for row in rows}
