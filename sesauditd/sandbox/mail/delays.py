"""Delays as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def duration(text: str) -> timedelta:
    """Return the time that `2h`, `1d12h` or `0.5s` means.

    Raises:
        ValueError: it means none.
    """
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip():
        message = f"{text!r} is no delay: write it as 90s, 15m, 2h or 1d12h"
        raise ValueError(message)
    return sum((timedelta(**{UNITS[unit]: float(count)}) for count, unit in parts), timedelta())
