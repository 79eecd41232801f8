"""The limits of IAM that moto does not know (ses-facts 4 and 4.1, [IAMQ])."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends

from sesauditd.sandbox.naming import whole_parameters_of
from sesauditd.sandbox.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.iam.models import User

    from sesauditd.sandbox.calls import Answer, Call

LARGEST_POLICY = 6_144
"""Characters of a managed policy; white space is not counted."""
LARGEST_INLINE = 2_048
"""Characters of all inline policies of one user together."""
MOST_ATTACHED = 10
"""Managed policies of one user."""

_WHITE = re.compile(r"\s")
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\u00ff]")


@dataclass(frozen=True, slots=True)
class Limits:
    """IAM's quotas in one account."""

    account_id: str

    def stop(self, call: Call) -> Answer | None:
        """Refuse what AWS refuses for its size, or let it pass."""
        if call.service != "iam":
            return None
        given = whole_parameters_of(call)
        if _UNSPEAKABLE.search(given.get("PolicyDocument", "")):
            text = "The specified value for policyDocument is invalid: letters above U+00FF."
            return refusal(call, "MalformedPolicyDocument", text)
        why = self._too_much(call.operation, given)
        return refusal(call, "LimitExceeded", why, status=409) if why else None

    def _too_much(self, operation: str | None, given: Mapping[str, str]) -> str:
        match operation:
            case "CreatePolicy" | "CreatePolicyVersion":
                size = _size(given.get("PolicyDocument", ""))
                return _over("PolicySize", LARGEST_POLICY) if size > LARGEST_POLICY else ""
            case "PutUserPolicy":
                return self._inline(given)
            case "AttachUserPolicy":
                return self._attached(given)
            case _:
                return ""

    def _inline(self, given: Mapping[str, str]) -> str:
        user = self._user(given)
        others = dict(user.policies) if user else {}
        others[given.get("PolicyName", "")] = given.get("PolicyDocument", "")
        if sum(map(_size, others.values())) <= LARGEST_INLINE:
            return ""
        return (
            f"Maximum policy size of {LARGEST_INLINE} bytes exceeded for user "
            f"{given.get('UserName', '')}"
        )

    def _attached(self, given: Mapping[str, str]) -> str:
        user = self._user(given)
        attached = set(user.managed_policies) if user else set()
        attached.add(given.get("PolicyArn", ""))
        return _over("PoliciesPerUser", MOST_ATTACHED) if len(attached) > MOST_ATTACHED else ""

    def _user(self, given: Mapping[str, str]) -> User | None:
        return iam_backends[self.account_id]["aws"].users.get(given.get("UserName", ""))


def _size(document: str) -> int:
    return len(_WHITE.sub("", document))


def _over(quota: str, limit: int) -> str:
    return f"Cannot exceed quota for {quota}: {limit}"
