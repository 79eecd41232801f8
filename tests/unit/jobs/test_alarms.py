"""Trouble is told once when it begins or changes, and once when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from typing_extensions import override

from sesauditd.errors import Broken
from sesauditd.jobs.alarms import Alarms, Finding
from sesauditd.model.notice import NoticeKind
from tests.unit.jobs.fakes import NOW, Memory, Siren

RAISED = ("trouble", "account_status")
OVER = ("recovered", "account_status")


def finding(state: str | None) -> Finding:
    return Finding(name="account_status", state=state, summary="what it means")


async def told(alarms: Alarms, *states: str | None) -> None:
    for minute, state in enumerate(states):
        await alarms.report([finding(state)], NOW + timedelta(minutes=minute))


async def test_trouble_is_told_once_and_its_end_once() -> None:
    siren, memory = Siren(), Memory()
    alarms = Alarms(siren=siren, book=memory)
    await told(alarms, None, "PROBATION", "PROBATION", "PROBATION", None, None)
    assert siren.heard == [RAISED, OVER]
    assert [one.kind for one in memory.notices] == [NoticeKind.TROUBLE, NoticeKind.RECOVERED]


async def test_what_is_well_from_the_beginning_is_not_worth_a_word() -> None:
    siren, memory = Siren(), Memory()
    await told(Alarms(siren=siren, book=memory), None, None)
    assert (siren.heard, memory.notices) == ([], [])


async def test_trouble_that_changes_is_told_anew() -> None:
    siren, memory = Siren(), Memory()
    await told(Alarms(siren=siren, book=memory), "PROBATION", "SHUTDOWN", "PROBATION", None)
    assert siren.heard == [RAISED, RAISED, RAISED, OVER]
    assert len(memory.notices) == 4


async def test_a_restart_repeats_nothing_and_forgets_nothing() -> None:
    siren, memory = Siren(), Memory()
    await told(Alarms(siren=siren, book=memory), "PROBATION")
    await told(Alarms(siren=siren, book=memory), "PROBATION")
    assert siren.heard == [RAISED]
    await told(Alarms(siren=siren, book=memory), None)
    await told(Alarms(siren=siren, book=memory), None)
    assert siren.heard == [RAISED, OVER]


async def test_trouble_that_comes_back_is_told_again() -> None:
    siren, memory = Siren(), Memory()
    await told(Alarms(siren=siren, book=memory), "off", None, "off", None)
    assert siren.heard == [RAISED, OVER, RAISED, OVER]
    assert len({one.id for one in memory.notices}) == 4


async def test_a_locked_book_silences_nothing_and_the_notice_follows() -> None:
    siren, memory = Siren(), Memory(locked=True)
    alarms = Alarms(siren=siren, book=memory)
    await told(alarms, "SHUTDOWN", "SHUTDOWN")
    assert siren.heard == [RAISED]
    memory.locked = False
    await told(alarms, "SHUTDOWN", "SHUTDOWN")
    assert siren.heard == [RAISED]
    assert [one.kind for one in memory.notices] == [NoticeKind.TROUBLE]


async def test_what_is_well_is_not_told_of_while_the_book_is_locked() -> None:
    siren, memory = Siren(), Memory(locked=True)
    await told(Alarms(siren=siren, book=memory), None)
    assert siren.heard == []


async def test_a_book_that_cannot_be_trusted_ends_it_after_the_siren() -> None:
    class Damaged(Memory):
        @override
        async def recall(self, name: str) -> None:
            raise Broken("the database is damaged")

    siren = Siren()
    with pytest.raises(Broken):
        await told(Alarms(siren=siren, book=Damaged()), "SHUTDOWN")
    assert siren.heard == [RAISED]


async def test_a_notice_carries_what_was_found() -> None:
    memory = Memory()
    await told(Alarms(siren=Siren(), book=memory), "PROBATION")
    (notice,) = memory.notices
    assert notice.facts == {
        "name": "account_status",
        "severity": "trouble",
        "level": "critical",
        "summary": "what it means",
        "details": {},
        "at": "2026-11-24T12:00:00Z",
    }
    assert memory.facts["alarm:account_status"]["state"] == "PROBATION"
