"""What goes into digests: the blocks of a day, what shadow mode held back, a week in numbers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from sesauditd.model.actions import State
from sesauditd.model.calendar import iso
from sesauditd.model.events import Outcome
from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.model.register import plain
from sesauditd.model.verdicts import Does
from sesauditd.report.counts import mailed, outcomes
from sesauditd.store import evidence
from sesauditd.store.notices import request
from sesauditd.store.reports.counts import by_day
from sesauditd.store.tables import actions, blocks, customers, domains, notices, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from sesauditd.model.calendar import Week
    from sesauditd.report.figures import Counted

OVERLAP = timedelta(hours=1)
"""A row may be committed a while after the time that stands in it."""
TOLD = 20
TOLD_TO_OPERATORS = 100
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


async def blocked_digests(connection: AsyncConnection, now: datetime) -> int:
    """Ask for one digest for each customer with new blocks; return how many.

    Nobody gets two a day: what was blocked after today's digest is told tomorrow.
    """
    asked = 0
    for customer in (await connection.execute(select(customers.c.id))).scalars().fetchall():
        last = await _last(connection, NoticeKind.BLOCKED, customer)
        query = (
            select(blocks, actions.c.reason, actions.c.changed_at, verdicts.c.evidence)
            .join(actions, actions.c.id == blocks.c.action)
            .join(verdicts, verdicts.c.key == actions.c.cause, isouter=True)
            .where(
                blocks.c.customer == customer,
                blocks.c.lifted_at.is_(None),
                actions.c.state == str(State.DONE),
                actions.c.changed_at > _since(last) - OVERLAP,
                actions.c.changed_at <= now,
            )
            .order_by(blocks.c.since, blocks.c.recipient, blocks.c.action)
        )
        told = set(last.get("actions", ()))
        new = [row for row in await connection.execute(query) if row.action not in told]
        if new:
            facts = await _blocked(connection, customer, new, now)
            subject = f"{customer}/{now.astimezone(UTC):%Y-%m-%d}"
            notice = Notice(
                kind=NoticeKind.BLOCKED, customer=customer, subject=subject, facts=facts
            )
            asked += await request(connection, notice, now)
    return asked


async def shadow_digest(connection: AsyncConnection, now: datetime) -> bool:
    """Ask for today's mail about what would have been done since the last; False if nothing."""
    last = await _last(connection, NoticeKind.SHADOW_DIGEST)
    query = (
        select(verdicts)
        .join(actions, actions.c.id == verdicts.c.action)
        .where(
            actions.c.state == str(State.SHADOW),
            verdicts.c.withdrawn_at.is_(None),
            verdicts.c.judged_at > _since(last) - OVERLAP,
            verdicts.c.judged_at <= now,
        )
        .order_by(verdicts.c.window_end, verdicts.c.key)
    )
    told = set(last.get("keys", ()))
    new = [row for row in await connection.execute(query) if row.key not in told]
    if not new:
        return False
    weighty = sorted((one for one in new if one.does != Does.BLOCK), key=_hardest)
    blocked = Counter(one.customer for one in new if one.does == Does.BLOCK)
    facts = {
        "since": iso(_since(last)) if last else None,
        "until": iso(now),
        "keys": [one.key for one in new],
        "verdicts": [_would_have(one) for one in weighty[:TOLD_TO_OPERATORS]],
        "more": max(len(weighty) - TOLD_TO_OPERATORS, 0),
        "blocks": [{"customer": name, "count": count} for name, count in sorted(blocked.items())],
    }
    subject = f"{now.astimezone(UTC):%Y-%m-%d}"
    notice = Notice(kind=NoticeKind.SHADOW_DIGEST, subject=subject, facts=facts)
    return await request(connection, notice, now)


async def weekly_summary(
    connection: AsyncConnection, week: Week, now: datetime, report: str | None = None
) -> bool:
    """Ask for the operators' summary of an ISO week; False if it was asked for before.

    `report` is the page that goes along with it.
    """
    owners = {
        row.name: row.customer
        for row in await connection.execute(select(domains.c.name, domains.c.customer))
    }
    counted = await by_day(connection, week.start, week.end - timedelta(hours=1))
    decided = await _decided(connection, week)
    members = [
        _member(
            customer,
            [one for one in counted if owners.get(one.domain) == customer],
            {does: decided[customer, str(does)] for does in Does},
        )
        for customer in sorted(set(owners.values()))
    ]
    waiting = await connection.scalar(
        select(func.count())
        .select_from(actions)
        .where(actions.c.state.in_([str(State.WAITING), str(State.PROPOSED)]))
    )
    facts: dict[str, object] = {
        "week": week.name,
        "from": iso(week.start),
        "to": iso(week.end),
        "customers": members,
        "total": _member("", list(counted), {does: _sum(decided, does) for does in Does}),
        "waiting": int(waiting or 0),
        "unsent": await _unsent(connection, week),
    }
    if report is not None:
        facts["attached"] = {"name": f"report-{week.name}", "page": report}
    notice = Notice(kind=NoticeKind.WEEKLY_SUMMARY, subject=week.name, facts=facts)
    return await request(connection, notice, now)


