"""The machine of tests/live/test_any_fault.py for minutes, with longer stories."""

from __future__ import annotations

import os
import secrets
import sys
import time

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.live.test_any_fault import AnyFaults

SEED = int(os.environ.get("SESAUDITD_SOAK_SEED") or secrets.randbits(32))
"""Another at each run, unless the environment asks for one that was printed."""
SECONDS = float(os.environ.get("SESAUDITD_SOAK_SECONDS") or 300)
LONG = settings(
    max_examples=10,
    stateful_step_count=60,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def test_no_story_of_faults_breaks_a_promise() -> None:
    ends_at = time.monotonic() + SECONDS
    rounds = 0
    while time.monotonic() < ends_at:
        sys.stdout.write(f"\nseed {SEED + rounds}")
        sys.stdout.flush()
        run_state_machine_as_test(seed(SEED + rounds)(AnyFaults), settings=LONG)
        rounds += 1
    sys.stdout.write(f"\n{rounds * LONG.max_examples} stories of up to 60 steps\n")
