"""The account as AWS sees it: each customer's share of its bounces and complaints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome
from sesauditd.report import counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.model.reputation import Poll
    from sesauditd.report.figures import Counted, Span
    from sesauditd.report.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Where AWS begins to review an account, and where it may pause it, in percent.

    https://docs.aws.amazon.com/ses/latest/dg/faqs-enforcement.html; AWS takes a
    representative volume that it does not tell, so its own number is another.
    """

    review_percent: float
    pause_percent: float


BOUNCE_LINES = Lines(review_percent=5.0, pause_percent=10.0)
COMPLAINT_LINES = Lines(review_percent=0.1, pause_percent=0.5)
"""The same as `model.reputation.LINES`; a test holds them equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Bounces or complaints of a customer or of the whole account."""

    count: int
    size: int
    """Recipients mailed; for complaints, where providers report them."""
    percent: float
    share_percent: float
    """Of all that the account has."""
    budget_percent: float
    """Of what the whole account may have before AWS reviews it."""
    of_room_percent: float | None
    """Of what it may still have before that; None where nothing is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One customer's part in the account."""

    customer: str
    mailed: int
    bounces: Against
    complaints: Against
    score: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The whole account in a span, and who has which part in it."""

    span: Span
    mailed: int
    bounces: Against
    complaints: Against
    members: tuple[Member, ...]
    """Those who cost the account most first."""
    unattributed: int
    """Stored events that belong to nobody and are in none of these numbers."""
    reputation: Poll | None = None
    """What AWS last said of itself, beside our count by its definition; None: never asked."""


def account(
    span: Span,
    counted: Mapping[str, Sequence[Counted]],
    scores: Mapping[str, Score | None],
    unattributed: int,
    reputation: Poll | None = None,
) -> Account:
    """Return the account page; `counted` is by customer, and may reach back beyond the span."""
    inside = {
        customer: [one for one in found if span.holds_day(one.day)]
        for customer, found in counted.items()
    }
    everybody = [one for found in inside.values() for one in found]
    sums = _Sums.of(everybody)
    whole = _member("", sums, sums, None)
    members = [
        _member(customer, _Sums.of(found), sums, scores.get(customer))
        for customer, found in inside.items()
    ]
    return Account(
        span=span,
        mailed=whole.mailed,
        bounces=whole.bounces,
        complaints=whole.complaints,
        members=tuple(sorted(members, key=_costliest)),
        unattributed=unattributed,
        reputation=reputation,
    )


def standing_of(against: Against, lines: Lines) -> str:
    """Return in a word how the rate stands to AWS's lines."""
    if against.percent >= lines.pause_percent:
        return "pause"
    return "review" if against.percent >= lines.review_percent else "below"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """What somebody's counts add up to."""

    mailed: int
    feeding_back: int
    """Of those mailed, recipients whose providers report complaints."""
    bounced: int
    complained: int

    @classmethod
    def of(cls, counted: Sequence[Counted]) -> _Sums:
        """Return the sums of counts."""
        sums = counts.outcomes(counted)
        return cls(
            mailed=counts.mailed(sums),
            feeding_back=counts.mailed(counts.outcomes(counted, feeding_back=True)),
            bounced=sums[Outcome.HARD_BOUNCE],
            complained=sums[Outcome.COMPLAINT],
        )


def _member(customer: str, own: _Sums, whole: _Sums, score: Score | None) -> Member:
    bounces_budget = BOUNCE_LINES.review_percent / 100 * whole.mailed
    complaints_budget = COMPLAINT_LINES.review_percent / 100 * whole.feeding_back
    return Member(
        customer=customer,
        mailed=own.mailed,
        bounces=against(own.bounced, own.mailed, whole.bounced, bounces_budget),
        complaints=against(own.complained, own.feeding_back, whole.complained, complaints_budget),
        score=score,
    )


def against(count: int, size: int, whole: int, budget: float) -> Against:
    """Return so many of so many mailed, when the account has `whole` and may have `budget`."""
    trials, room = max(size, count), budget - whole
    return Against(
        count=count,
        size=trials,
        percent=100 * count / trials if trials else 0.0,
        share_percent=100 * count / whole if whole else 0.0,
        budget_percent=100 * count / budget if budget else 0.0,
        of_room_percent=100 * count / room if room > 0 else None,
    )


def _costliest(member: Member) -> tuple[float, float, int, str]:
    return (
        -member.complaints.share_percent - member.bounces.share_percent,
        -member.complaints.share_percent,
        -member.mailed,
        member.customer,
    )
