"""Policy documents of AWS, compared and merged statement by statement; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Document

VERSION: Final = "2012-10-17"
SID: Final = "Sid"
_LISTS: Final = frozenset({"Action", "NotAction", "Resource", "NotResource"})


def statements_of(policy: str | Mapping[str, JSON] | None) -> dict[str, JSON]:
    """Return a policy's statements by their Sid, in canonical form; a text is read as JSON.

    A statement without a Sid goes by its place: `(1)`. None and an empty text have none.
    Raises ValueError or TypeError if it is no policy.
    """
    if not policy:
        return {}
    document = json.loads(policy) if isinstance(policy, str) else policy
    if not isinstance(document, Mapping):
        raise TypeError("a policy is an object")
    given = document.get("Statement", ())
    listed = given if isinstance(given, Sequence) else (given,)
    found: dict[str, JSON] = {}
    for place, statement in enumerate(listed, start=1):
        if not isinstance(statement, Mapping):
            raise TypeError("a statement of a policy is an object")
        sid = str(statement.get(SID) or f"({place})")
        # Two statements of one Sid are refused by some services and taken by others.
        found[f"{sid} ({place})" if sid in found else sid] = canonical(statement)
    return found


def policy_of(statements: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the policy of these statements, in their order."""
    return {"Version": VERSION, "Statement": list(statements.values())}


def text_of(statements: Mapping[str, JSON]) -> str:
    """Return the policy of these statements as the text that AWS is given."""
    return json.dumps(policy_of(statements), separators=(",", ":"))


def canonical(statement: Document) -> Document:
    """Return a statement in the one form in which equal ones are equal.

    AWS writes a list of one as a text or the other way round, and lists in any order.
    """
    return {key: _part(key, statement[key]) for key in sorted(statement)}


def _part(key: str, value: JSON) -> JSON:
    match value:
        case _ if key in _LISTS:
            return _single(value)
        case Mapping():
            return {name: _condition(below) for name, below in sorted(value.items())}
        case _:
            return value


def _condition(value: JSON) -> JSON:
    """Return the values of a principal or, one mapping further down, of a condition."""
    if isinstance(value, Mapping):
        return {name: _single(below) for name, below in sorted(value.items())}
    return _single(value)


def _single(value: JSON) -> JSON:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value
    ordered = sorted(str(one) for one in value)
    return ordered[0] if len(ordered) == 1 else ordered
