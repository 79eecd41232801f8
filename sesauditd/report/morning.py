"""What an operator has to do, the most urgent first; the screen and the start page say it alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from sesauditd.model.actions import State
from sesauditd.model.reputation import FEWEST_JUDGED
from sesauditd.report.account import BOUNCE_LINES, COMPLAINT_LINES, standing_of
from sesauditd.report.plain import number, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sesauditd.report.account import Account
    from sesauditd.report.figures import Overview, StoredAction
    from sesauditd.report.pages import Daemon

TEXT_SHOWN = 240
APPROVABLE = (State.WAITING, State.PROPOSED)
BLOCK = "block_recipient"


class Urgency(IntEnum):
    """How soon somebody has to look."""

    WRONG = 0
    WAITS = 1
    TIDY = 2


class Topic(StrEnum):
    """What a task is about."""

    DAEMON = "daemon"
    TROUBLE = "trouble"
    ACCOUNT = "account"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    EXPLAINED = "explained"
    STOPPED = "stopped"
    UNSENT = "unsent"
    QUARANTINED = "quarantined"
    UNATTRIBUTED = "unattributed"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What is looked at."""

    daemon: Daemon
    overview: Overview
    account: Account
    pending: tuple[StoredAction, ...]
    """Actions that are not done, the oldest evidence first, as far as they are at hand."""
    stopped: int
    """Domains that may not send."""
    explained: int
    """Open cases that their customers explained."""
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do."""

    urgency: Urgency
    topic: Topic
    what: str
    meaning: str = ""
    """What follows from it, where there is room to say so."""
    command: str = ""

    @property
    def line(self) -> str:
        """Return it as one sentence, what to type last."""
        return f"{self.what}: {self.command}" if self.command else self.what


def tasks(morning: Morning) -> tuple[Task, ...]:
    """Return what is to be done; nothing where all is well."""
    found = [
        *_pipe(morning),
        *_account(morning),
        *_actions(morning),
        *_customers(morning),
        *_leftovers(morning),
    ]
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


def approvable(pending: Iterable[StoredAction]) -> StoredAction | None:
    """Return what to approve first: something weightier than a block, else the oldest block."""
    found = [one for one in pending if one.state in APPROVABLE]
    return min(found, key=lambda one: one.kind == BLOCK, default=None)


def _pipe(morning: Morning) -> Iterator[Task]:
    daemon = morning.daemon
    begun = daemon.last_message_at or morning.overview.newest_event_at or morning.customers
    if not daemon.alive and begun:
        yield Task(
            urgency=Urgency.WRONG,
            topic=Topic.DAEMON,
            what="The daemon is not running",
            meaning="nobody reads what SES says about your mail",
            command="sesauditd run",
        )
    for one in daemon.troubles:
        yield Task(
            urgency=Urgency.WRONG, topic=Topic.TROUBLE, what=shortened(one.summary, TEXT_SHOWN)
        )


def _account(morning: Morning) -> Iterator[Task]:
    told = {one.name for one in morning.daemon.troubles}
    for kind, against, lines in (
        ("bounce", morning.account.bounces, BOUNCE_LINES),
        ("complaint", morning.account.complaints, COMPLAINT_LINES),
    ):
        standing = standing_of(against, lines)
        if against.size < FEWEST_JUDGED or standing == "below":
            continue
        # What an alarm said of AWS's own rate, or of ours, need not be said twice.
        if not told & {f"reputation_{kind}", f"own_{kind}"}:
            yield Task(
                urgency=Urgency.WRONG,
                topic=Topic.ACCOUNT,
                what=f"The account's {kind}s are above AWS's {standing} line",
                meaning="look at the customers with the largest part in them",
                command="sesauditd report",
            )


def _actions(morning: Morning) -> Iterator[Task]:
    pending = morning.overview.pending
    for state, topic, what in (
        (State.FAILED, Topic.FAILED, "not done, AWS refused"),
        (State.UNKNOWN, Topic.UNKNOWN, "perhaps not done, see whether AWS shows it"),
    ):
        count = pending.get(str(state), 0)
        if count:
            yield Task(
                urgency=Urgency.WRONG,
                topic=topic,
                what=f"{_counted(count, 'action')} {'was' if count == 1 else 'were'} {what}",
                command="sesauditd actions",
            )
    held = sum(pending.get(str(one), 0) for one in APPROVABLE)
    if held:
        first = approvable(morning.pending)
        yield Task(
            urgency=Urgency.WAITS,
            topic=Topic.HELD,
            what=f"{_counted(held, 'action')} {'waits' if held == 1 else 'wait'} for your approval",
            command=f"sesauditd actions approve {first.id}" if first else "sesauditd actions",
        )


def _customers(morning: Morning) -> Iterator[Task]:
    if morning.explained:
        one = morning.explained == 1
        yield Task(
            urgency=Urgency.WAITS,
            topic=Topic.EXPLAINED,
            what=f"{_counted(morning.explained, 'customer')} {'has' if one else 'have'} explained",
            meaning="decide whether the domain may send again",
            command="sesauditd cases",
        )
    if morning.stopped:
        yield Task(
            urgency=Urgency.TIDY,
            topic=Topic.STOPPED,
            what=f"{_counted(morning.stopped, 'domain')} stopped until explained",
            command="sesauditd cases",
        )
    if not morning.customers:
        yield Task(
            urgency=Urgency.WAITS,
            topic=Topic.NOBODY,
            what="No customers yet",
            command="sesauditd adopt example.com --customer NAME --contact owner@example.com",
        )


def _leftovers(morning: Morning) -> Iterator[Task]:
    overview = morning.overview
    if morning.daemon.unsent:
        yield Task(
            urgency=Urgency.WAITS,
            topic=Topic.UNSENT,
            what=f"{_counted(morning.daemon.unsent, 'notice')} did not surely arrive",
            meaning="somebody may not know what happened",
            command="sesauditd notices",
        )
    if overview.quarantined:
        yield Task(
            urgency=Urgency.TIDY,
            topic=Topic.QUARANTINED,
            what=f"{_counted(overview.quarantined, 'message')} could not be read",
            command="sesauditd quarantine list",
        )
    if overview.unattributed:
        yield Task(
            urgency=Urgency.TIDY,
            topic=Topic.UNATTRIBUTED,
            what=f"{_counted(overview.unattributed, 'event')} of no registered domain",
            meaning="register the domains that these events are about",
            command="sesauditd events --unattributed",
        )


def _things(count: int, one: str, several: str) -> str:
    return f"one thing {one}" if count == 1 else f"{number(count)} things {several}"


def _counted(count: int, noun: str) -> str:
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"
