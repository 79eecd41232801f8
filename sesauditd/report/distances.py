"""How near a customer or domain came to each limit that would have disabled it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sesauditd.model.verdicts import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sesauditd.model.calendar import Week
    from sesauditd.report.sizes import Window


MICROSECOND = timedelta(microseconds=1)


class Basis(StrEnum):
    """What is counted against a limit."""

    RECIPIENTS = "recipients"
    WARNINGS = "warnings"
    AT_ONE_PROVIDER = "recipients_at_one_provider"
    VIRUSES = "viruses"


DISABLING = (
    Rule.HARD_BOUNCE_DISABLE,
    Rule.HARD_BOUNCE_SURGE,
    Rule.GUESSING_DISABLE,
    Rule.COMPLAINT_DISABLE,
    Rule.COMPLAINT_SURGE,
    Rule.VIRUS_DISABLE,
)
"""The rules that disable, in the order in which they are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """What was observed in one window, beside the limit."""

    rule: Rule
    basis: Basis
    scope: str
    """The domain that was looked at, or the customer over all its domains."""
    start: datetime
    end: datetime
    count: int
    count_limit: int
    percent: float | None = None
    """None where the limit is a plain count."""
    percent_limit: float | None = None
    size: int | None = None
    """`n`: different recipients in the window."""

    @property
    def ratio(self) -> float:
        """Return observed/limit: 1 and more is what the rule fires at.

        Where a rate and a count are both needed, the one that is farther from its limit counts.
        """
        counted = self.count / self.count_limit
        if self.percent is None or self.percent_limit is None:
            return counted
        return min(counted, self.percent / self.percent_limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """How near one rule came: in the newest full week, and at worst in the whole span."""

    rule: Rule
    newest: Distance | None
    """None if nothing was counted in that week."""
    worst: Distance | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A distance that is not measured yet: what it can be at most, and what it takes to know."""

    at_most: float
    """The largest ratio that it may have."""
    windows: tuple[Window, ...]
    """Whose different recipients have to be known first."""
    last_moment: datetime
    measured: Callable[[], Distance | None]
    """Returns the distance, None where nothing was counted after all."""
    is_certain: Callable[[], bool] = lambda: False
    """Says whether it has that largest ratio, however many recipients the windows hold."""


def nearest(found: Iterable[Distance]) -> Distance | None:
    """Return the distance with the largest ratio, the earliest and first named among equals."""
    ordered = sorted(found, key=lambda one: (-one.ratio, one.end, one.scope, one.basis))
    return ordered[0] if ordered else None


def nearnesses(
    found: Iterable[Distance], *, since: datetime, newest_week: Week
) -> tuple[Nearness, ...]:
    """Return the nearness of each disabling rule; at worst in a window that ends since then."""
    kept = list(found)
    return tuple(
        Nearness(
            rule=rule,
            newest=nearest(
                one
                for one in kept
                if one.rule is rule and newest_week.start <= last_moment(one) < newest_week.end
            ),
            worst=nearest(one for one in kept if one.rule is rule and last_moment(one) >= since),
        )
        for rule in DISABLING
    )


def last_moment(distance: Distance) -> datetime:
    """Return the last moment of the window: the end of a week belongs to the next one."""
    if distance.rule in {Rule.HARD_BOUNCE_DISABLE, Rule.COMPLAINT_DISABLE}:
        return distance.end - MICROSECOND
    return distance.end
