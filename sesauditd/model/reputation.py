"""The account's rates: AWS's own beside ours, its lines, and whether both can be right.

AWS counts hard bounces over a representative volume that it does not tell, and complaints where
providers report them; its simulator and recipients at verified domains are left out (ses-facts 7,
https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html). So its number cannot
be reproduced. What can be said is whether any span of what we saw could have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sesauditd.model.statistics import wilson_lower, wilson_upper

Z = 1.645
"""Makes Wilson's interval one of 90 %."""
SPANS = (1, 7, 28)
"""Days over which we count: AWS's own span may be any."""
REPRESENTATIVE = 10_000
"""Recipients that we take for a representative volume; AWS does not tell its own."""
SLACK = 0.9
"""A rate is below a line again when it is below this share of it: else it flutters."""
FEWEST_JUDGED = 1_000
"""Recipients; of fewer, one complaint is more than AWS's line."""
FEWEST_UNHEARD = 20
UNHEARD_SHARE = 0.05
"""So many mails of a day, and such a share of them, may be on their way or counted otherwise."""


class Kind(StrEnum):
    """What is counted against an account."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"


class Sign(StrEnum):
    """How AWS's figure stands to ours."""

    AGREES = "agrees"
    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Where AWS begins to review an account, and where it may pause it; fractions of 1."""

    review: float
    pause: float


LINES = {
    Kind.BOUNCE: Lines(review=0.05, pause=0.10),
    Kind.COMPLAINT: Lines(review=0.001, pause=0.005),
}
"""https://docs.aws.amazon.com/ses/latest/dg/faqs-enforcement.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What we counted over some days, by AWS's definition as far as it is known."""

    days: int
    mailed: int
    hard_bounces: int
    feeding_back: int
    """Of those mailed, where providers report complaints."""
    complaints: int

    def of(self, kind: Kind) -> tuple[int, int]:
        """Return how many there were, and of how many."""
        hits, size = (
            (self.hard_bounces, self.mailed)
            if kind is Kind.BOUNCE
            else (self.complaints, self.feeding_back)
        )
        return hits, max(hits, size)

    def rate(self, kind: Kind) -> float | None:
        """Return the rate as a fraction of 1, None where nothing was mailed."""
        hits, size = self.of(kind)
        return hits / size if size else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One look: AWS's figures and ours of the same moment. What is not known is None."""

    at: datetime
    bounce_rate: float | None
    complaint_rate: float | None
    sent: float | None
    """What AWS counts as sent in a day that ended an hour before."""
    heard: int
    """What we heard of in that day, recipients."""
    tallies: tuple[Tally, ...]
    """The shortest span first."""
    problem: str | None = None
    """Why AWS's figures are not known, where it is known."""

    def rate(self, kind: Kind) -> float | None:
        """Return AWS's own rate."""
        return self.bounce_rate if kind is Kind.BOUNCE else self.complaint_rate

    @property
    def ours(self) -> Tally | None:
        """Return our count over a representative volume, or over the longest span we have."""
        enough = (one for one in self.tallies if one.mailed >= REPRESENTATIVE)
        return next(enough, self.tallies[-1] if self.tallies else None)


def level(rate: float, kind: Kind, near: float, before: str | None) -> str | None:
    """Return `pause`, `review`, `near` or None: the line that a rate has reached.

    `near` is the share of the line of review from which it is told; `before` is what was told
    last: below a line again is only what is clearly below it.
    """
    lines = LINES[kind]
    steps = {"pause": lines.pause, "review": lines.review, "near": round(lines.review * near, 12)}
    names = list(steps)
    stood = names.index(before) if before in steps else len(names)
    for place, (name, line) in enumerate(steps.items()):
        if rate >= line or (stood <= place and rate >= line * SLACK):
            return name
    return None


def sign(poll: Poll, kind: Kind, tolerance: float) -> Sign | None:
    """Return whether any span of ours could have AWS's rate; None where that is not known.

    `tolerance` is a share of AWS's line of review, on top of what chance explains.
    """
    rate = poll.rate(kind)
    found = [one.of(kind) for one in poll.tallies]
    seen = [(hits, size) for hits, size in found if size]
    if rate is None or not seen:
        return None
    leeway = tolerance * LINES[kind].review
    if rate > max(wilson_upper(hits, size, Z) for hits, size in seen) + leeway:
        return Sign.HIGHER
    if rate < min(wilson_lower(hits, size, Z) for hits, size in seen) - leeway:
        return Sign.LOWER
    return Sign.AGREES


def unheard(poll: Poll) -> Sign | None:
    """Return whether AWS sent more than we heard of; None where AWS does not say."""
    if poll.sent is None:
        return None
    leeway = max(FEWEST_UNHEARD, UNHEARD_SHARE * poll.sent)
    return Sign.HIGHER if poll.sent - poll.heard > leeway else Sign.AGREES


def settled(signs: Sequence[Sign | None], polls: int) -> Sign | None:
    """Return what the newest polls agree in, None while they do not; the newest first.

    Polls that know nothing are no sign of anything, whatever went before.
    """
    known = [one for one in signs if one is not None][:polls]
    return known[0] if len(known) == polls and len(set(known)) == 1 else None
