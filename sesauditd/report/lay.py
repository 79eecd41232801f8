"""What a report says to a customer: how they did, what comes next, what to do; no trade words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.errors import Refused
from sesauditd.model.actions import State
from sesauditd.model.advice import advice_for
from sesauditd.model.events import Outcome
from sesauditd.model.verdicts import Does, Rule
from sesauditd.report.distances import Basis, last_moment
from sesauditd.report.figures import EXECUTED
from sesauditd.report.plain import both_forms, day, number, percent
from sesauditd.report.score import LEAST_MAILS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.distances import Distance
    from sesauditd.report.figures import Block, StoredVerdict
    from sesauditd.report.pages import Report

VERDICTS = {
    "A": "Very good. Your mail is welcome where it arrives.",
    "B": "Good. There is a little to tidy up.",
    "C": "Not so good. Please read below what to change.",
    "D": "Poor. Please change something now, before your mail has to be stopped.",
    "E": "Bad. Mail like this gets stopped. Please act today.",
}
UNGRADED = f"No grade: with fewer than {LEAST_MAILS} mails there is nothing to judge."
STOPPED = "Your mail is stopped at the moment."
NOTHING_NEAR = (
    "No limit is near. We stop mail when too many of its addresses do not exist, when too many "
    "people report it as spam, or when a virus is found in it. None of this was seen."
)
GO_ON = "Nothing. Go on as you do."
ANSWER = "Answer the mail in which we told you that it is stopped: tell us what you will change."
DEAD_LISTED = "Take the addresses that are listed below off your list."
SOFT = "too many mails in a row came back"
DONE = {
    Does.WARN: "we warned you",
    Does.DISABLE: "we stopped your mail",
    Does.TERMINATE: "we ended your access",
}
TAKEN_BACK = " This is over."
BECAUSE = {
    "hard_bounce": "too many addresses did not exist",
    "guessing": "many addresses looked made up",
    "complaint": "too many people reported your mail as spam",
    "virus": "a virus was found in your mail",
}
BLOCKED_FOR = {
    "hard_bounce": "the address takes no mail",
    "soft_bounce": SOFT,
    "complaint": "reported your mail as spam again and again",
}
GRAVEST = (
    Rule.VIRUS_DISABLE,
    Rule.GUESSING_DISABLE,
    Rule.COMPLAINT_DISABLE,
    Rule.COMPLAINT_SURGE,
    Rule.HARD_BOUNCE_DISABLE,
    Rule.HARD_BOUNCE_SURGE,
)
HAPPENED = frozenset({EXECUTED, State.REVERSED})
NOT_THE_LIST = frozenset({Rule.VIRUS_DISABLE, Rule.GUESSING_DISABLE})
STEPS = 6
"""That are asked of somebody at once; the gravest come first."""
MARGIN = 0.5
"""Of a limit: from here on a customer hears all steps, not only the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The words of one report to a customer, in the order in which they are read."""

    names: str
    verdict: str
    is_stopped: bool
    counts: tuple[str, ...]
    nearest: float
    """Of the nearest limit, 1 and more is over."""
    limits: tuple[str, ...]
    """Every limit that was reached, else the nearest."""
    steps: tuple[str, ...]
    done: tuple[tuple[datetime, str], ...]
    """What we did, the newest first."""
    blocked: tuple[tuple[str, str, str], ...]
    """Address, why, until when."""


def subject_of(report: Report) -> Behaviour:
    """Return the one whom a customer's version is about; raises Refused for the account."""
    if report.account is not None or not (report.customers or report.domains):
        raise Refused("a customer's version is about one customer: name a customer or a domain")
    return (report.customers or report.domains)[0]


