"""Verdicts as they stand: what is judged is compared with what is stored, and acted on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, select, update

from sesauditd.model.limits import Lane
from sesauditd.model.verdicts import Does, Rule, Verdict, Window
from sesauditd.store import casebook, journal, outbox, renewal
from sesauditd.store.tables import actions, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.history import Decisions
    from sesauditd.store.occasion import Occasion

GROUNDLESS = "events that were recorded later leave no ground for it"

POLICY = "policy"
"""The kind of a journal row that holds the limits of a verdict."""


async def standing(connection: AsyncConnection, wanted: ColumnElement[bool]) -> list[Verdict]:
    """Return the verdicts that stand, of those wanted."""
    rows = await connection.execute(
        select(verdicts).where(wanted, verdicts.c.withdrawn_at.is_(None))
    )
    return [as_verdict(row) for row in rows]


async def stored(connection: AsyncConnection, scope: ColumnElement[bool]) -> dict[str, Row[Any]]:
    """Return every stored verdict of a scope by its key, withdrawn ones too."""
    return {row.key: row for row in await connection.execute(select(verdicts).where(scope))}


async def settle(
    connection: AsyncConnection,
    judged: Sequence[Verdict],
    before: Mapping[str, Row[Any]],
    decided: Mapping[str, Decisions],
    occasion: Occasion,
) -> int:
    """Make the verdicts that were stored before those that were judged; return the changes.

    New ones are stored and acted on, changed ones corrected in place, and those that were not
    judged again are withdrawn and what they did is undone. `decided` holds each customer's
    decisions.
    """
    groundless = dict(before)
    changes = 0
    blocks: list[Verdict] = []
    for verdict in judged:
        row = groundless.pop(verdict.key, None)
        decisions = decided[verdict.customer]
        if row is None and verdict.does is Does.BLOCK:
            blocks.append(verdict)
        elif row is None:
            # Disables and terminations may share an action: the one before must be there.
            await _add(connection, [verdict], decided, occasion)
        elif row.withdrawn_at is not None:
            await _revive(connection, verdict, decisions, occasion)
        elif as_verdict(row) != verdict:
            await _correct(connection, verdict, row, decisions, occasion)
        else:
            continue
        changes += 1
    if blocks:
        await _add(connection, blocks, decided, occasion)
    left = [row for row in groundless.values() if row.withdrawn_at is None]
    for row in left:
        await _withdraw(connection, row, occasion)
    return changes + len(left)


def scope_of(customer: str, lane: Lane, rules: Sequence[Rule]) -> ColumnElement[bool]:
    """Return the condition for a customer's verdicts by some rules in one lane."""
    return and_(
        verdicts.c.customer == customer,
        verdicts.c.lane == lane,
        verdicts.c.rule.in_([str(rule) for rule in rules]),
    )


def as_verdict(row: Row[Any]) -> Verdict:
    """Return a stored row as the verdict that it is."""
    return Verdict(
        rule=Rule(row.rule),
        lane=Lane(row.lane),
        does=Does(row.does),
        customer=row.customer,
        domain=row.domain,
        recipient=row.recipient,
        spelling=row.spelling,
        incident=row.incident,
        window=Window(start=row.window_start, end=row.window_end),
        reason=row.reason,
        evidence=row.evidence,
        until=row.until,
        waits=row.waits,
    )


def _facts(verdict: Verdict) -> Mapping[str, object]:
    return {
        "rule": str(verdict.rule),
        "lane": str(verdict.lane),
        "does": str(verdict.does),
        "customer": verdict.customer,
        "domain": verdict.domain,
        "recipient": verdict.recipient,
        "spelling": verdict.spelling,
        "incident": verdict.incident,
        "window_start": verdict.window.start,
        "window_end": verdict.window.end,
        "reason": verdict.reason,
        "evidence": dict(verdict.evidence),
        "until": verdict.until,
        "waits": verdict.waits,
    }


def _new(verdict: Verdict, occasion: Occasion) -> dict[str, object]:
    return {
        "key": verdict.key,
        **_facts(verdict),
        "mode": occasion.stance.mode_of(verdict.customer),
        "policy": occasion.stance.policy_of(verdict.customer),
        "judged_at": occasion.now,
    }


async def _add(
    connection: AsyncConnection,
    new: Sequence[Verdict],
    decided: Mapping[str, Decisions],
    occasion: Occasion,
) -> None:
    policies = {occasion.stance.policy_of(one.customer): one.customer for one in new}
    for customer in policies.values():
        await _know_policy(connection, customer, occasion)
    await connection.execute(insert(verdicts), [_new(one, occasion) for one in new])
    await outbox.act(connection, new, decided, occasion)


async def _know_policy(connection: AsyncConnection, customer: str, occasion: Occasion) -> None:
    """Have the limits that a verdict was judged by in the journal, whole, once."""
    name = occasion.stance.policy_of(customer)
    if not await journal.has_kind(connection, POLICY, name):
        facts = asdict(occasion.stance.limits(customer))
        at, actor = occasion.now, occasion.actor
        await journal.append(connection, at=at, actor=actor, kind=POLICY, subject=name, facts=facts)


async def _revive(
    connection: AsyncConnection, verdict: Verdict, decisions: Decisions, occasion: Occasion
) -> None:
    await connection.execute(
        update(verdicts)
        .where(verdicts.c.key == verdict.key)
        .values(**_facts(verdict), withdrawn_at=None, withdrawn_because=None, action=None)
    )
    await outbox.act(connection, [verdict], {verdict.customer: decisions}, occasion)


async def _correct(
    connection: AsyncConnection,
    verdict: Verdict,
    row: Row[Any],
    decisions: Decisions,
    occasion: Occasion,
) -> None:
    await connection.execute(
        update(verdicts).where(verdicts.c.key == verdict.key).values(**_facts(verdict))
    )
    if row.action is not None:
        await renewal.renew(connection, row.action, verdict, decisions, occasion)
        await outbox.correct(connection, row.action, verdict)


async def _withdraw(connection: AsyncConnection, row: Row[Any], occasion: Occasion) -> None:
    await connection.execute(
        update(verdicts)
        .where(verdicts.c.key == row.key)
        .values(withdrawn_at=occasion.now, withdrawn_because=GROUNDLESS, action=row.action)
    )
    if row.action is None:
        return
    if await _has_other_ground(connection, row):
        await casebook.rest_on_others(connection, row.action)
    else:
        await outbox.undo(connection, row.action, GROUNDLESS, "policy:withdrawal", occasion.now)


async def _has_other_ground(connection: AsyncConnection, row: Row[Any]) -> bool:
    """Say whether the action of a withdrawn verdict rests on another, or on an operator's word."""
    others = await connection.scalar(
        select(verdicts.c.key)
        .where(
            verdicts.c.action == row.action,
            verdicts.c.withdrawn_at.is_(None),
            verdicts.c.key != row.key,
        )
        .limit(1)
    )
    cause = await connection.scalar(select(actions.c.cause).where(actions.c.id == row.action))
    return others is not None or cause is None
