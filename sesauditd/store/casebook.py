"""Cases: what a customer is asked to explain, one for each incident, whatever it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, or_, select, update

from sesauditd.errors import Failed, Refused
from sesauditd.model.calendar import iso
from sesauditd.model.verdicts import Does, Verdict
from sesauditd.store.tables import actions, case_actions, cases, verdicts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

OPENED = "opened"
EXPLAINED = "explained"
TERMINATED = "terminated"
REINSTATED = "reinstated"
RESTORED = "restored"
WITHDRAWN = "withdrawn"
"""No ground was left: such a case is no strike."""
OPERATOR = "operator"
"""Stands for a rule where an operator decided."""
PREFIX = "case-"
VIRUS = "virus"


async def open_by_verdict(connection: AsyncConnection, action: str, verdict: Verdict) -> None:
    """Open a case for what a verdict stops, or add it to the case of the same incident."""
    known = await _same_case(connection, verdict)
    if known is None:
        await open_new(
            connection,
            action,
            customer=verdict.customer,
            domain=verdict.domain,
            rule=str(verdict.rule),
            opened_at=verdict.window.end,
            incident=incident_of(verdict),
        )
        return
    await connection.execute(insert(case_actions).values(action=action, case=known))
    if verdict.does is Does.TERMINATE:
        await connection.execute(
            update(cases).where(cases.c.id == known).values(rule=str(verdict.rule))
        )
    await _settle(connection, known)


async def open_new(
    connection: AsyncConnection,
    action: str,
    *,
    customer: str,
    domain: str,
    rule: str,
    opened_at: datetime,
    incident: str | None = None,
) -> None:
    """Open a case of its own for an action."""
    name = f"{PREFIX}{action}"
    await connection.execute(
        insert(cases).values(
            id=name,
            customer=customer,
            domain=domain,
            rule=rule,
            action=action,
            state=OPENED,
            opened_at=opened_at,
            incident=incident,
        )
    )
    await connection.execute(insert(case_actions).values(action=action, case=name))
    await _settle(connection, name)


async def undone(
    connection: AsyncConnection, action: str, now: datetime, *, withdrawn: bool
) -> None:
    """Note that an action was taken back; its case closes with the last of its actions.

    A withdrawal makes groundless also what an operator had taken back before.
    """
    link = case_actions.c.action == action
    await connection.execute(
        update(case_actions).where(link, case_actions.c.undone_at.is_(None)).values(undone_at=now)
    )
    if withdrawn:
        await connection.execute(update(case_actions).where(link).values(withdrawn=True))
    name = await connection.scalar(select(case_actions.c.case).where(link))
    if name is not None:
        await _settle(connection, name)


async def rest_on_others(connection: AsyncConnection, action: str) -> None:
    """Name the case of an action after a verdict that still stands behind it."""
    rule = await connection.scalar(
        select(verdicts.c.rule)
        .where(verdicts.c.action == action, verdicts.c.withdrawn_at.is_(None))
        .order_by(verdicts.c.window_end, verdicts.c.key)
        .limit(1)
    )
    of_action = select(case_actions.c.case).where(case_actions.c.action == action)
    by_policy = and_(cases.c.action == action, cases.c.rule != OPERATOR)
    if rule is not None:
        await connection.execute(
            update(cases).where(cases.c.id.in_(of_action), by_policy).values(rule=rule)
        )


async def explain_stops(
    connection: AsyncConnection, stopped: ColumnElement[bool], explanation: str, now: datetime
) -> None:
    """Keep an explanation with the open cases of actions that still stand."""
    concerned = (
        select(case_actions.c.case)
        .join(actions, actions.c.id == case_actions.c.action)
        .where(stopped, case_actions.c.undone_at.is_(None))
    )
    await connection.execute(
        update(cases)
        .where(cases.c.id.in_(concerned), cases.c.closed_at.is_(None))
        .values(explanation=explanation, explained_at=now)
    )


async def explain(
    connection: AsyncConnection, name: str, explanation: str, now: datetime
) -> tuple[str, str]:
    """Keep what a customer says; return the case's whole name and its customer.

    Raises Refused for a case that does not exist, Failed for one that is closed.
    """
    whole = await named(connection, name)
    row = (await connection.execute(select(cases).where(cases.c.id == whole))).one()
    if row.closed_at is not None:
        message = f"{whole} is closed: {row.state} on {iso(row.closed_at)}"
        raise Failed(message)
    await connection.execute(
        update(cases).where(cases.c.id == whole).values(explanation=explanation, explained_at=now)
    )
    await _settle(connection, whole)
    return whole, row.customer


async def named(connection: AsyncConnection, name: str) -> str:
    """Return the whole name of a case; raises Refused if there is none of that name."""
    wanted = name.strip()
    for text in (wanted, f"{PREFIX}{wanted}"):
        found = await connection.scalar(select(cases.c.id).where(cases.c.id == text))
        if found is not None:
            return str(found)
    message = f"there is no case {wanted[:80]!r}: see sesauditd cases --all"
    raise Refused(message)


def incident_of(verdict: Verdict) -> str:
    """Return what verdicts of one incident have in common, whatever domain each is about."""
    family = family_of(str(verdict.rule))
    if family == VIRUS:
        # Each domain's verdict adds its own name: incident-2-shop.example.
        number = verdict.incident.split("-")[1:2]
        return f"{family}/{''.join(number)}"
    if verdict.incident.startswith("incident-"):
        return f"{family}/{iso(verdict.window.start)}/{iso(verdict.window.end)}"
    return f"{family}/{verdict.incident}"


def family_of(rule: str) -> str:
    """Return what a rule is about: complaint of complaint.disable."""
    return rule.partition(".")[0]


async def _same_case(connection: AsyncConnection, verdict: Verdict) -> str | None:
    """Return the case that a verdict belongs to: of its incident, or one that it ends.

    A termination ends the open cases of its kind: who guessed addresses within the hour and is
    terminated on Monday has one thing to explain.
    """
    same = and_(
        cases.c.incident == incident_of(verdict),
        or_(cases.c.closed_at.is_(None), cases.c.state == WITHDRAWN),
    )
    if verdict.does is Does.TERMINATE:
        family = family_of(str(verdict.rule))
        same = or_(
            same,
            and_(cases.c.closed_at.is_(None), cases.c.rule.startswith(f"{family}.")),
        )
    found = await connection.scalar(
        select(cases.c.id)
        .where(cases.c.customer == verdict.customer, same)
        .order_by(cases.c.closed_at.is_not(None), cases.c.opened_at.desc(), cases.c.id)
        .limit(1)
    )
    return None if found is None else str(found)


async def _settle(connection: AsyncConnection, name: str) -> None:
    """Bring a case's state up to what became of its actions."""
    rows = (
        await connection.execute(
            select(case_actions.c.undone_at, case_actions.c.withdrawn, actions.c.kind)
            .join(actions, actions.c.id == case_actions.c.action)
            .where(case_actions.c.case == name)
        )
    ).fetchall()
    standing = [row for row in rows if row.undone_at is None]
    counted = standing or [row for row in rows if not row.withdrawn]
    ended = any(row.kind == str(Does.TERMINATE) for row in counted)
    closed_at = None
    if standing:
        said = cases.c.explained_at
        known = await connection.scalar(select(said).where(cases.c.id == name))
        state = TERMINATED if ended else EXPLAINED if known is not None else OPENED
    else:
        closed_at = max(row.undone_at for row in rows)
        state = RESTORED if ended else REINSTATED if counted else WITHDRAWN
    await connection.execute(
        update(cases).where(cases.c.id == name).values(state=state, closed_at=closed_at)
    )
