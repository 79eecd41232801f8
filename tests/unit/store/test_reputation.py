"""Our own count of what AWS counts, and the polls that are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.reputation import Kind, Poll, Tally
from sesauditd.store.reputation import KEPT, Polls
from tests.support import ses
from tests.support.running import NOW, running

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.store.engine import Database

A, B, STRANGER = "a.example", "b.example", "stranger.example"
LATELY = NOW - timedelta(hours=2)
NO_FEEDBACK = frozenset({"gmail.com", "googlemail.com"})
SIMULATED = "bounce@simulator.amazonses.com"


def mailed(domain: str, recipients: list[str]) -> list[Any]:
    return [ses.send(domain, one, LATELY) for one in recipients]


async def tallies(database: Database) -> dict[int, Tally]:
    found = await Polls(database, NO_FEEDBACK).tallies(NOW)
    return {one.days: one for one in found}


async def test_only_what_aws_counts_is_counted(tmp_path: Path) -> None:
    people = ses.people(10)
    events = [
        *mailed(A, [*people, "x@gmail.com", "y@gone.example", f"z@{B}", f"w@sub.{B}", SIMULATED]),
        ses.bounce(A, "y@gone.example", LATELY),
        # Recipients at verified domains, the simulator, soft bounces and lists do not count.
        ses.bounce(A, f"z@{B}", LATELY),
        ses.bounce(A, f"w@sub.{B}", LATELY),
        ses.bounce(A, SIMULATED, LATELY),
        ses.soft(A, people[0], LATELY),
        ses.bounce(A, people[1], LATELY, subtype="OnAccountSuppressionList"),
        # One complained, though nobody knows which.
        ses.complaint(A, [people[2], people[3]], LATELY),
        # Whoever sends without being registered counts for the account all the same.
        *mailed(STRANGER, [*people[:3], "v@gmail.com"]),
        ses.bounce(STRANGER, people[0], LATELY),
        ses.complaint(STRANGER, [people[1], people[2]], LATELY),
        ses.bounce(STRANGER, people[1], LATELY, subtype="OnAccountSuppressionList"),
        ses.send(STRANGER, SIMULATED, LATELY),
    ]
    async with running(tmp_path) as opened:
        await opened.adopt(A, "k")
        await opened.adopt(B, "l")
        await opened.feed(events)
        found = await tallies(opened.application.database)
        counted = {"mailed": 18, "hard_bounces": 2, "feeding_back": 16, "complaints": 2}
        assert found[1] == Tally(days=1, **counted)
        assert found[1] == replace(found[28], days=1)
        polls = Polls(opened.application.database, NO_FEEDBACK)
        hour = LATELY.replace(minute=0)
        # The simulator's count once an event.
        assert await polls.heard(hour, hour + timedelta(hours=1)) == 21
        assert await polls.heard(hour - timedelta(hours=1), hour) == 0


async def test_each_span_has_its_own_count(tmp_path: Path) -> None:
    async with running(tmp_path) as opened:
        await opened.adopt(A, "k")
        for days in (0, 3, 20, 40):
            at = LATELY - timedelta(days=days)
            await opened.feed([ses.send(A, f"r{days}@mail.example", at)])
        found = await tallies(opened.application.database)
        assert {days: one.mailed for days, one in found.items()} == {1: 1, 7: 2, 28: 3}


POLL = Poll(
    at=NOW,
    bounce_rate=0.01,
    complaint_rate=None,
    sent=3.0,
    heard=4,
    tallies=(Tally(days=1, mailed=9, hard_bounces=1, feeding_back=8, complaints=0),),
    problem="CloudWatch GetMetricData: AccessDenied",
)


async def test_a_poll_is_kept_as_it_was(database: Database) -> None:
    polls = Polls(database, NO_FEEDBACK)
    earlier = replace(POLL, at=NOW - timedelta(minutes=5), problem=None)
    for one in (earlier, POLL, POLL):
        await polls.keep(one)
    assert await polls.newest(10) == (POLL, earlier)
    assert await polls.newest(1) == (POLL,)
    assert POLL.rate(Kind.COMPLAINT) is None


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (NOW + KEPT, [NOW + KEPT, NOW]),
        (NOW + KEPT + timedelta(seconds=1), [NOW + KEPT + timedelta(seconds=1)]),
        # A clock that was set back leaves no poll from its future.
        (NOW - timedelta(days=400), [NOW - timedelta(days=400)]),
    ],
)
async def test_old_polls_and_those_of_a_wrong_clock_go(
    database: Database, now: Any, left: list[Any]
) -> None:
    polls = Polls(database, NO_FEEDBACK)
    await polls.keep(POLL)
    await polls.keep(replace(POLL, at=now))
    assert [one.at for one in await polls.newest(10)] == left


async def test_the_watch_began_when_it_first_looked(database: Database) -> None:
    polls = Polls(database, NO_FEEDBACK)
    assert await polls.watched_since(NOW) == NOW
    assert await polls.watched_since(NOW + timedelta(days=1)) == NOW
