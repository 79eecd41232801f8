"""Rates that small numbers cannot frighten, and counts that add up however they are merged."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.statistics import different, merged, sketch, wilson_lower, wilson_upper

Z = 1.645


def roots(hits: int, trials: int) -> tuple[float, float]:
    """Solve (p - share)^2 = z^2 p (1 - p) / trials for p."""
    share = hits / trials
    a = 1 + Z * Z / trials
    b = -2 * share - Z * Z / trials
    c = share * share
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_solves_its_own_quadratic_equation(case: tuple[int, int]) -> None:
    hits, trials = case
    low, high = roots(hits, trials)
    assert wilson_lower(hits, trials, Z) == pytest.approx(low, abs=1e-9)
    assert wilson_upper(hits, trials, Z) == pytest.approx(high, abs=1e-9)


def test_nothing_tried_has_no_rate() -> None:
    assert wilson_lower(0, 0, Z) == wilson_upper(0, 0, Z) == 0.0


def test_two_of_twenty_is_not_ten_percent() -> None:
    assert wilson_lower(2, 20, Z) < 0.04


def test_twelve_of_a_hundred_stay_below_eight_percent_and_thirteen_do_not() -> None:
    assert wilson_lower(12, 100, Z) < 0.08 <= wilson_lower(13, 100, Z)


@given(st.lists(st.integers(0, 999).map(str), max_size=300))
def test_a_sketch_is_a_function_of_the_set(names: list[str]) -> None:
    again = [*reversed(names), *names]
    assert sketch(names) == sketch(again) == sketch(set(names))


@given(st.lists(st.lists(st.integers(0, 2000).map(str), max_size=80), max_size=6))
def test_merging_does_not_depend_on_grouping(groups: list[list[str]]) -> None:
    parts = [sketch(group) for group in groups]
    everyone = {name for group in groups for name in group}
    assert different(parts) == different(reversed(parts)) == len(everyone)
    assert merged(parts) == merged(reversed([*parts, *parts]))
    assert merged([merged(parts[:2]), merged(parts[2:])]) == merged(parts)


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000])
def test_counts_to_a_thousand_are_exact(count: int) -> None:
    assert different([sketch(f"{number}@x.example" for number in range(count))]) == count


def test_fifty_thousand_are_counted_within_three_percent() -> None:
    names = [f"{number}@x.example" for number in range(50_000)]
    parts = [sketch(names[start : start + 30_000]) for start in (0, 10_000, 20_000)]
    assert different(parts) == pytest.approx(50_000, rel=0.03)
    assert merged(parts) == merged([parts[2], parts[0], parts[1], parts[0]])
