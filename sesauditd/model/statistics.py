"""Rates that small numbers cannot frighten, and counts of different recipients that add up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import datasketches

LOG2_ENTRIES = 14
"""Exact to 16,384 different recipients; above, the standard error is 1/sqrt(16384) = 0.8 %."""


def wilson_lower(hits: int, trials: int, z: float) -> float:
    """Return the lower end of Wilson's score interval for hits of trials, a fraction in 0..1.

    Wilson, "Probable inference" (JASA 22, 1927), equation for the interval's ends; z = 1.645
    gives the 90 % interval.
    """
    if trials <= 0:
        return 0.0
    share = min(hits / trials, 1.0)
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max((centre - spread) / (1 + z * z / trials), 0.0)


def wilson_upper(hits: int, trials: int, z: float) -> float:
    """Return the upper end of the same interval, a fraction in 0..1."""
    if trials <= 0:
        return 0.0
    share = min(hits / trials, 1.0)
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return min((centre + spread) / (1 + z * z / trials), 1.0)


def sketch(recipients: Iterable[str]) -> bytes:
    """Return a theta sketch of the different recipients, the same bytes in whatever order.

    Trimming leaves exactly the smallest hashes and the one above them as the threshold, a
    function of the set alone: that makes roll-ups independent of order and repetition.
    """
    import datasketches

    building = datasketches.update_theta_sketch(lg_k=LOG2_ENTRIES)
    for recipient in recipients:
        building.update(recipient)
    building.trim()
    return bytes(building.compact().serialize())


def merged(sketches: Iterable[bytes]) -> bytes:
    """Return the sketch of the union."""
    return bytes(_union(sketches).serialize())


def different(sketches: Iterable[bytes]) -> int:
    """Return how many different recipients the sketches hold together."""
    estimate: float = _union(sketches).get_estimate()
    return round(estimate)


def _union(sketches: Iterable[bytes]) -> datasketches.compact_theta_sketch:
    import datasketches

    union = datasketches.theta_union(lg_k=LOG2_ENTRIES)
    for one in sketches:
        union.update(datasketches.compact_theta_sketch.deserialize(one))
    return union.get_result()
