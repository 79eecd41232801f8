"""The ranking of all customers says of each what its own page says."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.config import Policies
from sesauditd.report import counts as sums
from sesauditd.report.figures import Span
from sesauditd.store import register
from sesauditd.store.reports import counts, dashboard
from sesauditd.store.reports.pages import WEEKS_DRAWN
from tests.unit.store_reports.filled import HOUR, NOW, WEEK, Filling, filling

if TYPE_CHECKING:
    from datetime import datetime

    from sesauditd.store.engine import Database

DAY = timedelta(days=1)
OWNED = {"a.example": "k", "b.example": "k", "c.example": "l", "d.example": "m", "e.example": "n"}


def configured(_customer: str) -> str:
    return "shadow"


async def some_history(fill: Filling, chance: random.Random) -> None:
    """Mail, bounces, complaints, viruses, warnings and reinstatements at any time of 100 days."""
    await fill.source()
    for domain, customer in OWNED.items():
        await fill.domain(domain, customer, since=NOW - 50 * DAY if customer == "l" else None)
        busy, moments = chance.choice([3, 40, 300]), chance.randint(0, 12)
        for at in {_hour(chance) for _ in range(moments)}:
            for outcome in ("sent", "delivered"):
                await fill.rollup(domain, busy, at, outcome, feeds_back=chance.random() < 0.7)
            for number in range(chance.choice([0, 0, 1, 12])):
                kind = chance.choice(["hard_bounce", "hard_bounce", "complaint", "soft_bounce"])
                await fill.strike(domain, f"x{number}@y.example", at, customer, outcome=kind)
    if chance.random() < 0.3:
        await fill.rollup("d.example", 1, _hour(chance), "virus")
    for _ in range(chance.randint(0, 3)):
        end = WEEK - chance.randint(0, 10) * 7 * DAY
        await fill.verdict(end, rule="hard_bounce.warn", does="warn")


def _hour(chance: random.Random) -> datetime:
    return NOW - chance.randint(0, 100 * 24) * HOUR


@pytest.mark.parametrize("seed", range(6))
async def test_each_customer_ranks_as_its_own_page_says(database: Database, seed: int) -> None:
    async with filling(database) as fill:
        await some_history(fill, random.Random(seed))
    policies = Policies()
    async with database.read() as connection:
        found, account = await dashboard.ranking(connection, policies, configured, NOW)
        known = await register.snapshot(connection)
        alone = {
            one.customer: await dashboard.behaviour_of(
                connection, known, policies, one.customer, NOW
            )
            for one in found
        }
    assert {one.customer: one.score for one in found} == {
        name: one.score for name, one in alone.items()
    }
    assert {one.customer: (one.mailed, one.weeks) for one in found} == {
        name: (one.mailed, tuple(week.mailed for week in one.weeks[-WEEKS_DRAWN:]))
        for name, one in alone.items()
    }
    assert account.complaints.count == sum(one.complaints for one in found)
    assert account.bounces.count == sum(one.hard_bounces for one in found)


@pytest.mark.parametrize("days", [0, 1, 3, 6, 7, 20, 90])
async def test_counts_by_week_add_up_as_those_by_day(database: Database, days: int) -> None:
    span = Span.between(NOW - days * DAY, NOW)
    monday = WEEK - 14 * 7 * DAY
    async with filling(database) as fill:
        await fill.domain("a.example")
        for day in range(100):
            await fill.rollup("a.example", 1 + day, NOW - day * DAY - 2 * HOUR)
            await fill.rollup("a.example", 1, NOW - day * DAY - 2 * HOUR, "complaint")
    async with database.read() as connection:
        by_day = await counts.by_day(connection, monday, span.end, domains=["a.example"])
        by_week = await counts.by_week(connection, monday, span, domains=["a.example"])
    assert sums.outcomes(one for one in by_week if span.holds_day(one.day)) == sums.outcomes(
        one for one in by_day if span.holds_day(one.day)
    )
    assert sums.by_week(by_week, span) == sums.by_week(by_day, span)
    assert len(by_week) < len(by_day)
