"""Cancelled tasks end, also those that do not listen the first time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sesauditd.daemon import ending
from sesauditd.daemon.ending import cancelled

if TYPE_CHECKING:
    import pytest


async def obeying() -> None:
    await asyncio.Event().wait()


async def losing_the_first() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await asyncio.Event().wait()


async def failing_at_the_end() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise ZeroDivisionError


async def test_every_task_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_SECONDS", 0.005)
    works = (obeying(), losing_the_first(), failing_at_the_end(), asyncio.sleep(0))
    tasks: list[asyncio.Task[None]] = [asyncio.create_task(work) for work in works]
    await asyncio.sleep(0.001)
    await asyncio.wait_for(cancelled(tasks), 1)
    assert [task.cancelled() for task in tasks] == [True, True, False, False]
    assert isinstance(tasks[2].exception(), ZeroDivisionError)


async def test_no_tasks_are_no_work() -> None:
    await cancelled(())
