"""Whether everything is well, and what waits for the operator, told from the start page's facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.actions import State
from sesauditd.report.account import BOUNCE_LINES, COMPLAINT_LINES, standing_of
from sesauditd.report.plain import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sesauditd.web.values import Start

BAD, WARN, CALM = "bad", "warn", "calm"
APPROVABLE = (State.WAITING, State.PROPOSED)
STUCK = (State.FAILED, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One thing that somebody has to look at."""

    tone: str
    title: str
    text: str
    command: str = ""
    link: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The one sentence above all."""

    tone: str
    text: str


def concerns(start: Start) -> tuple[Concern, ...]:
    """Return what is not well or waits, the worst first."""
    found = [*_pipe(start), *_account(start), *_decisions(start), *_leftovers(start)]
    return tuple(sorted(found, key=lambda one: (BAD, WARN, CALM).index(one.tone)))


def verdict(found: tuple[Concern, ...]) -> Verdict:
    """Return the sentence."""
    bad = sum(one.tone == BAD for one in found)
    waiting = sum(one.tone == WARN for one in found)
    if bad:
        text = "One thing is wrong" if bad == 1 else f"{bad} things are wrong"
        also = f", and {waiting} more {_wait(waiting)} for you" if waiting else ""
        return Verdict(tone=BAD, text=f"{text}{also}")
    if waiting:
        text = "One thing waits" if waiting == 1 else f"{waiting} things wait"
        return Verdict(tone=WARN, text=f"{text} for you")
    return Verdict(tone="good", text="All is well")


def _wait(count: int) -> str:
    return "waits" if count == 1 else "wait"


def _pipe(start: Start) -> Iterator[Concern]:
    if not start.daemon.alive:
        yield Concern(
            tone=BAD,
            title="The daemon is not running.",
            text="Nobody reads what SES says about your mail:",
            command="sesauditd run",
        )
    for one in start.daemon.troubles:
        yield Concern(tone=BAD, title=f"{one.name.replace('_', ' ')}:", text=one.summary)


def _account(start: Start) -> Iterator[Concern]:
    account = start.ranking.account
    told = {one.name for one in start.daemon.troubles}
    for name, against, lines in (
        ("bounces", account.bounces, BOUNCE_LINES),
        ("complaints", account.complaints, COMPLAINT_LINES),
    ):
        standing = standing_of(against, lines)
        # What AWS's own rate said already need not be said twice.
        if standing != "below" and f"reputation_{name.removesuffix('s')}" not in told:
            yield Concern(
                tone=BAD,
                title=f"The account's {name} are above AWS's {standing} line.",
                text="Look at the customers with the largest part in them.",
            )


def _decisions(start: Start) -> Iterator[Concern]:
    pending = start.overview.pending
    waiting = sum(pending.get(str(one), 0) for one in APPROVABLE)
    if waiting:
        approvable = next((one for one in start.held if one.state in APPROVABLE), None)
        yield Concern(
            tone=WARN,
            title=f"{number(waiting)} {'action waits' if waiting == 1 else 'actions wait'}",
            text="for your approval." if approvable is None else "for your approval:",
            command=f"sesauditd actions approve {approvable.id}" if approvable else "",
            link=_held_link(pending),
            link_text="See them",
        )
    stuck = sum(pending.get(str(one), 0) for one in STUCK)
    if stuck:
        first = next(str(one) for one in STUCK if pending.get(str(one)))
        yield Concern(
            tone=BAD,
            title=f"{number(stuck)} {'action was' if stuck == 1 else 'actions were'} not done:",
            text="AWS refused, or did not show what was asked for.",
            link=f"/actions?state={first}",
            link_text="See why",
        )
    explained = start.cases.get("explained", 0)
    if explained:
        customers = "One customer has" if explained == 1 else f"{number(explained)} customers have"
        yield Concern(
            tone=WARN,
            title=f"{customers} explained:",
            text="decide whether the domain may send again.",
            link="/cases",
            link_text="Read it" if explained == 1 else "Read them",
        )


def _held_link(pending: Mapping[str, int]) -> str:
    state = next(str(one) for one in APPROVABLE if pending.get(str(one)))
    return f"/actions?state={state}"


def _leftovers(start: Start) -> Iterator[Concern]:
    overview = start.overview
    if start.daemon.unsent:
        yield Concern(
            tone=WARN,
            title=f"{number(start.daemon.unsent)} "
            f"{'notice' if start.daemon.unsent == 1 else 'notices'} did not surely arrive:",
            text="somebody may not know what happened.",
            command="sesauditd status",
        )
    if overview.quarantined:
        one = overview.quarantined == 1
        yield Concern(
            tone=CALM,
            title=f"{number(overview.quarantined)} notification{'' if one else 's'}",
            text=f"could not be read and {'lies' if one else 'lie'} in quarantine.",
            link="/quarantine",
            link_text="See it" if one else "See them",
        )
    if overview.unattributed:
        yield Concern(
            tone=CALM,
            title=f"{number(overview.unattributed)} of no registered domain:",
            text="register the domains that these events are about.",
            command="sesauditd events --unattributed",
        )
