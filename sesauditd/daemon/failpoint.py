"""Named points at which a test kills the process, as a power cut would."""

from __future__ import annotations

import os
import signal
from collections import Counter

VARIABLE = "SESAUDITD_FAILPOINT"
"""`name:n` kills the process when the point is reached for the n-th time."""

_wanted, _, _times = os.environ.get(VARIABLE, "").partition(":")
_reached: Counter[str] = Counter()


def reach(name: str) -> None:
    """Die here, without any clean-up, if the environment asked for it; else do nothing."""
    if name != _wanted:
        return
    _reached[name] += 1
    if _reached[name] == int(_times or 1):
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
