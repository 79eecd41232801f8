"""What a policy document says about one request: Deny, Allow or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sesauditd.sandbox.conditions import Context, holds, like


class Effect(StrEnum):
    """What a statement that fits does."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on one resource; `principal` only where the policy is a resource's own."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    principal: str | None = None

    def __post_init__(self) -> None:
        """Write the names of condition keys alike: IAM ignores their case."""
        lowered = {key.lower(): values for key, values in self.context.items()}
        object.__setattr__(self, "context", lowered)


def effect_of(document: str, request: Request, *, ignore_case: bool = True) -> Effect | None:
    """Return what a policy says: Deny wins over Allow, None if no statement fits.

    A document that is no policy says nothing. A condition that is not known here counts for
    a Deny and against an Allow.
    """
    effects = {
        effect
        for statement in _statements(document)
        if (effect := _effect(statement, request, ignore_case=ignore_case)) is not None
    }
    if Effect.DENY in effects:
        return Effect.DENY
    return Effect.ALLOW if effects else None


def _effect(
    statement: Mapping[str, object], request: Request, *, ignore_case: bool
) -> Effect | None:
    effect = Effect.DENY if statement.get("Effect") == "Deny" else Effect.ALLOW
    if not (
        _fits_principal(statement, request)
        and _fits(statement, "Action", request.action, request.context, ignore_case=True)
        and _fits(statement, "Resource", request.resource, request.context)
    ):
        return None
    conditions = statement.get("Condition")
    if not isinstance(conditions, Mapping):
        return effect
    held = holds(conditions, request.context, ignore_case=ignore_case)
    return effect if held or (held is None and effect is Effect.DENY) else None


def _fits(
    statement: Mapping[str, object],
    element: str,
    text: str,
    context: Context,
    *,
    ignore_case: bool = False,
) -> bool:
    """Return whether the element, or its Not form, is about the text."""

    def about(name: str) -> bool:
        patterns = _many(statement.get(name))
        return any(like(one, text, context, ignore_case=ignore_case) for one in patterns)

    if element in statement:
        return about(element)
    return f"Not{element}" in statement and not about(f"Not{element}")


def _fits_principal(statement: Mapping[str, object], request: Request) -> bool:
    if request.principal is None:
        return True
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping):
        return principal == "*"
    named = [one for kind in principal.values() for one in _many(kind)]
    return "*" in named or request.principal in named


def _statements(document: str) -> Sequence[Mapping[str, object]]:
    try:
        policy = json.loads(document)
    except ValueError:
        return ()
    found = policy.get("Statement") if isinstance(policy, Mapping) else None
    many = found if isinstance(found, list) else [found]
    return [one for one in many if isinstance(one, Mapping)]


def _many(value: object) -> Sequence[str]:
    if value is None:
        return ()
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
