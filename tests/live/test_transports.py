"""The plain transport bears what the lean one bears: the same tests of faults and deaths again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemons import TRANSPORT

ROOT = Path(__file__).parents[2]
AGAIN = ("test_crashes", "test_lost_answers", "test_outages", "test_signals", "test_failpoints")


@pytest.mark.slow
@pytest.mark.parametrize("name", AGAIN)
def test_faults_and_deaths_end_the_same_by_aiobotocores_own_client(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", f"tests/live/{name}.py"],
        cwd=ROOT,
        env=os.environ | {TRANSPORT: "aiobotocore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-5000:]
