"""Roads hear what operators are mailed, and what they missed, until they take it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Failed
from sesauditd.jobs.alerts import Alerts
from sesauditd.model.alerts import MOST_ATTEMPTS, next_wait
from sesauditd.model.level import Level
from sesauditd.model.notice import NoticeKind
from sesauditd.notices.alarms import Alarm
from sesauditd.notices.siren import Siren
from sesauditd.store import notices, tables
from sesauditd.store.alerts import MAIL_FIRST
from sesauditd.store.alerts import Alerts as Waiting
from sesauditd.store.engine import Database
from sesauditd.store.schema import upgrade
from tests.support import notices as samples
from tests.support.notices import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ALARM = Alarm(name="dead_pipe", summary="nothing arrives", details={"queue": "q"}, at=NOW)


@dataclass(slots=True)
class Road:
    """A road that is open or closed."""

    name: str = "webhook"
    least: Level = Level.WARNING
    closed: bool = False
    heard: list[str] = field(default_factory=list)
    tried: int = 0

    async def send(self, alarm: Alarm, installation: str) -> None:
        self.tried += 1
        if self.closed:
            raise Failed("status 500")
        self.heard.append(f"{alarm.name}: {alarm.summary}")


@dataclass(slots=True)
class Bench:
    """Alerts over a real outbox."""

    database: Database
    roads: list[Road]
    now: datetime = NOW

    @property
    def waiting(self) -> Waiting:
        return Waiting(self.database, lambda: self.now)

    def siren(self) -> Siren:
        return Siren(self.roads, waiting=self.waiting)

    async def tick(self) -> int:
        alerts = Alerts(outbox=self.waiting, siren=self.siren(), clock=lambda: self.now)
        return await alerts.tick()

    async def ask(self, kind: NoticeKind, **changed: Any) -> None:
        async with self.database.write() as connection:
            asked = replace(samples.notice(kind, **changed), customer=None)
            await notices.request(connection, asked, self.now)

    async def rows(self) -> list[dict[str, Any]]:
        async with self.database.read() as connection:
            found = await connection.execute(tables.alerts.select())
            return [dict(row) for row in found.mappings()]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return alerts with one road for warnings, and one for what is critical."""
    database = Database.open(f"sqlite:///{tmp_path / 't.db'}")
    await upgrade(database)
    yield Bench(database, [Road(), Road(name="apprise 1 (ntfy)", least=Level.CRITICAL)])
    await database.close()


async def test_what_a_road_missed_is_told_when_it_is_open_again_and_only_there(
    bench: Bench,
) -> None:
    closed, good = bench.roads
    closed.closed = True
    await bench.siren().sound(ALARM)
    assert good.heard == ["dead_pipe: nothing arrives"]
    assert await bench.tick() == 0, "a road that has just failed is left alone"
    bench.now += timedelta(minutes=1)
    assert await bench.tick() == 0
    closed.closed = False
    bench.now += timedelta(minutes=2)
    assert await bench.tick() == 1
    assert closed.heard == good.heard
    assert await bench.rows() == []


async def test_a_road_that_stays_closed_is_tried_less_and_less_and_given_up(bench: Bench) -> None:
    bench.roads[0].closed = True
    await bench.siren().sound(ALARM)
    for _ in range(3 * MOST_ATTEMPTS):
        bench.now += timedelta(hours=1)
        await bench.tick()
    assert bench.roads[0].tried == MOST_ATTEMPTS
    (row,) = await bench.rows()
    assert (row["state"], row["outcome"]) == ("failed", "status 500")


def test_waits_double_up_to_an_hour() -> None:
    waits = [next_wait(tries) for tries in (1, 2, 3, 9, MOST_ATTEMPTS)]
    assert waits == [
        timedelta(minutes=1),
        timedelta(minutes=2),
        timedelta(minutes=4),
        timedelta(hours=1),
        None,
    ]


async def test_a_road_that_fails_is_not_asked_for_everything_that_waits(bench: Bench) -> None:
    bench.roads[0].closed = True
    for number in range(5):
        alarm = Alarm(name="queue_age", summary=f"{number}", at=NOW + timedelta(seconds=number))
        await bench.siren().sound(alarm)
    tried = bench.roads[0].tried
    bench.now += timedelta(minutes=5)
    await bench.tick()
    assert bench.roads[0].tried == tried + 1


async def test_operators_hear_of_their_notices_once_by_how_grave_they_are(bench: Bench) -> None:
    await bench.ask(NoticeKind.ACTION_DONE)
    await bench.ask(NoticeKind.ACTION_FAILED)
    await bench.ask(NoticeKind.WEEKLY_SUMMARY)
    await bench.ask(NoticeKind.DISABLED)
    await bench.ask(NoticeKind.TROUBLE)
    assert await bench.tick() == 0, "the mail goes first, or folds them"
    bench.now += MAIL_FIRST
    assert await bench.tick() == 3
    assert await bench.tick() == 0
    many, grave = bench.roads
    assert sorted(many.heard) == [
        "action_done: Disabled: shop.example",
        "action_failed: FAILED: disable shop.example",
    ]
    assert grave.heard == ["action_failed: FAILED: disable shop.example"]


async def test_what_waits_for_a_digest_and_what_is_told_in_one_is_not_told_alone(
    bench: Bench,
) -> None:
    await bench.ask(NoticeKind.ACTION_DONE)
    async with bench.database.write() as connection:
        await connection.execute(tables.notices.update().values(due_at=NOW + timedelta(hours=1)))
    bench.now += MAIL_FIRST
    assert await bench.tick() == 0
    async with bench.database.write() as connection:
        await connection.execute(tables.notices.update().values(state="folded", due_at=None))
    assert await bench.tick() == 0


async def test_what_waits_for_a_road_that_is_gone_is_given_up(bench: Bench) -> None:
    bench.roads[0].closed = True
    await bench.siren().sound(ALARM)
    bench.roads = bench.roads[1:]
    bench.now += timedelta(minutes=1)
    await bench.tick()
    (row,) = await bench.rows()
    assert (row["state"], row["outcome"]) == ("failed", "this road is not configured any more")


async def test_no_address_is_ever_kept(bench: Bench) -> None:
    from sesauditd.notices.roads import Webhook

    siren = Siren([Webhook(address="http://127.0.0.1:9/secret")], waiting=bench.waiting)
    await siren.sound(ALARM)
    rows = await bench.rows()
    assert len(rows) == 1
    assert "secret" not in f"{rows}"
