"""A case as text: whole for an operator, in plain words for its customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.report.cases import BY_HAND, handed_on, told
from sesauditd.report.plain import cleaned, day, minute, shortened
from sesauditd.report.tables import INDENT, filled, section, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sesauditd.report.cases import CaseFile, Moment

TEXT_SHOWN = 4000
NAME_SHOWN = 80
STATES = {
    "opened": "waits for your explanation",
    "explained": "your explanation is looked at",
    "terminated": "access was ended on all domains",
    "reinstated": "closed: mail is sent again",
    "restored": "closed: access was given back",
    "withdrawn": "closed as groundless: it does not count against you",
}
NEXT = {
    "opened": "Answer this with what happened, and what you changed so that it does not happen "
    "again.",
    "explained": "Nothing for now: you are told what comes of your explanation.",
    "terminated": "If this is a mistake, answer with what happened; it can be undone for 30 days.",
    "reinstated": "Nothing. Counting began anew when mail was let through again.",
    "restored": "Nothing. Counting began anew when mail was let through again.",
    "withdrawn": "Nothing: later reports showed that there was no ground.",
}
UNTIL_THEN = " Until then mail of these domains is not sent."
PARTS = (
    ("recipient", "recipient"),
    ("status", "SMTP status"),
    ("diagnostic", "answer"),
    ("message_id", "message"),
)


def for_operator(file: CaseFile) -> str:
    """Return the whole case."""
    case = file.case
    head = [
        f"{case.id}: {case.customer} ({', '.join(file.domains)})",
        f"  {case.rule}, {case.state}, opened {minute(case.opened_at)} UTC",
    ]
    if file.offence:
        head.append(f"  {file.offence}")
    sections = [
        "\n".join(head),
        section("Why", filled(shortened(file.reason, TEXT_SHOWN), indent=INDENT)),
        section("Timeline", _timeline(file.timeline, with_actors=True)),
        section("Evidence", _evidence(file, file.grounds)),
        section("Strikes of this customer", _strikes(file)),
    ]
    return "\n\n".join(sections)


def for_customer(file: CaseFile) -> str:
    """Return the case in words that its customer understands, with the evidence to check."""
    case = file.case
    sections = [
        f"About mail of {', '.join(file.domains)} ({case.id})",
        section("What happened", filled(shortened(file.reason, TEXT_SHOWN), indent=INDENT)),
        section("Where this stands", filled(STATES.get(case.state, case.state), indent=INDENT)),
        section("In order", _timeline([one for one in file.timeline if told(one)])),
        section("What it rests on", _evidence(file, handed_on(file.grounds))),
        section("What to do", filled(_next(file), indent=INDENT)),
    ]
    return "\n\n".join(sections)


def _timeline(moments: Sequence[Moment], *, with_actors: bool = False) -> str:
    lines = []
    for one in moments:
        by = f" ({cleaned(one.actor)})" if with_actors and one.actor else ""
        text = f"{minute(one.at)}  {shortened(one.text, TEXT_SHOWN)}{by}"
        lines.append(filled(text, indent=INDENT))
    return "\n".join(lines)


def _next(file: CaseFile) -> str:
    waits = file.case.state == "opened" and file.has_begun
    return NEXT.get(file.case.state, "") + (UNTIL_THEN if waits else "")


def _evidence(file: CaseFile, grounds: Iterable[Mapping[str, object]]) -> str:
    lines = [line for ground in grounds for line in _ground(ground)]
    if lines:
        return "\n".join(lines)
    by_hand = file.case.rule == BY_HAND
    said = "An operator decided it." if by_hand else "No verdict stands behind it any more."
    return filled(said, indent=INDENT)


def _ground(ground: Mapping[str, object]) -> Iterator[str]:
    yield filled(shortened(str(ground["reason"]), TEXT_SHOWN), indent=INDENT)
    listed = ground.get("evidence")
    events = listed if isinstance(listed, list) else []
    for one in events:
        said = [f"{name} {cleaned(str(one[key]))}" for key, name in PARTS if one.get(key)]
        yield filled(f"{one.get('at')}: {', '.join(said)}", indent=2 * INDENT)
        if one.get("object"):
            where = f"kept as line {one['line']} of {cleaned(str(one['object']))}"
            yield filled(f"{where}, SHA-256 {one['sha256']}", indent=3 * INDENT)
    count = ground.get("count")
    if isinstance(count, int) and count > len(events):
        yield filled(f"{len(events)} of {count} events are listed", indent=2 * INDENT)


def _strikes(file: CaseFile) -> str:
    if not file.strikes:
        return filled("none", indent=INDENT)
    rows = [(day(one.at), one.rule, one.state, one.case) for one in file.strikes]
    return table(("Day", "Rule", "State", "Case"), rows)
