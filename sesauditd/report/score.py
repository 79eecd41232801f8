"""One number and one letter for how a customer or domain behaves (policy.md section 6)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sesauditd.report.distances import Nearness

LEAST_MAILS = 20
"""Fewer recipients mailed than this say nothing about anybody."""
LESS_PER_DISABLE = 10
DISABLES_REMEMBERED = timedelta(days=90)
GRADES = (("A", 90), ("B", 75), ("C", 50), ("D", 25), ("E", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a customer or domain behaves, 100 at best, and what that comes from."""

    value: float
    """Cut, not rounded, to one decimal, so that no number looks better than its grade."""
    grade: str
    nearest_percent: float
    """The largest of observed/limit over the disabling rules, 100 at most."""
    disables: int
    """In the last 90 days."""


def score(nearnesses: Iterable[Nearness], *, mails: int, disables: int) -> Score | None:
    """Return 100 x (1 - p) less 10 for each disable, not below 0; None for too few mails.

    `p` is the largest of observed/limit over the disabling rules, at worst in the span, 1 at
    most.
    """
    ratios = [one.worst.ratio for one in nearnesses if one.worst is not None]
    return score_at(max(ratios, default=0.0), mails=mails, disables=disables)


def score_at(ratio: float, *, mails: int, disables: int) -> Score | None:
    """Return the score of the largest observed/limit; None for too few mails."""
    if mails < LEAST_MAILS:
        return None
    nearest = min(ratio, 1.0)
    # Decimals behind the sixth are what binary fractions add: 100 x (1 - 0.9) is 9.99...
    exact = round(max(100 * (1 - nearest) - LESS_PER_DISABLE * disables, 0.0), 6)
    return Score(
        value=math.floor(exact * 10) / 10,
        grade=grade(exact),
        nearest_percent=round(100 * nearest, 1),
        disables=disables,
    )


def grade(value: float) -> str:
    """Return the letter of a score."""
    return next(letter for letter, least in GRADES if value >= least)
