"""Old events go, what was counted of them stays, and what comes again is not counted twice."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.classify import CLOCK_TOLERANCE
from sesauditd.store import late, register, retention
from sesauditd.store.engine import Database
from sesauditd.store.retention import OldEvents
from sesauditd.store.rollups import close_day
from sesauditd.store.tables import events, journal
from tests.support.databases import url_of
from tests.unit.store.making import (
    DERIVED,
    NO_FEEDBACK,
    RECEIVED,
    START,
    Message,
    adopt,
    adoption,
    contents,
    keep,
    rows,
)
from tests.unit.store.test_any_order import ADOPTIONS, batches, template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sesauditd.model.events import Reading
    from tests.unit.store.test_any_order import Told

__all__ = ["template"]

DAY = timedelta(days=1)
HORIZON = START.replace(hour=0) + 2 * DAY
NOW = HORIZON + 400 * DAY
OLD = Message(name="old", at=START)
NEW = Message(name="new", at=HORIZON + timedelta(hours=1))


async def raised(database: Database, before: datetime = HORIZON) -> bool:
    """Move the horizon."""
    async with database.write() as connection:
        return await retention.raise_horizon(connection, before, NOW)


async def forget(database: Database, size: int = 2) -> int:
    """Take steps until nothing is left; return how many events went."""
    gone = 0
    while step := await OldEvents(database).forget(size, NOW):
        gone += step.events
    return gone


async def tell(database: Database, *readings: Reading) -> int:
    """Record what may be recorded, as the event log does; return how many were too old."""
    async with database.write() as connection:
        admitted, too_old = await retention.admitted(connection, readings)
    await keep(database, *admitted)
    return too_old


async def kinds(database: Database) -> list[tuple[str, str]]:
    """Return the stored events by message and kind."""
    return [(row["message_id"], row["kind"]) for row in await rows(database, events)]


async def derived(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Return what follows from events."""
    return {table.name: await rows(database, table) for table in DERIVED}


@pytest.fixture
async def filled(database: Database) -> Database:
    """Return a database with mail from both sides of the horizon."""
    await adopt(database, adoption("a.example", "k"))
    for one in (OLD, NEW):
        await keep(database, one.tells("Send"), one.delivered())
    bounced = Message(name="bounced", at=START)
    await keep(database, bounced.tells("Send"), bounced.bounced_hard())
    return database


async def test_good_news_goes_and_what_counts_against_somebody_stays(filled: Database) -> None:
    before = await derived(filled)
    assert await raised(filled)
    assert await forget(filled) == 3
    assert await kinds(filled) == [("bounced", "Bounce"), ("new", "Send"), ("new", "Delivery")]
    assert await derived(filled) == before


@pytest.mark.parametrize(
    ("stays", "told"),
    [
        pytest.param(True, OLD.bounced_soft(), id="a soft bounce"),
        pytest.param(True, OLD.complained(), id="a complaint"),
        pytest.param(True, OLD.tells("Reject", reason="Bad content"), id="a virus"),
        pytest.param(False, OLD.tells("DeliveryDelay"), id="a delay"),
        pytest.param(
            False, Message(name="u", domain="u.example").bounced_hard(), id="a stranger's bounce"
        ),
        pytest.param(
            True,
            OLD.tells("Delivery", after=RECEIVED - START + 2 * CLOCK_TOLERANCE),
            id="a time that nobody believes",
        ),
        pytest.param(
            True, OLD.tells("DeliveryDelay", after=3 * DAY), id="told later than the horizon"
        ),
        pytest.param(
            True,
            Message(name="edge", at=HORIZON).delivered(after=timedelta(0)),
            id="at the horizon",
        ),
    ],
)
async def test_what_goes_and_what_stays(database: Database, *, stays: bool, told: Reading) -> None:
    await adopt(database, adoption("a.example", "k"))
    await keep(database, told)
    await raised(database)
    await forget(database)
    assert bool(await kinds(database)) is stays


