"""Words and numbers as a person reads them, whatever a stranger wrote into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import idna

from sesauditd.model import calendar
from sesauditd.model.calendar import aware

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Control characters move the cursor, bidirectional marks reorder what is read, and both come
# in diagnostics that receiving servers, and so strangers, write.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_TICKS = "▁▂▃▄▅▆▇█"
BAR_WIDTH = 10


def cleaned(text: str) -> str:
    """Return text on one line, without what a terminal would obey instead of show."""
    return _HOSTILE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"[\t\r\n]+", " ", text))


def shortened(text: str, limit: int) -> str:
    """Return at most so many characters of the cleaned text, the last one an ellipsis if cut."""
    whole = cleaned(text[: limit + 1])
    return whole if len(whole) <= limit else f"{whole[: limit - 1]}…"


def both_forms(domain: str) -> str:
    """Return a domain as its owner writes it, with the form that mail uses behind it.

    `bäcker.example (xn--bcker-gra.example)`: letters that look like others deceive nobody.
    """
    if "xn--" not in domain.lower():
        return cleaned(domain)
    try:
        return f"{cleaned(idna.decode(domain.lower()))} ({cleaned(domain)})"
    except (idna.IDNAError, UnicodeError):
        return cleaned(domain)


def percent(value: float) -> str:
    """Return a percentage with two decimals below one, one decimal above."""
    return f"{value:.2f} %" if 0 < value < 1 else f"{value:.1f} %"


def number(value: int) -> str:
    """Return a count with commas between thousands."""
    return f"{value:,}"


def day(moment: datetime) -> str:
    """Return the day, UTC."""
    return f"{aware(moment):%Y-%m-%d}"


def minute(moment: datetime) -> str:
    """Return the day and the minute, UTC."""
    return f"{aware(moment):%Y-%m-%d %H:%M}"


def iso(moment: datetime | None) -> str | None:
    """Return a time as `2026-01-31T03:00:00Z`, None for none."""
    return None if moment is None else calendar.iso(moment)


def sparkline(values: Sequence[float]) -> str:
    """Return a column for each value, as high as its part of the largest; a dot for zero."""
    largest = max(values, default=0)
    steps = len(_TICKS) - 1
    return "".join(
        "·" if value <= 0 else _TICKS[round(steps * value / largest)] for value in values
    )


def bar(ratio: float) -> str:
    """Return a bar that is full where a limit is reached; anything above zero shows."""
    filled = min(int(ratio * BAR_WIDTH), BAR_WIDTH)
    if ratio > 0:
        filled = max(filled, 1)
    return "█" * filled + "░" * (BAR_WIDTH - filled)
