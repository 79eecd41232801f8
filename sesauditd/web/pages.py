"""Pages as HTML, made of values alone: templates escape every text, and nothing undoes that."""

from __future__ import annotations

from functools import cache
from itertools import dropwhile
from typing import TYPE_CHECKING
from urllib.parse import quote

from sesauditd.model.events import Outcome
from sesauditd.model.reputation import Kind as Rate
from sesauditd.report.account import BOUNCE_LINES, COMPLAINT_LINES, standing_of
from sesauditd.report.behaviour import Kind
from sesauditd.report.limits_text import observation
from sesauditd.report.plain import number, percent
from sesauditd.report.plots import weekly_plots
from sesauditd.report.reputation import own_rate
from sesauditd.report.score import LEAST_MAILS, LESS_PER_DISABLE
from sesauditd.report.templating import html_environment, rendered
from sesauditd.web.concerns import told
from sesauditd.web.values import Part
from sesauditd.web.wording import FILTERS, document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment

    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.causes import Cause
    from sesauditd.report.figures import Domain
    from sesauditd.web.values import (
        Actions,
        Cases,
        Frame,
        OneCase,
        Quarantine,
        Ranking,
        Start,
        Subject,
    )

NAVIGATION = (
    ("/", "Overview"),
    ("/customers", "Customers"),
    ("/domains", "Domains"),
    ("/actions", "Actions"),
    ("/cases", "Cases"),
    ("/quarantine", "Quarantine"),
)
RANKED_SHOWN = 20
CAUSES_SHOWN = 10
FINISHED = frozenset({"done", "found", "kept"})
"""States of steps of a set-up that need nothing more."""
ALWAYS_SHOWN = frozenset(
    {Outcome.DELIVERED, Outcome.HARD_BOUNCE, Outcome.SOFT_BOUNCE, Outcome.COMPLAINT}
)


def start(frame: Frame, found: Start) -> str:
    """Return the page that says whether everything is well."""
    verdict, concerns = told(found)
    account = found.ranking.account
    lines = [
        {
            "name": name,
            "against": against,
            "lines": lines,
            "standing": standing_of(against, lines),
            "own": own_rate(found.daemon.reputation, kind),
        }
        for name, against, lines, kind in (
            ("Hard bounces", account.bounces, BOUNCE_LINES, Rate.BOUNCE),
            ("Complaints", account.complaints, COMPLAINT_LINES, Rate.COMPLAINT),
        )
    ]
    return _page(
        "start.html",
        frame,
        "/",
        start=found,
        concerns=concerns,
        verdict=verdict,
        lines=lines,
        aws=_aws(found.daemon.account or {}),
        standings=found.ranking.standings[:RANKED_SHOWN],
        more=len(found.ranking.standings) > RANKED_SHOWN,
        ranked_at=found.ranking.at,
        states=_states(found.stopped),
    )


def customers(frame: Frame, ranking: Ranking, stopped: Sequence[Domain], page: int) -> str:
    """Return a page of all customers, the worst first."""
    part = Part.of(ranking.standings, page)
    return _page(
        "customers.html",
        frame,
        "/customers",
        part=part,
        standings=part.shown,
        ranked_at=ranking.at,
        states=_states(stopped),
    )


def subject(frame: Frame, found: Subject) -> str:
    """Return the page of a customer or a domain."""
    one = found.behaviour
    weeks = list(dropwhile(lambda week: not week.is_eventful, one.weeks))
    rates = (
        ("hard bounces", one.rates.hard_bounce),
        ("soft bounces", one.rates.soft_bounce),
        ("complaints, where reported", one.rates.complaint),
    )
    return _page(
        "subject.html",
        frame,
        "",
        subject=found,
        is_domain=one.kind is Kind.DOMAIN,
        why=_why(one),
        plots=weekly_plots(weeks) if weeks else (),
        weeks=list(reversed(weeks)),
        outcomes=[
            (name, count) for name, count in one.outcomes.items() if count or name in ALWAYS_SHOWN
        ],
        rates=rates,
        causes=[
            ("Causes by receiving provider", "Provider", *_shown(one.providers), False),
            ("Causes by SMTP status", "Status", *_shown(one.statuses), True),
        ],
        unfinished=sum(step.state not in FINISHED for step in found.steps),
    )


