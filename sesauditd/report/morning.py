"""What an operator has to do this morning, the most urgent first, each with its command."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from sesauditd.model.actions import State
from sesauditd.report.plain import number, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.report.figures import StoredAction
    from sesauditd.report.pages import Status

TEXT_SHOWN = 240
APPROVABLE = frozenset({State.WAITING, State.PROPOSED})
BLOCK = "block_recipient"


class Urgency(IntEnum):
    """How soon somebody has to look."""

    WRONG = 0
    WAITS = 1
    TIDY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do."""

    urgency: Urgency
    what: str
    command: str = ""

    @property
    def line(self) -> str:
        """Return it as one sentence, what to type last."""
        return f"{self.what}: {self.command}" if self.command else self.what


def tasks(status: Status) -> tuple[Task, ...]:
    """Return what is to be done; nothing where all is well."""
    found = [*_pipe(status), *_actions(status), *_leftovers(status)]
    return tuple(sorted(found, key=lambda one: one.urgency))


def headline(found: tuple[Task, ...]) -> str:
    """Return the sentence above all."""
    wrong = sum(one.urgency is Urgency.WRONG for one in found)
    waiting = sum(one.urgency is Urgency.WAITS for one in found)
    also = f", and {_things(waiting, 'waits', 'wait')} for you" if waiting else ""
    if wrong:
        return f"{_things(wrong, 'is', 'are')} wrong{also}.".capitalize()
    if waiting:
        return f"{_things(waiting, 'waits', 'wait')} for you.".capitalize()
    return "All is well." if not found else "All is well, but for what is to be tidied up."


def approvable(status: Status) -> StoredAction | None:
    """Return what to approve first: something weightier than a block, else the oldest block."""
    found = [one for one in status.pending if one.state in APPROVABLE]
    return min(found, key=lambda one: one.kind == BLOCK, default=None)


def _pipe(status: Status) -> Iterator[Task]:
    daemon = status.daemon
    begun = daemon.last_message_at or status.overview.newest_event_at or status.customers
    if not daemon.alive and begun:
        yield Task(urgency=Urgency.WRONG, what="The daemon is not running", command="sesauditd run")
    for one in daemon.troubles:
        yield Task(urgency=Urgency.WRONG, what=shortened(one.summary, TEXT_SHOWN))


def _actions(status: Status) -> Iterator[Task]:
    pending = status.overview.pending
    for state, what in (
        (State.FAILED, "not done, AWS refused"),
        (State.UNKNOWN, "perhaps not done, see whether AWS shows it"),
    ):
        count = pending.get(str(state), 0)
        if count:
            yield Task(
                urgency=Urgency.WRONG,
                what=f"{_counted(count, 'action')} {'was' if count == 1 else 'were'} {what}",
                command="sesauditd actions",
            )
    held = sum(pending.get(str(one), 0) for one in APPROVABLE)
    first = approvable(status)
    if held and first is not None:
        yield Task(
            urgency=Urgency.WAITS,
            what=f"{_counted(held, 'action')} {'waits' if held == 1 else 'wait'} for your approval",
            command=f"sesauditd actions approve {first.id}",
        )


def _leftovers(status: Status) -> Iterator[Task]:
    overview = status.overview
    stopped = sum(one.stopped for one in status.domains)
    if stopped:
        yield Task(
            urgency=Urgency.TIDY,
            what=f"{_counted(stopped, 'domain')} stopped until explained",
            command="sesauditd cases",
        )
    if status.daemon.unsent:
        yield Task(
            urgency=Urgency.WAITS,
            what=f"{_counted(status.daemon.unsent, 'notice')} did not surely arrive",
            command="sesauditd notices",
        )
    if overview.quarantined:
        yield Task(
            urgency=Urgency.TIDY,
            what=f"{_counted(overview.quarantined, 'message')} could not be read",
            command="sesauditd quarantine list",
        )
    if overview.unattributed:
        yield Task(
            urgency=Urgency.TIDY,
            what=f"{_counted(overview.unattributed, 'event')} of no registered domain",
            command="sesauditd events --unattributed",
        )
    if not status.customers:
        yield Task(
            urgency=Urgency.WAITS,
            what="No customers yet",
            command="sesauditd adopt example.com --customer NAME --contact owner@example.com",
        )


def _things(count: int, one: str, several: str) -> str:
    return f"one thing {one}" if count == 1 else f"{number(count)} things {several}"


def _counted(count: int, noun: str) -> str:
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"
