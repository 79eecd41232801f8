"""Names and texts as Route 53 writes them, and back."""

from __future__ import annotations

import re
from typing import Final

LONGEST_STRING: Final = 255
"""Bytes of one string of a TXT record (RFC 1035 section 3.3.14)."""
FIRST_PLAIN: Final = 33
LAST_PLAIN: Final = 126
"""Bytes outside of these are written in octal ([R53TXT°])."""

_OCTAL = re.compile(r"\\([0-3][0-7]{2})")
_TOKEN = re.compile(rb"\\([0-3][0-7]{2})|\\(.)|(.)", re.DOTALL)
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)', re.DOTALL)
_KEPT_IN_NAMES = frozenset(".\\")


def plain_name(text: str) -> str:
    r"""Return a name as it compares: lower case, no dot at its end, octal undone.

    Route 53 writes everything but `a-z0-9-_` in octal: a wildcard is `\052` ([R53NAME°]).
    A dot inside of a label stays written, or it would pass for a border.
    """

    def undone(found: re.Match[str]) -> str:
        letter = chr(int(found[1], 8))
        return found[0] if letter in _KEPT_IN_NAMES else letter

    return _OCTAL.sub(undone, text).lower().rstrip(".")


def ancestors(name: str) -> tuple[str, ...]:
    """Return a name and each name above it, longest first, without the root."""
    labels = name.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def is_under(name: str, top: str) -> bool:
    """Say whether a plain name is `top` or below it."""
    return name == top or name.endswith(f".{top}")


def relative_name(name: str, zone: str) -> str:
    """Return a name as panels want it that append the zone's: `@` is the zone itself.

    A name outside the zone comes back whole, with its last dot.
    """
    if name == zone:
        return "@"
    return name.removesuffix(f".{zone}") if is_under(name, zone) else f"{name}."


def quoted(text: bytes) -> str:
    r"""Return a TXT value: strings of at most 255 bytes in quotes, odd bytes in octal."""
    strings = [text[at : at + LONGEST_STRING] for at in range(0, len(text), LONGEST_STRING)]
    return " ".join(f'"{"".join(map(_written, one))}"' for one in strings or [b""])


def unquoted(value: str) -> bytes:
    """Return what a TXT value says: its strings joined, quotes and escapes undone.

    Words without quotes are strings too, as in zone files.
    """
    strings = _STRING.findall(value.encode())
    return b"".join(_undone(within or bare) for within, bare in strings)


def _written(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{chr(byte)}"
    # A blank may stand as it is between quotes, and people read these values.
    if byte == ord(" ") or FIRST_PLAIN <= byte <= LAST_PLAIN:
        return chr(byte)
    return f"\\{byte:03o}"


def _undone(string: bytes) -> bytes:
    return b"".join(
        bytes([int(octal, 8)]) if octal else escaped or byte
        for octal, escaped, byte in _TOKEN.findall(string)
    )
