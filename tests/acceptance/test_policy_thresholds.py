"""Each volume rule below, at and above its limit, for senders of every size, shipped or own.

What is expected is worked out here from the text of the policy, by other arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import sqrt
from typing import Any

import pytest

from sesauditd.config.limits_file import limits_for
from sesauditd.model.events import Outcome
from sesauditd.model.limits import Limits
from sesauditd.model.surge import judge_surges
from sesauditd.model.weekly import judge_week
from tests.unit.model.builders import WEEK, at, domains, hourly, strikes

SIZES = (1, 14, 20, 50, 99, 100, 101, 180, 500, 999, 1000, 1001, 1500, 2500, 6000, 15_000)
Z = 1.645
OWN: Mapping[str, Any] = {
    "hard_bounce": {
        "warn": {"small_below": 60, "small_count": 4, "rate_percent": 2.0, "count": 3},
        "disable": {"small_below": 60, "small_count": 9, "rate_percent": 5.5, "count": 7},
        "surge": {"count": 40, "new_customer_count": 40, "rate_percent": 2.5},
    },
    "complaint": {
        "warn": {"small_below": 500, "small_count": 2, "rate_percent": 0.05, "count": 2},
        "disable": {"small_below": 500, "small_count": 4, "rate_percent": 0.15, "count": 3},
        "terminate": {"small_below": 500, "small_count": 8, "rate_percent": 0.5, "count": 8},
        "surge": {"count": 12, "rate_percent": 0.2},
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the policy: a count below some size, else a share in percent and a count."""

    rule: str
    below: int
    small: int
    percent: float
    count: int

    def fires(self, hits: int, size: int, share: float) -> bool:
        """Say whether the row is fulfilled."""
        if size < self.below:
            return hits >= self.small
        return share >= self.percent / 100 and hits >= self.count


BOUNCES = (
    Step(rule="hard_bounce.warn", below=100, small=8, percent=4, count=5),
    Step(rule="hard_bounce.disable", below=100, small=15, percent=8, count=10),
)
COMPLAINTS = (
    Step(rule="complaint.warn", below=1000, small=3, percent=0.08, count=2),
    Step(rule="complaint.disable", below=1000, small=5, percent=0.3, count=5),
    Step(rule="complaint.terminate", below=1000, small=15, percent=1, count=15),
)
OWN_BOUNCES = (
    Step(rule="hard_bounce.warn", below=60, small=4, percent=2, count=3),
    Step(rule="hard_bounce.disable", below=60, small=9, percent=5.5, count=7),
)
OWN_COMPLAINTS = (
    Step(rule="complaint.warn", below=500, small=2, percent=0.05, count=2),
    Step(rule="complaint.disable", below=500, small=4, percent=0.15, count=3),
    Step(rule="complaint.terminate", below=500, small=8, percent=0.5, count=8),
)
TABLES = {
    "bounces": (Outcome.HARD_BOUNCE, BOUNCES, Limits()),
    "complaints": (Outcome.COMPLAINT, COMPLAINTS, Limits()),
    "bounces, own numbers": (Outcome.HARD_BOUNCE, OWN_BOUNCES, limits_for(Limits(), OWN)),
    "complaints, own numbers": (Outcome.COMPLAINT, OWN_COMPLAINTS, limits_for(Limits(), OWN)),
}


def expected(outcome: Outcome, steps: tuple[Step, ...], hits: int, size: int) -> str | None:
    """Return the strongest rule that fires, None if none does."""
    share = lower(hits, size) if outcome is Outcome.HARD_BOUNCE else hits / size
    found = [one.rule for one in steps if one.fires(hits, size, share)]
    return found[-1] if found else None


def lower(hits: int, size: int) -> float:
    """Return the smaller root of (p - hits/n)^2 = z^2 p (1 - p) / n, Wilson's lower end."""
    a = 1 + Z**2 / size
    b = -(2 * hits / size + Z**2 / size)
    c = (hits / size) ** 2
    return (-b - sqrt(b * b - 4 * a * c)) / (2 * a)


def around(outcome: Outcome, steps: tuple[Step, ...], size: int) -> Iterator[int]:
    """Yield the numbers of hits on both sides of each step, and some in between."""
    most = min(size, 2000)
    ends = [expected(outcome, steps, hits, size) for hits in range(most + 1)]
    edges = [number for number, (one, other) in enumerate(pairwise(ends)) if one != other]
    near = {edge + by for edge in edges for by in (0, 1, 2)} | {1, most}
    yield from sorted(one for one in near if 1 <= one <= most)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("table", TABLES)
def test_a_weekly_rule_fires_from_its_limit_on(table: str, size: int) -> None:
    outcome, steps, limits = TABLES[table]
    sent = hourly(size, at(days=1))
    for hits in around(outcome, steps, size):
        # The status says nothing of an unknown user, so that nobody takes them for guesses.
        struck = strikes(hits, outcome, start=at(days=2), status="5.2.1")
        found = [str(one.rule) for one in judge_week(domains(struck, sent), WEEK, limits, ())]
        rule = expected(outcome, steps, hits, size)
        assert found == ([rule] if rule else []), f"{hits} of {size}"


@pytest.mark.parametrize(
    ("outcome", "count", "percent", "limits"),
    [
        pytest.param(Outcome.HARD_BOUNCE, 100, 1.0, Limits(), id="bounces"),
        pytest.param(Outcome.COMPLAINT, 25, 0.1, Limits(), id="complaints"),
        pytest.param(Outcome.HARD_BOUNCE, 40, 2.5, limits_for(Limits(), OWN), id="own bounces"),
        pytest.param(Outcome.COMPLAINT, 12, 0.2, limits_for(Limits(), OWN), id="own complaints"),
    ],
)
def test_a_surge_fires_from_its_limit_on(
    outcome: Outcome, count: int, percent: float, limits: Limits
) -> None:
    rule = "hard_bounce.surge" if outcome is Outcome.HARD_BOUNCE else "complaint.surge"
    largest = int(count * 100 / percent)
    # Far above a thousand the size is known within 3 %.
    far = largest + (1 if largest < 16_000 else largest * 3 // 100)
    near = largest if largest < 16_000 else largest - largest * 3 // 100
    for hits, size, fires in (
        (count - 1, count, False),
        (count, count, True),
        (count + 1, 4 * count, True),
        (count, near, True),
        (count, far, False),
    ):
        struck = strikes(
            hits, outcome, start=at(days=2), apart=timedelta(minutes=5), status="5.2.1"
        )
        found = judge_surges(domains(struck, hourly(size, at(days=2))), limits)
        assert [str(one.rule) for one in found] == [rule] * fires, f"{hits} of {size}"
