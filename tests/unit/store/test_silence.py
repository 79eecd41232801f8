"""Of whom something was heard, what was strange, and when a message came back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert

from sesauditd.store.silence import Habits, Strangers, Traces
from sesauditd.store.tables import archive_objects, quarantine
from tests.support import ses
from tests.support.running import NOW, running

if TYPE_CHECKING:
    from pathlib import Path

A, B, STRANGER = "a.example", "b.example", "stranger.example"
DAY = timedelta(days=1)


async def test_the_habit_of_each_domain_that_may_send(tmp_path: Path) -> None:
    async with running(tmp_path) as opened:
        await opened.adopt(A, "k")
        await opened.adopt(B, "l")
        for days in (1, 2, 50, 60):
            await opened.feed([ses.send(A, "x@mail.example", NOW - days * DAY)])
        await opened.feed([ses.send(STRANGER, "x@mail.example", NOW - DAY)])
        habits = Habits(opened.application.database, frozenset())
        (found,) = await habits.habits(NOW)
        assert (found.domain, found.last) == (A, NOW - DAY)
        assert found.days == {(NOW - days * DAY).date() for days in (1, 2, 50)}
        assert await habits.set_of(B) is None
        assert await habits.heard(NOW - 3 * DAY, NOW) == 3
        async with opened.application.deciding() as decisions:
            await decisions.disable(A, "a drill")
        # Whoever is stopped is silent by our own doing.
        assert await habits.habits(NOW) == []


async def test_strangers_of_the_last_day_are_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as opened:
        await opened.adopt(A, "k")
        await opened.feed(
            [
                ses.send(A, "x@mail.example", NOW - timedelta(hours=1)),
                ses.send(STRANGER, "x@mail.example", NOW - timedelta(hours=1)),
                ses.send(STRANGER, "x@mail.example", NOW - timedelta(hours=30)),
            ]
        )
        database = opened.application.database
        async with database.write() as connection:
            await connection.execute(insert(archive_objects).values(id=99, source="s"))
            for number, reason, hours in [
                (1, "unverified: not from our topic", 1),
                (2, "unverified: not from our topic", 30),
                (3, "no JSON", 1),
            ]:
                await connection.execute(
                    insert(quarantine).values(
                        sha256=bytes([number]) * 32,
                        received_at=NOW - timedelta(hours=hours),
                        reason=reason,
                        body=b"",
                        archive_object=99,
                        line=number,
                    )
                )
        strangers = Strangers(database)
        assert await strangers.unattributed(NOW - DAY) == 1
        assert await strangers.unverified(NOW - DAY) == 1


async def test_a_message_is_back_when_its_first_event_was_received(tmp_path: Path) -> None:
    async with running(tmp_path) as opened:
        await opened.adopt(A, "k")
        event = ses.send(A, "x@mail.example", NOW)
        traces = Traces(opened.application.database)
        assert await traces.received_at(event["mail"]["messageId"]) is None
        await opened.feed([event])
        assert await traces.received_at(event["mail"]["messageId"]) is not None