async def test_the_horizon_rises_by_itself_and_never_falls(filled: Database) -> None:
    old = OldEvents(filled)
    # The newest event is of two days after START, and the clock is believed for 30 days more.
    assert await old.raise_horizon(400 * DAY, START) is None
    at = NEW.at + 20 * DAY
    assert await old.raise_horizon(20 * DAY, at) == HORIZON
    assert await old.raise_horizon(20 * DAY, at) is None
    assert await old.raise_horizon(21 * DAY, at) is None
    assert not await raised(filled, HORIZON - DAY)
    assert [row["facts"] for row in await rows(filled, journal) if row["kind"] == "retention"] == [
        {"before": HORIZON.isoformat()}
    ]


async def test_an_empty_database_has_no_horizon(database: Database) -> None:
    assert await OldEvents(database).raise_horizon(DAY, NOW) is None
    assert await OldEvents(database).forget(10, NOW) is None


async def test_nothing_is_owed_before_a_horizon_nor_after_the_last_step(filled: Database) -> None:
    old = OldEvents(filled)
    assert await old.forget(10, NOW) is None
    await raised(filled)
    step = await old.forget(10, NOW)
    assert step is not None
    assert (step.events, step.recipients, step.is_last) == (3, 3, True)
    assert await old.forget(10, NOW) is None


async def test_a_second_arrival_of_what_was_forgotten_changes_nothing(filled: Database) -> None:
    await raised(filled)
    await forget(filled)
    before = await contents(filled)
    assert await tell(filled, OLD.tells("Send"), OLD.delivered(), NEW.delivered()) == 2
    assert await contents(filled) == before


async def test_old_news_that_nobody_heard_is_not_counted_either(filled: Database) -> None:
    await raised(filled)
    before = await contents(filled)
    unheard = Message(name="unheard", at=START)
    assert await tell(filled, unheard.bounced_hard(), unheard.complained()) == 2
    assert await contents(filled) == before
    assert await tell(filled, unheard.complained(after=3 * DAY)) == 0


async def test_a_closed_day_of_before_the_horizon_keeps_its_counts(filled: Database) -> None:
    before = await derived(filled)
    await raised(filled)
    await forget(filled)
    async with filled.write() as connection:
        found = await close_day(connection, START, no_feedback=NO_FEEDBACK)
        later = await close_day(connection, NEW.at, no_feedback=NO_FEEDBACK)
    assert found == {"day": "2026-11-16", "rows": 3, "mended": 0, "events_forgotten": True}
    assert later == {"day": "2026-11-18", "rows": 2, "mended": 0}
    assert await derived(filled) == before


async def test_an_answer_that_is_told_late_leaves_old_counts_alone(filled: Database) -> None:
    soft = Message(name="soft", at=START)
    await keep(filled, soft.bounced_soft())
    await raised(filled)
    await forget(filled)
    before = await rows(filled, DERIVED[1])
    await tell(filled, soft.delivered(after=3 * DAY))
    after = await rows(filled, DERIVED[1])
    assert [row for row in after if row in before] == before
    assert len(after) == len(before) + 1


async def test_whoever_is_registered_late_gets_nothing_of_before_the_horizon(
    database: Database,
) -> None:
    for at in (START, NEW.at):
        one = Message(name=f"m{at:%d}", at=at)
        await keep(database, one.delivered(), one.bounced_hard())
    await raised(database)
    await adopt(database, adoption("a.example", "k"))
    async with database.write() as connection:
        owners = await register.snapshot(connection)
        await late.attribute_late(connection, owners, no_feedback=NO_FEEDBACK)
    assert {row["at"].date() for row in await rows(database, DERIVED[0])} == {NEW.at.date()}
    assert await forget(database) == 2


async def test_a_pass_goes_on_where_it_broke_off(filled: Database) -> None:
    await raised(filled)
    first = await OldEvents(filled).forget(1, NOW)
    assert first is not None
    assert (first.events, first.is_last) == (1, False)
    assert await forget(filled) == 2


DIES = """
import asyncio, datetime, sys
from sesauditd.store.engine import Database
from sesauditd.store.retention import OldEvents
async def forget():
    old, now = OldEvents(Database.open(sys.argv[1])), datetime.datetime.now(datetime.UTC)
    while await old.forget(1, now):
        pass
asyncio.run(forget())
"""


