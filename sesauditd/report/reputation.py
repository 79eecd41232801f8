"""AWS's own rates beside ours, as rows of a table, lines of a screen and a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.reputation import LINES, Kind
from sesauditd.report.plain import iso, minute, number, percent, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.model.reputation import Poll, Tally

NOT_KNOWN = "not known"
NAMES = {Kind.BOUNCE: "Bounces", Kind.COMPLAINT: "Complaints"}
COLUMNS = ("", "AWS's own", "Ours", "Of", "In days", "AWS's is")
PROBLEM_SHOWN = 300


def reputation_rows(poll: Poll) -> Iterator[tuple[object, ...]]:
    """Yield a row for bounces and one for complaints; AWS's rate decides what it is."""
    for kind, name in NAMES.items():
        ours = poll.ours
        yield (
            name,
            _rate(poll.rate(kind)),
            _rate(None if ours is None else ours.rate(kind)),
            None if ours is None else number(ours.of(kind)[1]),
            None if ours is None else ours.days,
            standing(poll, kind),
        )


def standing(poll: Poll, kind: Kind) -> str:
    """Return how AWS's rate stands to its lines, in a few words."""
    rate, lines = poll.rate(kind), LINES[kind]
    if rate is None:
        return NOT_KNOWN
    if rate >= lines.pause:
        return "above pause"
    if rate >= lines.review:
        return "above review"
    return f"{100 * rate / lines.review:.0f} % of review"


def own_rate(poll: Poll | None, kind: Kind) -> str:
    """Return AWS's own rate and how it stands, for a line beside ours."""
    if poll is None:
        return f"{NOT_KNOWN}: no daemon asked yet"
    rate = poll.rate(kind)
    if rate is None:
        return f"{NOT_KNOWN}: {'AWS did not answer' if poll.problem else 'AWS shows none'}"
    return f"{_rate(rate)}, {standing(poll, kind)}, asked {minute(poll.at)}"


def reputation_note(poll: Poll) -> str:
    """Return when AWS was asked, and why something is not known."""
    asked = f"AWS was asked at {minute(poll.at)} UTC"
    if poll.problem is not None:
        return f"{asked} and does not tell: {shortened(poll.problem, PROBLEM_SHOWN)}"
    if poll.bounce_rate is None and poll.complaint_rate is None:
        return (
            f"{asked} and shows no rates, as of an account that hardly sends or never had a "
            "bounce or a complaint."
        )
    return (
        f"{asked}. It counts hard bounces over a representative volume that it does not tell, so "
        "its rates differ from ours."
    )


def status_lines(poll: Poll | None) -> Iterator[tuple[str, str]]:
    """Yield a name and a text for bounces and for complaints."""
    for kind, name in NAMES.items():
        if poll is None:
            yield name, f"AWS's rate {NOT_KNOWN}: no daemon asked yet"
            continue
        yield name, f"AWS's {_rate(poll.rate(kind))}, ours {_ours(poll.ours, kind)}{_of(kind)}"


def reputation_document(poll: Poll | None) -> dict[str, object] | None:
    """Return rates in percent; null is not known, never 0."""
    if poll is None:
        return None
    return {
        "at": iso(poll.at),
        "problem": poll.problem,
        "aws_sent_in_a_day": poll.sent,
        "heard_in_that_day": poll.heard,
        **{f"{kind}s": _document(poll, kind) for kind in Kind},
    }


def _document(poll: Poll, kind: Kind) -> dict[str, object]:
    rate, ours = poll.rate(kind), poll.ours
    own = None if ours is None else ours.rate(kind)
    return {
        "aws_percent": None if rate is None else round(100 * rate, 4),
        "own_percent": None if own is None else round(100 * own, 4),
        "own_count": None if ours is None else ours.of(kind)[0],
        "own_of": None if ours is None else ours.of(kind)[1],
        "own_days": None if ours is None else ours.days,
        "review_percent": round(100 * LINES[kind].review, 4),
        "pause_percent": round(100 * LINES[kind].pause, 4),
        "of_review_percent": None if rate is None else round(100 * rate / LINES[kind].review, 2),
    }


def _rate(rate: float | None) -> str:
    return NOT_KNOWN if rate is None else percent(100 * rate)


def _ours(ours: Tally | None, kind: Kind) -> str:
    rate = None if ours is None else ours.rate(kind)
    if ours is None or rate is None:
        return NOT_KNOWN
    return f"{_rate(rate)} of {number(ours.of(kind)[1])}"


def _of(kind: Kind) -> str:
    lines = LINES[kind]
    return f"; review at {100 * lines.review:g} %, pause at {100 * lines.pause:g} %"
