"""What the daemon must be allowed, by the policies of docs/iam, and what can be tried unharmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sesauditd.onboard.findings import Check, Finding, doubtful, good, wrong

if TYPE_CHECKING:
    from sesauditd.onboard.sights import Sights

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "consume": (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
    ),
    "archive": ("s3:PutObject", "s3:GetObject", "s3:ListBucket", "s3:DeleteObject"),
    "observe": ("ses:GetAccount", "cloudwatch:GetMetricData"),
    "notify": ("ses:SendRawEmail",),
    "enforce": (
        "ses:ListEmailIdentities",
        "ses:GetEmailIdentity",
        "ses:GetConfigurationSet",
        "ses:PutConfigurationSetSendingOptions",
        "ses:ListSuppressedDestinations",
        "ses:GetSuppressedDestination",
        "ses:PutSuppressedDestination",
        "ses:DeleteSuppressedDestination",
        "iam:ListUserPolicies",
        "iam:GetUserPolicy",
        "iam:ListAttachedUserPolicies",
        "iam:ListAccessKeys",
        "iam:UpdateAccessKey",
        "iam:PutUserPolicy",
        "iam:DeleteUserPolicy",
        "iam:AttachUserPolicy",
        "iam:DetachUserPolicy",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:ListPolicyVersions",
        "iam:ListEntitiesForPolicy",
        "iam:CreatePolicy",
        "iam:TagPolicy",
        "iam:CreatePolicyVersion",
        "iam:DeletePolicyVersion",
        "iam:DeletePolicy",
    ),
}
"""Actions of the running daemon by the file of docs/iam that allows them; a test holds it so."""


MOST_NAMED: Final = 5


def permissions(seen: Sights, *, enforcing: bool) -> list[Finding]:
    """Return a finding for each policy of docs/iam.

    Without enforcing, what only enforcing needs may be missing.
    """
    return [_of(role, actions, seen, enforcing=enforcing) for role, actions in NEEDED.items()]


def _of(role: str, actions: tuple[str, ...], seen: Sights, *, enforcing: bool) -> Finding:
    found = _judged(
        role, [one for one in actions if seen.permissions.get(one)], enforcing=enforcing
    )
    tried = [one for one in actions if one in seen.permissions]
    untried = [one for one in actions if one not in tried]
    told = f"; {_listed(untried)} cannot be tried without an effect" if untried else ""
    details = (f"{one}: {_state(one, seen)}" for one in actions)
    return replace(found, says=f"{found.says or _allowed(tried)}{told}", details=tuple(details))


def _judged(role: str, refused: list[str], *, enforcing: bool) -> Finding:
    what = f"permission to {role}"
    if not refused:
        return good(Check.PERMISSIONS, what, "")
    says = f"AWS refuses {', '.join(refused)}"
    advice = f"Allow it as docs/iam/{role}.json does"
    if role == "enforce" and not enforcing:
        return doubtful(Check.PERMISSIONS, what, says, f"{advice} before `sesauditd arm`.")
    return wrong(Check.PERMISSIONS, what, says, f"{advice}.")


def _allowed(tried: list[str]) -> str:
    return f"{_listed(tried)} tried and allowed" if tried else "nothing tried"


def _listed(actions: list[str]) -> str:
    names = [one.rpartition(":")[2] for one in actions]
    return ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} actions"


def _state(action: str, seen: Sights) -> str:
    if action not in seen.permissions:
        return "not tried"
    return seen.permissions[action] or "allowed"
