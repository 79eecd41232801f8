"""What a validator complains about, in one line: where, which key, which value, what instead."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
LONGEST_VALUE = 60

_EXPECTATIONS = (
    (re.compile(r"^Value error, "), ""),
    (re.compile(r"^Input should be "), "expected "),
    (re.compile(r"\b(?:a valid dictionary|an object|a dictionary)\b.*"), "a table of keys"),
    (re.compile(r"\ba valid (?:list|tuple|array)\b"), "a list"),
    (re.compile(r"\ba valid string\b"), "text in quotes"),
    (re.compile(r"\ba valid integer\b"), "a whole number"),
    (re.compile(r"\ba valid (?:number|float)\b"), "a number"),
    (re.compile(r"\bgreater than or equal to\b"), "at least"),
    (re.compile(r"\bless than or equal to\b"), "at most"),
    (re.compile(r"\bgreater than\b"), "more than"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the checked document was read from, so that a problem can name its place."""

    prefix: str
    """The file, or whatever stands before the key's name."""
    known: Collection[str]
    """Dotted names that a mistyped key may have meant."""
    secret: Collection[str] = ()
    """Dotted names of keys whose values are never shown."""
    spell: Callable[[str], str] = str
    """How a dotted name is written where the value came from."""


def path_of(error: ValidationError) -> tuple[str, ...]:
    """Return the names of tables and key that the first problem is about."""
    return _path(error.errors(include_url=False)[0])


def first_line(error: ValidationError, reading: Reading) -> str:
    """Return the first problem in one line, and how many more there are."""
    details = error.errors(include_url=False)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return one_line(_described(details[0], reading) + more)


def meant(name: str, known: Collection[str], spell: Callable[[str], str] = str) -> str:
    """Return ` (did you mean X?)` for the known name nearest to this one, else nothing."""
    nearest = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {spell(nearest[0])}?)" if nearest else ""


def one_line(text: str) -> str:
    """Return text with everything that does not print, line breaks above all, as escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def shown(value: object) -> str:
    """Return a value as it might stand in the file, on one line and not too long."""
    text = one_line(json.dumps(value, default=str, ensure_ascii=False))
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def _described(detail: ErrorDetails, reading: Reading) -> str:
    key = ".".join(_path(detail))
    name = reading.prefix + reading.spell(key)
    if detail["type"] in UNKNOWN:
        return f"{name}: there is no such key{meant(key, reading.known, reading.spell)}"
    # A whole section in place of a table may hold the secret as well.
    hidden = any(secret == key or secret.startswith(f"{key}.") for secret in reading.secret)
    value = "(not shown)" if hidden else shown(detail["input"])
    return f"{name} = {value}: {_expectation(detail['msg'])}"


def _path(detail: ErrorDetails) -> tuple[str, ...]:
    return tuple(part for part in detail["loc"] if isinstance(part, str))


def _expectation(message: str) -> str:
    for pattern, replacement in _EXPECTATIONS:
        message = pattern.sub(replacement, message)
    return message
