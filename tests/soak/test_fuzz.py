"""Ten minutes of mutations of what the parser knows: each ends in a sound answer."""

from __future__ import annotations

import os
import secrets
import sys
import time

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.soak.fuzzing import corpus, tried
from tests.unit.ingest.test_hostile import mutated

SEED = int(os.environ.get("SESAUDITD_SOAK_SEED") or secrets.randbits(32))
SECONDS = float(os.environ.get("SESAUDITD_SOAK_SECONDS") or 600)
A_ROUND = 2000
LONG = settings(
    max_examples=A_ROUND,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
KNOWN = corpus()


@st.composite
def spliced(draw: st.DrawFn) -> bytes:
    """Draw pieces of two known inputs with a few bytes changed between them."""
    one, other = (bytearray(draw(st.sampled_from(KNOWN))) for _ in range(2))
    made = one[: draw(st.integers(0, len(one)))] + other[draw(st.integers(0, len(other))) :]
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(made)))
        made[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(made)


def test_no_mutation_breaks_a_reader() -> None:
    ends_at = time.monotonic() + SECONDS
    rounds = 0
    while time.monotonic() < ends_at:
        sys.stdout.write(f"\nseed {SEED + rounds}")
        sys.stdout.flush()
        seed(SEED + rounds)(LONG(given(spliced() | mutated())(tried)))()
        rounds += 1
    sys.stdout.write(f"\n{rounds * A_ROUND} inputs\n")
