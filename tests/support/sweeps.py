"""Sweeps of which `make test` runs a sample, and `make test-full` or `make soak` all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable


def sampled(cases: Iterable[Any], keep: int) -> list[Any]:
    """Return the cases with all but so many, spread evenly, marked as slow."""
    every = list(cases)
    kept = {round(number * (len(every) - 1) / max(keep - 1, 1)) for number in range(keep)}
    return [one if number in kept else _slow(one) for number, one in enumerate(every)]


def examples(count: int, **more: Any) -> hypothesis.settings:
    """Return the settings of a costly property: so many examples, in the soak fifty times that."""
    soaking = hypothesis.settings.get_current_profile_name() == "soak"
    return hypothesis.settings(
        max_examples=50 * count if soaking else count,
        deadline=None,
        **{"suppress_health_check": list(hypothesis.HealthCheck), **more},
    )


def _slow(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
