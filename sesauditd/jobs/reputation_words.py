"""What operators are told of the account's rates: the figures, what they mean, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.jobs.alarms import Finding
from sesauditd.model.reputation import LINES, Kind, Sign

if TYPE_CHECKING:
    from sesauditd.model.reputation import Poll

DO = "see who causes it with `sesauditd report`, and stop the worst"
LOST = (
    "feedback is lost on its way, or somebody sends through a set or an identity that reports "
    "nothing here: run `sesauditd doctor`, and look in SES for sets without our event destination"
)
DIRECT = ", or people complained to AWS itself, which passes that on to nobody"


def rate_finding(name: str, kind: Kind, rate: float, state: str | None, poll: Poll) -> Finding:
    """Return which of AWS's lines a rate has reached, AWS's own or ours."""
    lines = LINES[kind]
    whose = "AWS's own" if name.startswith("reputation") else "our own count of the"
    said = f"{whose} {kind} rate is {_percent(rate)}{_beside(name, kind, poll)}"
    review = (
        f"AWS reviews an account at {_line(lines.review)} and may pause it at {_line(lines.pause)}"
    )
    match state:
        case None:
            summary = f"{said}, below AWS's line of review of {_line(lines.review)}."
        case "near":
            summary = f"{said}, near a line: {review}; {DO} before it is reached."
        case _:
            summary = f"{said}: {review}; {DO}."
    return Finding(
        name=name,
        state=state,
        summary=summary[0].upper() + summary[1:],
        details=_figures(kind, poll),
    )


def disagreement(kind: Kind, found: Sign, poll: Poll) -> Finding:
    """Return that AWS's rate and ours cannot both be right."""
    seen = ", ".join(
        f"{_percent(hits / size)} of {size:,} over {_days(days)}"
        for days, (hits, size) in ((one.days, one.of(kind)) for one in poll.tallies)
        if size
    )
    said = f"AWS's own {kind} rate is {_percent(poll.rate(kind))}, and we counted {seen}"
    why = f"{LOST}{DIRECT if kind is Kind.COMPLAINT else ''}"
    if found is Sign.LOWER:
        why = (
            "AWS may count over a longer time, or leave out recipients at verified domains that "
            "are not registered here; go by the higher figure, nothing is lost"
        )
    return Finding(
        name=f"disagreement_{kind}",
        state=str(found),
        summary=f"{said}: {why}.",
        details=_figures(kind, poll),
    )


def agreement(kind: Kind, poll: Poll) -> Finding:
    """Return that both can be right."""
    return Finding(
        name=f"disagreement_{kind}",
        state=None,
        summary=f"AWS's own {kind} rate, {_percent(poll.rate(kind))}, and ours can both be right.",
        details=_figures(kind, poll),
    )


def unheard_finding(found: Sign, poll: Poll) -> Finding:
    """Return whether AWS sends mail that nobody tells us of."""
    sent = f"AWS counts {poll.sent or 0:,.0f} mails of a day"
    if found is Sign.AGREES:
        summary = f"{sent}, and we heard of {poll.heard:,}: nothing is missing."
    else:
        summary = f"{sent}, and we heard of {poll.heard:,} only: {LOST}."
    return Finding(
        name="unheard_mail",
        state=None if found is Sign.AGREES else "unheard",
        summary=summary,
        details={"sent": poll.sent, "heard": poll.heard},
    )


def _beside(name: str, kind: Kind, poll: Poll) -> str:
    ours = poll.ours
    if name.startswith("reputation"):
        if ours is None or ours.rate(kind) is None:
            return " (we counted no mail)"
        hits, size = ours.of(kind)
        return f" (we counted {_percent(hits / size)} of {size:,} in {_days(ours.days)})"
    rate = poll.rate(kind)
    counted = "" if ours is None else f" of {ours.of(kind)[1]:,} in {_days(ours.days)}"
    return f"{counted} ({'AWS shows none' if rate is None else f'AWS shows {_percent(rate)}'})"


def _figures(kind: Kind, poll: Poll) -> dict[str, object]:
    return {
        "aws_rate": poll.rate(kind),
        "ours": [
            {"days": one.days, "count": one.of(kind)[0], "of": one.of(kind)[1]}
            for one in poll.tallies
        ],
    }


def _percent(rate: float | None) -> str:
    return "not known" if rate is None else f"{100 * rate:.2f} %"


def _line(rate: float) -> str:
    return f"{100 * rate:g} %"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