def domains(frame: Frame, found: Sequence[Domain], page: int) -> str:
    """Return a page of all domains and whether each may send."""
    return _page("domains.html", frame, "/domains", part=Part.of(found, page))


def actions(frame: Frame, found: Actions) -> str:
    """Return a page of actions."""
    query = f"state={quote(found.state)}&" if found.state else ""
    return _page("actions.html", frame, "/actions", actions=found, query=query)


def cases(frame: Frame, found: Cases, page: int) -> str:
    """Return a page of all cases."""
    part = Part.of(found.shown, page)
    return _page("cases.html", frame, "/cases", part=part, domains=found.domains)


def case(frame: Frame, found: OneCase) -> str:
    """Return one case."""
    grounds = [
        {
            "title": f"{one.get('rule', '')}: {one.get('reason', '')}",
            "text": document(one),
        }
        for one in found.file.grounds
    ]
    return _page("case.html", frame, "", file=found.file, grounds=grounds)


def quarantine(frame: Frame, found: Quarantine) -> str:
    """Return what could not be read."""
    return _page("quarantine.html", frame, "/quarantine", quarantine=found)


def message(frame: Frame, title: str, text: str) -> str:
    """Return a page with nothing but a message."""
    return _page("message.html", frame, "", title=title, text=text)


def prepare() -> None:
    """Read all templates, which takes longer than to fill one: the first look has it done."""
    for name in _templates().list_templates(["html"]):
        _templates().get_template(name)


def _page(template: str, frame: Frame, here: str, **values: object) -> str:
    around = {"frame": frame, "here": here, "navigation": NAVIGATION}
    return rendered(_templates(), template, {**around, **values})


@cache
def _templates() -> Environment:
    environment = html_environment("sesauditd.web")
    environment.filters.update(FILTERS)
    return environment


def _why(one: Behaviour) -> str:
    if one.score is None:
        return f"No grade: fewer than {LEAST_MAILS} mails in this span say nothing."
    score = one.score
    worst = max(
        (each.worst for each in one.limits if each.worst is not None),
        key=lambda each: each.ratio,
        default=None,
    )
    nearest = "nothing was counted against any limit that disables"
    if worst is not None:
        nearest = f"the nearest limit was reached to {percent(score.nearest_percent)} at worst"
    took = ""
    if score.disables:
        cost = LESS_PER_DISABLE * score.disables
        stops = "one stop" if score.disables == 1 else f"{score.disables} stops"
        took = f", less {cost} for {stops} in the last 90 days"
    seen = f" ({observation(worst)})" if worst is not None else ""
    return f"Score {score.value:g} of 100: {nearest}{seen}{took}."


def _aws(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return what AWS last said of the account."""
    if not facts:
        return [("AWS says", "nothing was asked yet")]
    access = "production" if facts.get("production") else "sandbox"
    sending = "" if facts.get("sending_enabled", True) else ", sending is switched off"
    found = [("AWS says", f"{str(facts.get('enforcement', '')).lower()}, {access}{sending}")]
    sent, most = facts.get("sent_24h"), facts.get("max_24h")
    if isinstance(sent, int | float) and isinstance(most, int | float) and most > 0:
        found.append(("Sent in 24 hours", f"{number(round(sent))} of {number(round(most))}"))
    return found


def _states(stopped: Sequence[Domain]) -> dict[str, list[str]]:
    """Return by customer how its domains are that do not simply send, each state once."""
    found: dict[str, list[str]] = {}
    for one in stopped:
        states = found.setdefault(one.customer, [])
        if one.state not in states:
            states.append(one.state)
    return found


def _shown(causes: Sequence[Cause]) -> tuple[Sequence[Cause], int]:
    """Return the most frequent causes, and how many more there are."""
    return causes[:CAUSES_SHOWN], max(len(causes) - CAUSES_SHOWN, 0)