async def test_a_kill_amid_a_step_leaves_it_undone_and_the_next_one_goes_on(
    filled: Database, tmp_path: Path
) -> None:
    before = await derived(filled)
    await raised(filled)
    environment = {**os.environ, "SESAUDITD_FAILPOINT": "store.forgetting:2"}
    command = [sys.executable, "-c", DIES, url_of(tmp_path / "test.db")]
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await process.wait() == -signal.SIGKILL

    async with filled.read() as connection:
        state = await retention.standing(connection)
    assert state is not None
    assert state.forgotten == 1
    assert len(await kinds(filled)) == 5
    assert await forget(filled) == 2
    assert await derived(filled) == before


async def test_a_horizon_that_overtakes_a_pass_leaves_nothing_behind(database: Database) -> None:
    await adopt(database, adoption("a.example", "k"))
    mails = [Message(name=f"m{hour}", at=START + timedelta(hours=6 * hour)) for hour in range(12)]
    # Half of them were delivered a day and more after they were sent.
    await keep(
        database,
        *(
            one.delivered(after=number % 2 * 30 * timedelta(hours=1))
            for number, one in enumerate(mails)
        ),
    )
    await raised(database, START + DAY)
    await OldEvents(database).forget(4, NOW)
    await raised(database, START + 2 * DAY)
    await forget(database)
    await raised(database, START + 6 * DAY)
    await forget(database)
    assert await kinds(database) == []
    async with database.read() as connection:
        state = await retention.standing(connection)
    assert state is not None
    assert (state.forgotten, state.is_done) == (12, True)


async def test_a_step_that_takes_long_ends_with_what_it_has(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PIECE", 3)
    await adopt(database, adoption("a.example", "k"))
    await keep(database, *(Message(name=f"m{one}").delivered() for one in range(8)))
    await raised(database)
    seconds = itertools.count(step=retention.LONGEST_SECONDS * 0.7)
    old = OldEvents(database, lambda: next(seconds))
    steps = [await old.forget(100, NOW) for _ in range(3)]
    assert [one and (one.events, one.is_last) for one in steps] == [(6, False), (2, True), None]
    assert await kinds(database) == []


async def test_two_daemons_forget_each_event_once(filled: Database) -> None:
    await raised(filled)
    steps = await asyncio.gather(*(OldEvents(filled).forget(10, NOW) for _ in range(3)))
    assert sum(one.events for one in steps if one is not None) == 3
    async with filled.read() as connection:
        state = await retention.standing(connection)
    assert state is not None
    assert state.forgotten == 3


@pytest.mark.slow
@given(parts=batches(), hours=st.integers(0, 3), size=st.integers(1, 5), data=st.data())
def test_forgetting_and_hearing_all_again_changes_nothing_that_was_counted(
    template: Path, parts: list[list[Told]], hours: int, size: int, data: st.DataObject
) -> None:
    again = data.draw(st.permutations([one for part in parts for one in part]))
    before = START + timedelta(hours=hours)

    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            database = Database.open(f"sqlite:///{shutil.copy(template, folder)}")
            try:
                await adopt(database, *ADOPTIONS)
                for part in parts:
                    await keep(database, *(one.reading for one in part))
                counted = await derived(database)
                await raised(database, before)
                await forget(database, size)
                left = await contents(database)
                assert {name: left[name] for name in counted} == counted
                assert all(row["at"] >= before or _stays(row, left) for row in left["events"])
                await tell(database, *(one.reading for one in again))
                assert await contents(database) == left
            finally:
                await database.close()

    asyncio.run(story())


def _stays(row: dict[str, Any], left: dict[str, list[dict[str, Any]]]) -> bool:
    struck: Sequence[bytes] = [one["event"] for one in left["strikes"]]
    return row["key"] in struck


def test_keys_of_a_time_begin_with_its_second() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert retention.key_of(moment) == int(moment.timestamp()).to_bytes(8, "big")
    assert retention.key_of(datetime(1, 1, 1, tzinfo=UTC)) == bytes(8)
