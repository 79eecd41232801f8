"""Observations outlive a restart and are kept once a name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.store import watch
from sesauditd.store.tables import notices
from sesauditd.store.watch import Memory
from tests.unit.store.making import START, Message, adopt, adoption, keep

if TYPE_CHECKING:
    from sesauditd.store.engine import Database

LATER = START + timedelta(hours=1)
TROUBLE = Notice(kind=NoticeKind.TROUBLE, subject="dead_pipe/2026-11-24T12:00:00Z")


async def test_what_was_never_seen_is_not_known(database: Database) -> None:
    memory = Memory(database)
    assert await memory.recall("account") is None
    assert await memory.last_message() is None


async def test_the_newest_facts_are_kept(database: Database) -> None:
    memory = Memory(database)
    await memory.remember("account", {"enforcement": "HEALTHY"}, START)
    await memory.remember("account", {"enforcement": "PROBATION"}, LATER)
    assert await Memory(database).recall("account") == {"enforcement": "PROBATION"}


async def test_the_first_time_stays_the_first(database: Database) -> None:
    async with database.write() as connection:
        assert await watch.since(connection, "first_run", START) == START
        assert await watch.since(connection, "first_run", LATER) == START


async def test_a_message_is_known_by_the_note_of_the_intake(database: Database) -> None:
    async with database.write() as connection:
        await watch.saw_messages(connection, START)
        await watch.saw_messages(connection, LATER)
    assert await Memory(database).last_message() == LATER


async def test_without_a_note_the_newest_event_tells(database: Database) -> None:
    await adopt(database, adoption("a.example", "k"))
    old, new = Message(name="old"), Message(name="new", at=LATER)
    await keep(database, new.delivered(), old.delivered())
    assert await Memory(database).last_message() == LATER + timedelta(seconds=2)


async def test_an_alarm_and_its_notice_are_kept_together(database: Database) -> None:
    memory = Memory(database)
    for _ in range(2):
        await memory.tell("alarm:dead_pipe", {"state": "silent"}, TROUBLE, START)
    assert await memory.recall("alarm:dead_pipe") == {"state": "silent"}
    async with database.read() as connection:
        found = (await connection.execute(select(notices.c.kind, notices.c.state))).fetchall()
    assert [tuple(row) for row in found] == [("trouble", "requested")]
