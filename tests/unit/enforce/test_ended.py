"""Thirty days after a termination the operator is asked to remove what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.bootstrap.reconciling import REVERSIBLE, ended_finding
from sesauditd.store.standing import Standings
from tests.support.enforcing import Enforcing, enforcing

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = timedelta(seconds=1)


async def left(one: Enforcing) -> list[str]:
    """Return the domains that the nightly job would name now."""
    standing = Standings(one.program.application.database)
    return list(await standing.ended_before(one.program.now[0] - REVERSIBLE))


async def test_after_thirty_days_and_not_before_the_domains_are_named(tmp_path: Path) -> None:
    async with enforcing(tmp_path) as one:
        await one.decide("terminate", "k", "ended")
        await one.decide("disable", "other.example", "hacked")
        await one.tick()
        one.program.now[0] += REVERSIBLE - MOMENT
        assert await left(one) == []
        one.program.now[0] += 2 * MOMENT
        assert await left(one) == ["a.example", "b.example"]
        await one.decide("restore", "k", "explained")
        await one.tick()
        assert await left(one) == []


def test_the_alarm_names_them_and_ends_when_nothing_is_left() -> None:
    finding = ended_finding(["a.example", "b.example"])
    assert finding.state == "a.example, b.example"
    assert finding.details == {"domains": "a.example, b.example"}
    assert ended_finding([]).state is None
