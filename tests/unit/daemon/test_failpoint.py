"""A failpoint kills the process that was told so, and no other."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from sesauditd.daemon import failpoint

PROGRAM = """
from sesauditd.daemon.failpoint import reach
for number in range(3):
    print(number, flush=True)
    reach("here")
"""


@pytest.mark.parametrize(
    ("wanted", "code", "printed"),
    [
        pytest.param("here:1", -signal.SIGKILL, ["0"], id="the first time"),
        pytest.param("here:3", -signal.SIGKILL, ["0", "1", "2"], id="the third time"),
        pytest.param("here:4", 0, ["0", "1", "2"], id="never so often"),
        pytest.param("elsewhere:1", 0, ["0", "1", "2"], id="another point"),
        pytest.param("", 0, ["0", "1", "2"], id="nothing asked for"),
    ],
)
def test_the_process_dies_at_the_named_point(wanted: str, code: int, printed: list[str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={failpoint.VARIABLE: wanted},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code
    assert ran.stdout.split() == printed
