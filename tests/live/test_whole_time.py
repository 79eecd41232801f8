"""A clock that jumps, and weeks without a daemon, through all parts at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.store import tables
from tests.live import stories
from tests.live.stories import MONDAY, NOON, Playhouse, playhouse, story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.stories import Story

BACK = NOON + timedelta(days=21, hours=14)
DISABLED = ("disable_domain", "done")


@pytest.fixture(scope="module")
def house() -> Iterator[Playhouse]:
    with playhouse() as opened:
        yield opened


async def guilty(told: Story, word: str = "club") -> str:
    """Let a domain write to so many dead mailboxes that its week ends with a disable."""
    domain = await told.onboard(word)
    await told.tell(*told.sends(domain, 150, told.now[0] - timedelta(hours=30)))
    await told.tell(*told.bounces(domain, 25))
    return domain


async def test_nothing_is_judged_by_a_clock_that_jumped_until_it_is_right_again(
    house: Playhouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elapsed = [0.0]
    monkeypatch.setattr(stories, "QUICK", replace(stories.QUICK, watches_clock=True))
    monkeypatch.setattr("sesauditd.bootstrap.live._awake_or_asleep", lambda: elapsed[0])
    async with story(house, tmp_path) as told:
        await told.ring()
        await guilty(told)
        await told.go_to(MONDAY)
        for _ in range(3):
            await told.ring()
        assert not told.live.jobs.trusts_clock()
        assert DISABLED not in await told.states()
        periods = await told.rows(tables.periods)
        assert [one for one in periods if one["job"] in {"rollup", "weekly"}] == []
        troubles = await told.rows(tables.notices, kind="trouble")
        assert [one["subject"].partition("/")[0] for one in troubles] == ["clock"]
        elapsed[0] = (MONDAY - NOON).total_seconds()
        await told.ring()
        assert (await told.states()).count(DISABLED) == 1
        assert len(await told.rows(tables.notices, kind="recovered")) == 1


@pytest.mark.slow
async def test_three_weeks_down_are_made_up_for_in_order_without_a_flood(
    house: Playhouse, tmp_path: Path
) -> None:
    async with story(house, tmp_path) as told:
        await told.ring()
        await guilty(told)
        house.sandbox.office.inbox.clear()
    async with story(house, tmp_path) as told:
        await told.go_to(BACK)
        await told.live.lease.renew()
        done = await told.live.jobs.tick(BACK)
        weeks = [one for one in done if one.startswith(("weekly ", "summary "))]
        assert weeks == [
            *(f"weekly 2026-W{week}" for week in (48, 49, 50)),
            *(f"summary 2026-W{week}" for week in (48, 49, 50)),
        ]
        days = [one.removeprefix("rollup ") for one in done if one.startswith("rollup ")]
        assert days == sorted(days)
        assert len(days) == len(set(days)) >= 21
        await told.settle()
        again = await told.live.jobs.tick(BACK + timedelta(minutes=1))
        assert not [one for one in again if " 2026" in one]
        assert (await told.states()).count(DISABLED) == 1
        to_owner = [one for one in await told.told() if one[1] == "club"]
        assert to_owner == [("blocked", "club"), ("disabled", "club")]
