"""A score with as few looks at sketches as it takes: where the limits are nearest, not all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.model.calendar import Week, last_ended_week, week_of, weeks_between
from sesauditd.model.history import DENOMINATOR, SHIFT
from sesauditd.report import counts
from sesauditd.report.behaviour import disables, looks_back_to
from sesauditd.report.distances import Claim, Distance
from sesauditd.report.fast_limits import fast_claims, virus_distances
from sesauditd.report.score import LEAST_MAILS, Score, score_at
from sesauditd.report.weekly_limits import weekly_claims

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sesauditd.model.limits import Limits
    from sesauditd.report.behaviour import Figures
    from sesauditd.report.sizes import Window


@dataclass(frozen=True, slots=True)
class _Told:
    """`n` of the windows that somebody looked up, and what it can be of the others."""

    domains: frozenset[str]
    first: Week
    """Before it nothing was counted here."""
    counted: Mapping[tuple[str, Week], int]
    """How many recipients may be in sketches, repetitions counted."""
    known: dict[Window, int] = field(default_factory=dict)

    @classmethod
    def about(cls, figures: Figures) -> _Told:
        """Return what counts tell without any sketch."""
        sums: Counter[tuple[str, Week]] = Counter()
        for one in figures.counted:
            if one.outcome in DENOMINATOR:
                sums[one.domain, counts.week_with(one.day)] += one.count
        return cls(frozenset(figures.domains), Week(looks_back_to(figures.span)), sums)

    def of(self, window: Window) -> int:
        """Return `n`; raises KeyError for a window that nobody looked up."""
        return self.known[window]

    def at_most(self, window: Window) -> int | None:
        """Return how many recipients were counted in all weeks that the window touches."""
        last, found = week_of(window.end), 0
        for domain, start in window.starts:
            first = week_of(start - SHIFT)
            if first < self.first:
                return None
            found += sum(self.counted.get((domain, one), 0) for one in weeks_between(first, last))
        return found


@dataclass(slots=True)
class Grading:
    """The score of one customer or domain while it is looked for.

    The nearest limit alone makes a score. What a distance can be at most is known without
    sketches, so that only those are measured that may still be the nearest.
    """

    _claims: list[Claim]
    """Not measured yet; the one that may be nearest last."""
    _told: _Told
    _mails: int
    _disables: int
    _nearest: float = 0.0
    _at_once: int = 1
    """Claims whose windows are asked for together."""

    @classmethod
    def of(cls, figures: Figures, limits: Limits) -> Grading:
        """Return the beginning, for figures that need no sketches."""
        inside = (one for one in figures.counted if figures.span.holds_day(one.day))
        mails = counts.mailed(counts.outcomes(inside))
        told = _Told.about(figures)
        claims: list[Claim] = []
        if mails >= LEAST_MAILS:
            since = figures.span.start
            claims += [one for one in _claims(figures, limits, told) if one.last_moment >= since]
        claims.sort(key=lambda one: one.at_most)
        return cls(claims, told, mails, disables(figures))

    def wanted(self) -> frozenset[Window]:
        """Return the windows whose `n` is needed next: none once the score is certain."""
        while self._open() and self._is_told(self._claims[-1]):
            self._nearest = max(self._nearest, self._ratio(self._claims.pop()))
        if not self._open():
            return frozenset()
        near = self._claims[-self._at_once :]
        asked = [one for one in near if one.at_most > self._nearest and not one.is_certain()]
        # Whoever has many that come near is not asked for one by one.
        self._at_once *= 2
        return frozenset(
            window for one in asked for window in one.windows if window not in self._told.known
        )

    def tell(self, known: Mapping[Window, int]) -> None:
        """Take the `n` of the windows that were wanted."""
        self._told.known.update(known)

    def score(self) -> Score | None:
        """Return the score, once nothing is wanted any more; None for too few mails."""
        return score_at(self._nearest, mails=self._mails, disables=self._disables)

    def _open(self) -> bool:
        """Say whether a claim may still be nearer; beyond its limit none makes a difference."""
        return bool(self._claims) and self._nearest < min(self._claims[-1].at_most, 1.0)

    def _is_told(self, claim: Claim) -> bool:
        return all(window in self._told.known for window in claim.windows) or claim.is_certain()

    def _ratio(self, claim: Claim) -> float:
        if claim.is_certain():
            return claim.at_most
        found = claim.measured()
        return found.ratio if found is not None else 0.0


def _claims(figures: Figures, limits: Limits, told: _Told) -> Iterator[Claim]:
    span, history = figures.span, figures.history
    first = min(week_of(span.start), last_ended_week(span.end))
    weeks = list(weeks_between(first, week_of(span.end)))
    yield from weekly_claims(history, figures.verdicts, limits, told, weeks)
    yield from fast_claims(history, limits, told, (span.start, span.end))
    for one in virus_distances(figures.infected):
        yield Claim(
            at_most=one.ratio, windows=(), last_moment=one.end, measured=partial(_as_is, one)
        )


def _as_is(distance: Distance) -> Distance:
    return distance
