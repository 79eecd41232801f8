"""How a command waits for what the daemon makes of its actions."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from sesauditd.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sesauditd.bootstrap import Application
    from sesauditd.store.executions import Standing

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.3
LEFT_WAITING = 4
"""The exit code of a command whose actions are left waiting."""
FAILED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What became of actions."""

    actions: Sequence[Standing] = ()
    daemon_lives: bool = False


async def followed(application: Application, names: Sequence[str]) -> Followed:
    """Return how actions stand when all are settled, or nobody settles them any more.

    Nobody does without a living daemon; a living one is given a minute.
    """
    import asyncio
    import time

    from sesauditd.store import executions, leases

    ends_at = time.monotonic() + WAIT_SECONDS
    with _spinner("Waiting for the daemon"):
        while True:
            now = application.clock()
            async with application.database.read() as connection:
                found = await executions.standing(connection, names)
                lives = await leases.alive(connection, leases.DAEMON, now)
            worth_it = now + timedelta(seconds=WAIT_SECONDS)
            waiting = any(_is_left(one) and not _is_far(one, worth_it) for one in found)
            if not (waiting and lives) or time.monotonic() >= ends_at:
                return Followed(actions=found, daemon_lives=lives)
            await asyncio.sleep(LOOK_SECONDS)


def told(followed: Followed, *, quietly: bool = False) -> None:
    """Say what became of each action, and end with 1 if one failed, with 4 if one waits.

    `quietly` leaves the saying to a JSON document.
    """
    if not quietly:
        for one in followed.actions:
            _say(one)
    if any(one.state == "failed" for one in followed.actions):
        raise typer.Exit(FAILED)
    left = [one for one in followed.actions if _is_left(one)]
    if left and not followed.daemon_lives:
        waiting_for_the_daemon(len(left))
    if left:
        output.note("Not done yet: the daemon goes on trying, see sesauditd actions")
        raise typer.Exit(LEFT_WAITING)


def as_document(followed: Followed) -> list[dict[str, object]]:
    """Return the actions as JSON."""
    return [
        {"id": one.id, "kind": one.kind, "state": str(one.state), "outcome": one.outcome}
        for one in followed.actions
    ]


def waiting_for_the_daemon(actions: int) -> None:
    """Say that so many actions wait, and end with 4."""
    they_wait = "1 action waits" if actions == 1 else f"{actions} actions wait"
    output.note(f"{they_wait} for the daemon, which is not running: see sesauditd actions")
    raise typer.Exit(LEFT_WAITING)


def _say(one: Standing) -> None:
    what = f"{one.kind.partition('_')[0]} {one.subject}"
    because = f": {one.outcome}" if one.outcome else ""
    if one.state == "done":
        output.say(f"Done: {what}{because}.")
    elif one.state != "requested":
        output.note(f"{str(one.state).capitalize()}: {what}{because}")


def _is_left(one: Standing) -> bool:
    from sesauditd.model.actions import DUE

    return one.state in DUE


def _is_far(one: Standing, moment: datetime) -> bool:
    return one.next_try_at is not None and one.next_try_at > moment


@contextmanager
def _spinner(text: str) -> Iterator[None]:
    """Show on a terminal that something is waited for, on stderr."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