def told(behaviour: Behaviour, stopped: Sequence[str] = ()) -> Told:
    """Return what a customer is told; `stopped` are those of their domains that may not send."""
    own = [one for one in behaviour.domains if one in stopped]
    worst = nearest(behaviour)
    return Told(
        names=", ".join(both_forms(one) for one in behaviour.domains) or "no domain yet",
        verdict=_verdict(behaviour, own),
        is_stopped=bool(own),
        counts=tuple(_counts(behaviour)),
        nearest=0.0 if worst is None else worst.ratio,
        limits=tuple(_limits(behaviour)),
        steps=tuple(_steps(behaviour, stopped=bool(own))),
        done=tuple(_done(behaviour.verdicts)),
        blocked=tuple(_blocked(one) for one in behaviour.blocks),
    )


def nearest(behaviour: Behaviour) -> Distance | None:
    """Return the limit that came nearest in the span, None where nothing was counted."""
    found = [one.worst for one in behaviour.limits if one.worst is not None and one.worst.count]
    return max(found, key=lambda one: one.ratio, default=None)


def _limits(behaviour: Behaviour) -> list[str]:
    worst = nearest(behaviour)
    if worst is None:
        return [NOTHING_NEAR]
    found = {one.rule: one.worst for one in behaviour.limits if one.worst is not None}
    reached = [found[rule] for rule in GRAVEST if rule in found and found[rule].ratio >= 1]
    return [limit_words(one) for one in reached or [worst]]


def limit_words(distance: Distance) -> str:
    """Return what was seen, what the limit is, and how much of it that is."""
    seen, limit = _seen(distance), _limit(distance)
    part = round(100 * distance.ratio)
    if distance.ratio >= 1:
        return f"{seen} {limit} This limit was reached."
    return f"{seen} {limit} That is {max(part, 1)} % of the way to it."


def _seen(distance: Distance) -> str:
    when = f"Up to {day(last_moment(distance))}"
    count = distance.count
    if distance.basis is Basis.WARNINGS:
        warnings = "one warning" if count == 1 else f"{number(count)} warnings"
        return f"{when} there {'was' if count == 1 else 'were'} {warnings} within eight weeks."
    if distance.rule is Rule.VIRUS_DISABLE:
        return f"{when} a virus was found in your mail."
    of = "" if distance.size is None else f" of {number(distance.size)}"
    if distance.rule in {Rule.COMPLAINT_DISABLE, Rule.COMPLAINT_SURGE}:
        people = "person" if count == 1 and not of else "people"
        return f"{_within(distance)}, {number(count)}{of} {people} reported your mail as spam."
    one = count == 1 and not of
    noun = "address you wrote to" if one else "addresses you wrote to"
    looked = "looked made up" if distance.rule is Rule.GUESSING_DISABLE else "did not exist"
    return f"{_within(distance)}, {number(count)}{of} {noun} {looked}."


def _within(distance: Distance) -> str:
    if distance.rule in {Rule.HARD_BOUNCE_DISABLE, Rule.COMPLAINT_DISABLE}:
        return f"In the week from {day(distance.start)} to {day(last_moment(distance))}"
    if distance.rule is Rule.GUESSING_DISABLE:
        return f"Within one hour on {day(distance.end)}"
    return f"Within 24 hours up to {day(distance.end)}"


def _limit(distance: Distance) -> str:
    if distance.basis is Basis.WARNINGS:
        return f"With {number(distance.count_limit)} of them we stop your mail."
    if distance.rule is Rule.VIRUS_DISABLE:
        return "One is enough: we then stop your mail until you have found where it came from."
    if distance.percent_limit is not None and distance.size is not None:
        share = percent(distance.percent_limit)
        return f"We stop your mail at {number(distance.count_limit)}, if it is {share} of all."
    return f"We stop your mail at {number(distance.count_limit)}."


def _verdict(behaviour: Behaviour, stopped: Sequence[str]) -> str:
    if stopped:
        # One of several domains is stopped: the others may well send.
        if len(stopped) < len(behaviour.domains):
            return f"Mail from {', '.join(map(both_forms, stopped))} is stopped at the moment."
        return STOPPED
    return UNGRADED if behaviour.score is None else VERDICTS[behaviour.score.grade]


