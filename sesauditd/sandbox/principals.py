"""IAM's users and policies as one document, so that two moments can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from moto.iam.models import iam_backends

from sesauditd.sandbox.authorization import current_document

if TYPE_CHECKING:
    from moto.iam.models import User

Document: TypeAlias = Mapping[str, object]


def principals(account_id: str, boundaries: Mapping[str, str]) -> Document:
    """Return users and managed policies without times and secrets: equal if nothing differs."""
    backend = iam_backends[account_id]["aws"]
    return {
        "users": {
            name: _user(user, boundaries.get(name)) for name, user in sorted(backend.users.items())
        },
        "policies": {
            arn: _parsed(current_document(policy))
            for arn, policy in sorted(backend.managed_policies.items())
        },
    }


def _user(user: User, boundary: str | None) -> Document:
    return {
        "path": user.path,
        "inline": {name: _parsed(text) for name, text in sorted(user.policies.items())},
        "attached": sorted(user.managed_policies),
        "boundary": boundary,
        "keys": {key.access_key_id: key.status for key in user.access_keys},
    }


def _parsed(text: str) -> object:
    return json.loads(text) if text else None
