"""The conditions of IAM policies, as functions of a statement and the keys of a request."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Context: TypeAlias = Mapping[str, Sequence[str]]
"""The condition keys of a request in lower case, each with all its values."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_SPECIAL = re.compile(r"\$\{[^}]*\}|\*|\?")
_LITERALS = {"*", "?", "$"}
_OPERATOR = re.compile(
    r"(?P<several>ForAnyValue|ForAllValues)?:?(?P<base>[A-Za-z]+?)(?P<lenient>IfExists)?"
)
_ARN_PARTS = 5
"""Colons of an ARN after which everything is the resource."""


def like(pattern: str, text: str, context: Context, *, ignore_case: bool = False) -> bool:
    """Return whether a text fits a pattern with `*`, `?` and policy variables.

    A variable stands for its own letters: `${*}` is an asterisk, and an address that holds a
    wildcard is none as the value of a variable (ses-facts 4.1). An unknown one fits nothing.
    """
    pieces: list[str] = []
    at = 0
    for found in _SPECIAL.finditer(pattern):
        pieces.append(re.escape(pattern[at : found.start()]))
        at = found.end()
        if found[0] in {"*", "?"}:
            pieces.append(".*" if found[0] == "*" else ".")
            continue
        value = _value_of(found[0][2:-1], context)
        if value is None:
            return False
        pieces.append(re.escape(value))
    pieces.append(re.escape(pattern[at:]))
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.fullmatch("".join(pieces), text, flags) is not None


def holds(
    conditions: Mapping[str, Mapping[str, object]], context: Context, *, ignore_case: bool
) -> bool | None:
    """Return whether every condition of a statement holds; None if one is not known here.

    `ignore_case` says whether SES honours the IgnoreCase operators for its own keys, which it
    neither shows nor forbids (ses-facts 4.1, [?]).
    """
    results = [
        _holds_one(operator, key.lower(), _texts(wanted), context, ignore_case=ignore_case)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    ]
    if False in results:
        return False
    return None if None in results else True


def _holds_one(
    operator: str, key: str, wanted: Sequence[str], context: Context, *, ignore_case: bool
) -> bool | None:
    values = context.get(key)
    if operator == "Null":
        return (not values) == (wanted[0].lower() == "true")
    found = _OPERATOR.fullmatch(operator)
    known = _COMPARISONS.get(found["base"]) if found else None
    if found is None or known is None:
        return None
    if not ignore_case and key.startswith("ses:"):
        known = _COMPARISONS.get(found["base"].replace("IgnoreCase", ""), known)
    fits = [known.fits(one, wanted, context) for one in values or ()]
    if not fits and found["several"] is None:
        return bool(found["lenient"]) or known.negated
    return _combined(found["several"], fits)


def _combined(several: str | None, fits: Sequence[bool]) -> bool:
    """Join what each value of a key came to (ses-facts 4.1).

    ForAnyValue is false without the key and ForAllValues true; a key of several values needs
    one of them, so without it such a key fits nothing here.
    """
    match several:
        case "ForAllValues":
            return all(fits)
        case "ForAnyValue":
            return any(fits)
        case _:
            return fits == [True]


@dataclass(frozen=True, slots=True)
class _Comparison:
    same: Callable[[str, str, Context], bool]
    negated: bool = False

    def fits(self, value: str, wanted: Sequence[str], context: Context) -> bool:
        found = any(self.same(one, value, context) for one in wanted)
        return found is not self.negated


def _equal(wanted: str, value: str, context: Context) -> bool:
    return _filled(wanted, context) == value


def _equal_ignoring_case(wanted: str, value: str, context: Context) -> bool:
    filled = _filled(wanted, context)
    return filled is not None and filled.lower() == value.lower()


def _arn_like(wanted: str, value: str, context: Context) -> bool:
    """Compare the six parts of two ARNs one by one: a wildcard does not reach over a colon."""
    patterns, parts = wanted.split(":", _ARN_PARTS), value.split(":", _ARN_PARTS)
    return len(patterns) == len(parts) and all(
        like(pattern, part, context) for pattern, part in zip(patterns, parts, strict=True)
    )


_COMPARISONS = {
    "StringEquals": _Comparison(_equal),
    "StringNotEquals": _Comparison(_equal, negated=True),
    "StringEqualsIgnoreCase": _Comparison(_equal_ignoring_case),
    "StringNotEqualsIgnoreCase": _Comparison(_equal_ignoring_case, negated=True),
    "StringLike": _Comparison(like),
    "StringNotLike": _Comparison(like, negated=True),
    "ArnEquals": _Comparison(_arn_like),
    "ArnLike": _Comparison(_arn_like),
    "ArnNotEquals": _Comparison(_arn_like, negated=True),
    "ArnNotLike": _Comparison(_arn_like, negated=True),
    "Bool": _Comparison(_equal_ignoring_case),
}


def _filled(text: str, context: Context) -> str | None:
    """Return the text with its variables filled in, None if one is unknown."""
    if "${" not in text:
        return text
    values = {name: _value_of(name, context) for name in _VARIABLE.findall(text)}
    if None in values.values():
        return None
    return _VARIABLE.sub(lambda found: values[found[1]] or "", text)


def _value_of(variable: str, context: Context) -> str | None:
    if variable in _LITERALS:
        return variable
    values = context.get(variable.lower(), ())
    return values[0] if len(values) == 1 else None


def _texts(wanted: object) -> Sequence[str]:
    many = wanted if isinstance(wanted, list) else [wanted]
    return ["true" if one is True else "false" if one is False else str(one) for one in many]
