"""What a policy document of AWS allows and denies, as far as a stranger can tell; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON

EQUAL: Final = frozenset({"StringEquals", "StringEqualsIgnoreCase"})
LIKE: Final = frozenset({"StringLike", "ArnLike", "ArnEquals"})
"""ArnEquals knows wildcards, too (IAM's page of condition operators)."""
WILD: Final = "[*?]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this be done? `context` holds the condition keys that are known, in lower case."""

    action: str
    resource: str
    principal: str | None = None
    """None where the policy is a user's own and names nobody."""
    context: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Iterable[Mapping[str, JSON]], question: Question) -> bool:
    """Return whether a statement allows it; conditions about other keys are not weighed."""
    return any(
        one.get("Effect") == "Allow" and _fits(one, question) and _holds(one, question, lax=True)
        for one in statements
    )


def denies(statements: Iterable[Mapping[str, JSON]], question: Question) -> bool:
    """Return whether a statement surely denies it: one with other conditions does not."""
    return any(
        one.get("Effect") == "Deny" and _fits(one, question) and _holds(one, question, lax=False)
        for one in statements
    )


def covers(patterns: Iterable[str], text: str, *, ignore_case: bool = False) -> bool:
    """Return whether a pattern with `*` and `?` fits the text."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return any(re.fullmatch(_expression(one), text, flags) for one in patterns)


def texts(value: JSON) -> Sequence[str]:
    """Return what AWS writes as one text or as a list of them."""
    if isinstance(value, str):
        return (value,)
    return [str(one) for one in value] if isinstance(value, Sequence) else ()


def principals(statement: Mapping[str, JSON]) -> Sequence[str]:
    """Return whom a statement is about: services, accounts, users, or `*`."""
    named = statement.get("Principal")
    if isinstance(named, Mapping):
        return [one for kind in named.values() for one in texts(kind)]
    return texts(named)


def conditions(statement: Mapping[str, JSON]) -> Iterable[tuple[str, str, Sequence[str]]]:
    """Yield the conditions of a statement: operator, key in lower case, values."""
    found = statement.get("Condition")
    for operator, keys in found.items() if isinstance(found, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield operator, key.lower(), texts(values)


def _fits(statement: Mapping[str, JSON], question: Question) -> bool:
    return (
        covers(texts(statement.get("Action")), question.action, ignore_case=True)
        and covers(texts(statement.get("Resource")), question.resource)
        and _about(statement, question.principal)
    )


def _about(statement: Mapping[str, JSON], principal: str | None) -> bool:
    named = principals(statement)
    return principal is None or "*" in named or principal in named


def _holds(statement: Mapping[str, JSON], question: Question, *, lax: bool) -> bool:
    """Return whether all conditions hold; one that cannot be weighed counts as `lax` says."""
    return all(
        _one(operator, question.context.get(key), values, lax=lax)
        for operator, key, values in conditions(statement)
    )


def _one(operator: str, known: str | None, values: Sequence[str], *, lax: bool) -> bool:
    base = operator.rpartition(":")[2].removesuffix("IfExists")
    if known is None or base not in EQUAL | LIKE:
        return lax
    if base in LIKE:
        return covers(values, known)
    return known in values


def _expression(pattern: str) -> str:
    pieces = re.split(f"({WILD})", pattern)
    return "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pieces)
