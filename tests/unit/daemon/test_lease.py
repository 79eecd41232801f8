"""A lease is kept by heartbeats, lost without them, and taken over from the silent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sesauditd.daemon.lease import Lease
from sesauditd.errors import Busy

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STALE = timedelta(seconds=30)


@dataclass
class Clock:
    """Wall and monotonic clock in one, moved by hand."""

    seconds: float = 0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return self.seconds


@dataclass
class Kept:
    """Leases in memory; `broken` makes the store fail."""

    rows: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    broken: bool = False

    async def take(self, name: str, owner: str, now: datetime) -> bool:
        if self.broken:
            raise Busy("locked")
        held_by, at = self.rows.get(name, (owner, now))
        if held_by != owner and now - at <= STALE:
            return False
        self.rows[name] = (owner, now)
        return True

    async def release(self, name: str, owner: str) -> None:
        if self.broken:
            raise Busy("locked")
        if self.rows.get(name, ("",))[0] == owner:
            del self.rows[name]


def claim(kept: Kept, clock: Clock, owner: str) -> Lease:
    return Lease(
        leases=kept,
        name="daemon",
        owner=owner,
        clock=clock.now,
        elapsed=clock.elapsed,
        heartbeat_seconds=0.01,
    )


async def test_nothing_is_held_before_it_was_acquired() -> None:
    assert not claim(Kept(), Clock(), "one").held


async def test_of_two_owners_one_holds_the_lease() -> None:
    kept, clock = Kept(), Clock()
    one, two = claim(kept, clock, "one"), claim(kept, clock, "two")
    assert await one.renew()
    assert not await two.renew()
    assert (one.held, two.held) == (True, False)


async def test_the_second_takes_over_when_the_first_falls_silent() -> None:
    kept, clock = Kept(), Clock()
    one, two = claim(kept, clock, "one"), claim(kept, clock, "two")
    await one.renew()
    clock.seconds = 31
    assert not one.held
    assert await two.renew()
    assert not await one.renew()


async def test_a_holder_stops_before_another_may_begin() -> None:
    kept, clock = Kept(), Clock()
    one, two = claim(kept, clock, "one"), claim(kept, clock, "two")
    await one.renew()
    clock.seconds = 26
    assert not one.held
    assert not await two.renew()


async def test_a_store_that_fails_for_a_moment_costs_nothing() -> None:
    kept, clock = Kept(), Clock()
    one = claim(kept, clock, "one")
    await one.renew()
    kept.broken = True
    clock.seconds = 20
    assert await one.renew()
    clock.seconds = 26
    assert not await one.renew()
    kept.broken = False
    assert await one.renew()


async def test_a_lease_is_given_back_once_and_without_noise() -> None:
    kept, clock = Kept(), Clock()
    one = claim(kept, clock, "one")
    await one.renew()
    kept.broken = True
    await one.release()
    assert not one.held
    kept.broken = False
    await one.release()
    assert kept.rows["daemon"][0] == "one"


async def test_releasing_frees_it_for_the_next() -> None:
    kept, clock = Kept(), Clock()
    one, two = claim(kept, clock, "one"), claim(kept, clock, "two")
    await one.renew()
    await one.release()
    assert await two.renew()


async def test_it_renews_until_it_is_stopped() -> None:
    kept, clock, stop = Kept(), Clock(), asyncio.Event()
    one = claim(kept, clock, "one")
    running = asyncio.create_task(one.run(stop))
    await asyncio.sleep(0.005)
    clock.seconds = 20
    await asyncio.sleep(0.05)
    assert kept.rows["daemon"] == ("one", clock.now())
    stop.set()
    await running
    assert one.held
