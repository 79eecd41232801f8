"""What the start page says first: the tasks of the morning's screen, each with its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.report.morning import APPROVABLE, Morning, Topic, Urgency, headline, tasks

if TYPE_CHECKING:
    from sesauditd.report.morning import Task
    from sesauditd.web.values import Start

TONES = {Urgency.WRONG: "bad", Urgency.WAITS: "warn", Urgency.TIDY: "calm"}
PAGES = {
    Topic.ACCOUNT: ("/customers", "See all customers"),
    Topic.FAILED: ("/actions?state=failed", "See why"),
    Topic.UNKNOWN: ("/actions?state=unknown", "See them"),
    Topic.EXPLAINED: ("/cases", "Read it"),
    Topic.STOPPED: ("/domains", "See which"),
    Topic.QUARANTINED: ("/quarantine", "See it"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """A task, and the page that shows more of it, if one does."""

    tone: str
    task: Task
    link: str
    link_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The one sentence above all."""

    tone: str
    text: str


def told(start: Start) -> tuple[Verdict, tuple[Concern, ...]]:
    """Return the sentence, and what is not well or waits, the most urgent first."""
    found = tasks(
        Morning(
            daemon=start.daemon,
            overview=start.overview,
            account=start.ranking.account,
            pending=start.held,
            stopped=sum(one.stopped for one in start.stopped),
            explained=start.cases.get("explained", 0),
            customers=len(start.ranking.standings),
        )
    )
    worst = min((one.urgency for one in found), default=Urgency.TIDY)
    tone = "good" if worst is Urgency.TIDY else TONES[worst]
    sentence = Verdict(tone=tone, text=headline(found).removesuffix("."))
    return sentence, tuple(_concern(one, start) for one in found)


def _concern(task: Task, start: Start) -> Concern:
    link, text = PAGES.get(task.topic, ("", ""))
    if task.topic is Topic.HELD:
        pending = start.overview.pending
        state = next(str(one) for one in APPROVABLE if pending.get(str(one)))
        link, text = f"/actions?state={state}", "See them"
    return Concern(tone=TONES[task.urgency], task=task, link=link, link_text=text)
