"""A domain that falls silent is told of only where AWS counts mail that nobody told of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Unavailable
from sesauditd.jobs.alarms import Alarms
from sesauditd.jobs.silent_domains import SilenceWatch
from sesauditd.jobs.strangers import StrangersWatch, many
from sesauditd.model.silence import Habit
from tests.unit.jobs.fakes import NOW, Memory, Reported, Siren

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY = timedelta(days=1)
SHOP, CLUB = "shop.example", "club.example"


def silent(domain: str, days: int = 4) -> Habit:
    last = NOW - days * DAY
    return Habit(
        domain=domain, days=frozenset((last - one * DAY).date() for one in range(20)), last=last
    )


@dataclass
class World:
    """What was heard, and what CloudWatch counts: by set, and "" for the account."""

    domains: list[Habit] = field(default_factory=list)
    sets: dict[str, str] = field(default_factory=lambda: {SHOP: "s-shop", CLUB: "s-club"})
    counts: dict[str, float] = field(default_factory=dict)
    told_of: int = 0
    away: bool = False
    memory: Memory = field(default_factory=Memory)
    siren: Siren = field(default_factory=Siren)

    async def habits(self, now: datetime) -> Sequence[Habit]:
        return self.domains

    async def set_of(self, domain: str) -> str | None:
        return self.sets.get(domain)

    async def heard(self, start: datetime, end: datetime) -> int:
        return self.told_of

    async def sent(
        self, start: datetime, end: datetime, configuration_set: str | None = None
    ) -> float | None:
        assert start < end
        if self.away:
            raise Unavailable("CloudWatch GetMetricData: Throttling")
        return self.counts.get(configuration_set or "")

    async def reputation(self, now: datetime) -> World:
        raise NotImplementedError

    bounce_rate: float | None = None
    complaint_rate: float | None = None

    async def look(self, reported: Reported | None = None, at: datetime = NOW) -> None:
        await SilenceWatch(
            habits=self,
            metrics=self,
            memory=self.memory,
            alarms=reported or Alarms(siren=self.siren, book=self.memory),
            least=3 * DAY,
        ).run(at)


@pytest.mark.parametrize(
    ("counts", "told_of", "expected"),
    [
        ({"s-shop": 1}, 0, {"silent_domains": SHOP}),
        ({"s-shop": 0}, 0, {"silent_domains": None}),
        # The set's own count beats the account's.
        ({"s-shop": 0, "": 1000}, 0, {"silent_domains": None}),
        ({"": 1000}, 950, {"silent_domains": None}),
        ({"": 1000}, 949, {"silent_domains": SHOP}),
        ({"": 20}, 0, {"silent_domains": None}),
        ({"": 21}, 0, {"silent_domains": SHOP}),
        # CloudWatch counts nothing at all: nobody can know.
        ({}, 0, {}),
    ],
)
async def test_what_aws_counts_decides(
    counts: dict[str, float], told_of: int, expected: dict[str, str | None]
) -> None:
    reported = Reported()
    await World([silent(SHOP)], counts=counts, told_of=told_of).look(reported)
    assert reported.states == expected


async def test_who_is_heard_of_lately_is_not_asked_about() -> None:
    reported = Reported()
    world = World([silent(SHOP, days=2)], away=True)
    await world.look(reported)
    assert reported.states == {"silent_domains": None}


async def test_each_incident_is_told_once_and_its_end_once() -> None:
    world = World([silent(SHOP)], counts={"s-shop": 5})
    for _ in range(3):
        await world.look()
    # CloudWatch forgets; the silence lasts.
    world.counts = {}
    await world.look()
    assert world.siren.heard == [("trouble", "silent_domains")]
    told = str(world.memory.notices[0].facts["summary"])
    assert "Nothing is heard of shop.example" in told
    assert "`sesauditd test shop.example`" in told
    world.domains = [silent(SHOP, days=0)]
    await world.look()
    assert world.siren.heard[1:] == [("recovered", "silent_domains")]


async def test_a_second_domain_is_told_of_and_the_first_one_stays() -> None:
    world = World([silent(SHOP)], counts={"s-shop": 5})
    await world.look()
    world.domains.append(silent(CLUB))
    world.counts = {"s-club": 5}
    await world.look(at=NOW + timedelta(hours=1))
    assert world.memory.facts["alarm:silent_domains"]["state"] == f"{CLUB} {SHOP}"


async def test_an_answer_that_failed_tells_nothing() -> None:
    world = World([silent(SHOP)], counts={"s-shop": 5})
    await world.look()
    world.away = True
    with pytest.raises(Unavailable):
        await world.look()
    assert world.siren.heard == [("trouble", "silent_domains")]


async def test_while_the_whole_pipe_is_dead_no_domain_is_blamed() -> None:
    world = World([silent(SHOP)], counts={"s-shop": 5})
    world.memory.facts["alarm:dead_pipe"] = {"state": "silent"}
    await world.look()
    assert world.siren.heard == []


@pytest.mark.parametrize(
    ("count", "before", "expected"),
    [
        (0, None, None),
        (19, None, None),
        (20, None, "many"),
        (10, "many", "many"),
        (9, "many", None),
    ],
)
def test_strangers_become_many_at_the_limit_and_few_below_half(
    count: int, before: str | None, expected: str | None
) -> None:
    found = many("unattributed", count, 20, before)
    assert found.state == expected
    assert ("sesauditd adopt" in found.summary) == (expected is not None)


@dataclass
class Strangers:
    nobodys: int = 0
    forged: int = 0

    async def unattributed(self, since: datetime) -> int:
        return self.nobodys

    async def unverified(self, since: datetime) -> int:
        return self.forged


async def test_strangers_are_told_of_once_and_their_end_once() -> None:
    memory, siren, strangers = Memory(), Siren(), Strangers()
    for nobodys, forged in [(5, 0), (25, 3), (30, 50), (12, 50), (3, 9)]:
        strangers.nobodys, strangers.forged = nobodys, forged
        await StrangersWatch(
            strangers=strangers,
            memory=memory,
            alarms=Alarms(siren=siren, book=memory),
            limit=20,
        ).run(NOW)
    assert siren.heard == [
        ("trouble", "unattributed"),
        ("trouble", "unverified"),
        ("recovered", "unattributed"),
        ("recovered", "unverified"),
    ]
