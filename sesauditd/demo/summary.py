"""What the judge said, as tables that a person can read: verdicts, numbers, who got what."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sesauditd.model.events import Outcome
from sesauditd.model.verdicts import Does, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sesauditd.demo.theatre import HandedIn
    from sesauditd.report.behaviour import Behaviour

Rows = list[tuple[object, ...]]

VERDICT_COLUMNS = ("Who", "Verdict", "Why")
NUMBER_COLUMNS = ("Who", "Sent", "Delivered", "Dead", "Soft", "Complaints", "Viruses")
MAIL_COLUMNS = ("To", "What the daemon wrote")
END_COLUMNS = ("Who", "Grade", "Gets", "Why")

DOES = {
    Does.BLOCK: "block the address",
    Does.WARN: "warn the customer",
    Does.DISABLE: "stop the domain",
    Does.TERMINATE: "end all access",
}
ENDS = {
    Does.TERMINATE: "loses all access",
    Does.DISABLE: "was stopped\nuntil explained",
    Does.WARN: "was warned",
    Does.BLOCK: "goes on",
}
NOBODYS = {
    Outcome.AUTO_REPLY: "out of office",
    Outcome.ECHO: "echoes of Amazon's own list",
    Outcome.DELAYED: "delayed",
    Outcome.REFUSED_CONTENT: "too large",
    Outcome.UNDETERMINED: "unclear",
    Outcome.OTHER: "not spam after all",
}
"""Outcomes that count against nobody, in the words for one or many."""


def verdict_rows(verdicts: Iterable[Mapping[str, Any]]) -> Rows:
    """Return a row for each verdict, the hardest first; dead addresses share one a customer."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for one in verdicts:
        dead = one["rule"] == Rule.HARD_BOUNCE_BLOCK
        subject = "" if dead else f"{one['recipient'] or one['domain']} {one['reason']}"
        groups.setdefault((one["customer"], one["rule"], subject), []).append(one)
    ordered = sorted(groups.values(), key=lambda found: -Does(found[0]["action"]).severity)
    return [_verdict_row(found) for found in ordered]


def _verdict_row(found: Sequence[Mapping[str, Any]]) -> tuple[object, ...]:
    first = found[0]
    reason = str(first["reason"])
    if len(found) > 1:
        reason = f"{len(found)} addresses, among them: {reason}"
    return first["customer"], f"{first['rule']}\n{DOES[Does(first['action'])]}", reason


def number_rows(behaviours: Iterable[Behaviour]) -> Rows:
    """Return a row of counts for each customer."""
    return [
        (
            one.customer,
            one.mailed,
            one.outcomes[Outcome.DELIVERED],
            one.outcomes[Outcome.HARD_BOUNCE],
            one.outcomes[Outcome.SOFT_BOUNCE],
            one.outcomes[Outcome.COMPLAINT],
            one.outcomes[Outcome.VIRUS],
        )
        for one in behaviours
    ]


def refused(said: Sequence[HandedIn]) -> str:
    """Return a sentence about letters that the SMTP server did not take, empty if it took all."""
    sums = Counter(one.letter.sender.domain for one in said if not one.answer.accepted)
    if not sums:
        return ""
    parts = [f"{count} from {domain}" for domain, count in sums.items()]
    return f"Mails that the SMTP server did not take any more: {_joined(parts)}."


def mail_rows(mails: Iterable[Mapping[str, Any]]) -> Rows:
    """Return a row for each reader of notices, with their subjects in order."""
    subjects: dict[str, Counter[str]] = {}
    for mail in mails:
        headers = {name.lower(): value for name, value in mail["headers"]}
        for reader in mail["to"]:
            subjects.setdefault(reader, Counter())[headers.get("subject", "")] += 1
    return [
        (
            reader,
            "\n".join(text if count == 1 else f"{text} ({count})" for text, count in found.items()),
        )
        for reader, found in subjects.items()
    ]


def _joined(parts: Sequence[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def tolerated(behaviours: Sequence[Behaviour]) -> str:
    """Return a sentence about what nobody is blamed for, empty if there was nothing."""
    sums: Counter[Outcome] = Counter()
    for one in behaviours:
        sums.update(one.outcomes)
    found = [f"{sums[one]} {words}" for one, words in NOBODYS.items() if sums[one]]
    if sums[Outcome.COMPLAINT]:
        found.append("and of complaints the first two of each person")
    return f"Held against nobody: {', '.join(found)}." if found else ""


def end_rows(verdicts: Sequence[Mapping[str, Any]], behaviours: Sequence[Behaviour]) -> Rows:
    """Return who got what and why: the hardest that befell each customer, and what else did."""
    return [
        _end_row(behaviour, [one for one in verdicts if one["customer"] == behaviour.customer])
        for behaviour in behaviours
    ]


def _end_row(behaviour: Behaviour, mine: Sequence[Mapping[str, Any]]) -> tuple[object, ...]:
    hardest = max((Does(one["action"]) for one in mine), key=attrgetter("severity"))
    last = [one for one in mine if one["action"] == hardest][-1]
    harder = [one for one in mine if one["action"] != Does.BLOCK]
    blocked = f"Blocked: {len(mine) - len(harder)} addresses."
    if hardest is Does.BLOCK:
        why = f"no limit was reached\n{blocked}"
    else:
        rules = ", ".join(dict.fromkeys(str(one["rule"]) for one in harder))
        why = f"{last['reason']}\nIn order: {rules}.\n{blocked}"
    grade = behaviour.score.grade if behaviour.score else ""
    return behaviour.customer, grade, ENDS[hardest], why