async def _last(
    connection: AsyncConnection, kind: NoticeKind, customer: str | None = None
) -> dict[str, Any]:
    query = (
        select(notices.c.facts)
        .where(notices.c.kind == str(kind), notices.c.customer.is_not_distinct_from(customer))
        .order_by(notices.c.requested_at.desc())
        .limit(1)
    )
    return dict(await connection.scalar(query) or {})


def _since(last: dict[str, Any]) -> datetime:
    until = last.get("until")
    if not isinstance(until, str):
        return BEGINNING
    return datetime.fromisoformat(until)


async def _blocked(
    connection: AsyncConnection, customer: str, new: Sequence[Row[Any]], now: datetime
) -> dict[str, object]:
    shown = [
        {
            "recipient": row.spelling[: evidence.LONGEST],
            "domain": plain(row.domain),
            "rule": row.rule,
            "lever": row.lever,
            "since": iso(row.since),
            "until": iso(row.until) if row.until else None,
            "reason": row.reason[: evidence.LONGEST],
            "evidence": await evidence.lines_of(
                connection, evidence.strikes_in(row.evidence or {})[-1:]
            ),
        }
        for row in new[:TOLD]
    ]
    return {
        "customer": customer,
        "until": iso(now),
        "actions": [row.action for row in new],
        "blocks": shown,
        "count": len(new),
        "levers": sorted({row.lever for row in new}),
    }


def _hardest(row: Row[Any]) -> tuple[int, datetime, str]:
    return -Does(row.does).severity, row.window_end, row.key


def _would_have(row: Row[Any]) -> dict[str, object]:
    return {
        "at": iso(row.window_end),
        "rule": row.rule,
        "does": row.does,
        "customer": row.customer,
        "domain": row.domain,
        "reason": row.reason[: evidence.LONGEST],
    }


async def _decided(connection: AsyncConnection, week: Week) -> Counter[tuple[str, str]]:
    """Return how many verdicts of each kind each customer's week brought."""
    rows = await connection.execute(
        select(verdicts.c.customer, verdicts.c.does, func.count().label("times"))
        .where(
            verdicts.c.window_end > week.start,
            verdicts.c.window_end <= week.end,
            verdicts.c.withdrawn_at.is_(None),
        )
        .group_by(verdicts.c.customer, verdicts.c.does)
    )
    return Counter({(row.customer, row.does): int(row.times) for row in rows})


def _sum(decided: Counter[tuple[str, str]], does: Does) -> int:
    return sum(count for (_, kind), count in decided.items() if kind == does)


def _member(
    customer: str, counted: Iterable[Counted], decided: dict[Does, int]
) -> dict[str, object]:
    sums = outcomes(counted)
    return {
        "customer": customer,
        "verdicts": sum(decided.values()),
        "mailed": mailed(sums),
        "delivered": sums[Outcome.DELIVERED],
        "hard_bounces": sums[Outcome.HARD_BOUNCE],
        "soft_bounces": sums[Outcome.SOFT_BOUNCE],
        "complaints": sums[Outcome.COMPLAINT],
        "viruses": sums[Outcome.VIRUS],
        "blocks": decided[Does.BLOCK],
        "warnings": decided[Does.WARN],
        "disables": decided[Does.DISABLE],
        "terminations": decided[Does.TERMINATE],
    }


async def _unsent(connection: AsyncConnection, week: Week) -> list[dict[str, object]]:
    """Return how many notices of the week did not surely reach anybody, by state."""
    rows = await connection.execute(
        select(notices.c.state, func.count().label("times"))
        .where(
            notices.c.state.in_(["failed", "unknown", "undeliverable"]),
            notices.c.changed_at > week.start,
        )
        .group_by(notices.c.state)
        .order_by(notices.c.state)
    )
    return [{"state": row.state, "count": int(row.times)} for row in rows]
