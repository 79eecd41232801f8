"""Single fields of a notification, taken as they are meant or not at all."""

from __future__ import annotations

import re
from datetime import UTC, datetime

LONGEST_TIME = 64

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
"""Control characters, line and paragraph ends, and marks that turn the direction of a text."""
_LEAP_SECOND = re.compile(r"(?<=:\d\d:)60")


def text(value: object, longest: int) -> str | None:
    """Return a string on one line, cut at `longest` characters; None for anything else.

    Control characters become a space: texts of foreign mail servers end in rows, on terminals
    and in mails, where those could do something.
    """
    if not isinstance(value, str):
        return None
    plain = value if value.isprintable() else _CONTROL.sub(" ", value)
    return plain.strip()[:longest].rstrip() or None


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 time in UTC, None if there is none that can be understood.

    One of SES's samples has a space before its offset (`2018-10-08T14:05:45 +0000`). A time
    without an offset is taken as UTC, and a leap second as the second before it.
    """
    if not isinstance(value, str):
        return None
    try:
        found: datetime | None = datetime.fromisoformat(value)
    except ValueError:
        found = _mended(value[:LONGEST_TIME])
    if found is None or found.tzinfo is UTC:
        return found
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return None


def first_text(value: object, longest: int) -> str | None:
    """Return the first string of a tag's list of values, or the string that stands there bare."""
    if isinstance(value, list):
        return text(value[0], longest) if value else None
    return text(value, longest)


def _mended(value: str) -> datetime | None:
    plain = value.strip().replace(" +", "+").replace(" -", "-")
    try:
        return datetime.fromisoformat(_LEAP_SECOND.sub("59", plain))
    except ValueError:
        return None