def _counts(behaviour: Behaviour) -> list[str]:
    if not behaviour.mailed:
        return ["No mail was sent in this time."]
    arrived = behaviour.outcomes.get(Outcome.DELIVERED, 0)
    said = [
        f"{_mails(behaviour.mailed)} to {_of(behaviour.recipients, 'person', 'people')}.",
        f"{number(arrived)} arrived ({percent(100 * arrived / behaviour.mailed)}).",
    ]
    dead = behaviour.rates.hard_bounce.hits
    if dead:
        share = percent(behaviour.rates.hard_bounce.percent)
        one = "address does not exist" if dead == 1 else "addresses do not exist"
        it = "it" if dead == 1 else "them"
        said.append(f"{number(dead)} {one}, or the other side takes no mail for {it} ({share}).")
    soft = behaviour.rates.soft_bounce.hits
    if soft:
        one = "mailbox was" if soft == 1 else "mailboxes were"
        said.append(f"{number(soft)} {one} full or not ready; that often passes.")
    complaints = behaviour.rates.complaint.hits
    if complaints:
        share = percent(behaviour.rates.complaint.percent)
        said.append(f"{_of(complaints, 'person', 'people')} reported your mail as spam ({share}).")
    viruses = behaviour.outcomes.get(Outcome.VIRUS, 0)
    if viruses:
        said.append(f"A virus was found in {_of(viruses, 'mail', 'mails')}.")
    return said


def _steps(behaviour: Behaviour, *, stopped: bool) -> list[str]:
    ratios = {one.rule: one.worst.ratio for one in behaviour.limits if one.worst is not None}
    # The gravest first: who has a virus on the site need not think of the list yet.
    near = [one for one in GRAVEST if ratios.get(one, 0.0) >= MARGIN]
    steps = [ANSWER] if stopped else []
    steps += [one for rule in near for one in advice_for([rule]).steps]
    if behaviour.blocks:
        # Where somebody else sends in their name, the list is no trouble of theirs.
        steps.insert(len(steps) if set(near) & NOT_THE_LIST else int(stopped), DEAD_LISTED)
    struck = {
        Rule.COMPLAINT_DISABLE: behaviour.rates.complaint.hits,
        Rule.HARD_BOUNCE_DISABLE: behaviour.rates.hard_bounce.hits,
    }
    # A single one is everyday life, and no ground for a lecture.
    steps += [advice_for([rule]).steps[0] for rule, hits in struck.items() if hits]
    listed = {advice_for([Rule.HARD_BOUNCE_DISABLE]).steps[0]} if behaviour.blocks else set()
    return [one for one in dict.fromkeys(steps) if one not in listed][:STEPS] or [GO_ON]


def _done(verdicts: Sequence[StoredVerdict]) -> list[tuple[datetime, str]]:
    # What shadow mode or an open approval held back did not happen to the customer.
    found = [one for one in verdicts if one.state in HAPPENED and one.does in DONE]
    return list(dict.fromkeys((one.window_end, _did(one)) for one in found))


def _did(verdict: StoredVerdict) -> str:
    over = TAKEN_BACK if verdict.state == State.REVERSED else ""
    what = f"{DONE[verdict.does]}, because {_because(verdict)}."
    return f"{both_forms(verdict.domain)}: {what}{over}"


def _because(verdict: StoredVerdict) -> str:
    return BECAUSE.get(verdict.rule.partition(".")[0], "a rule was broken")


def _blocked(block: Block) -> tuple[str, str, str]:
    why = BLOCKED_FOR.get(block.rule.partition(".")[0], "we were asked to")
    return block.recipient, why, "for good" if block.until is None else day(block.until)


def _mails(count: int) -> str:
    return "One mail was sent" if count == 1 else f"{number(count)} mails were sent"


def _of(count: int, one: str, several: str) -> str:
    return f"{number(count)} {one if count == 1 else several}"
