"""IAM policy documents, compiled from what the store says is blocked, disabled or terminated."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sesauditd.model.execution import Denied

Document = dict[str, Any]

MANAGED_LIMIT = 6144
"""Characters of a managed policy, white space not counted (ses-facts.md section 4)."""
INLINE_LIMIT = 2048
"""Characters of all inline policies of one user together, white space not counted (IAMQ)."""
LONGEST_ADDRESS = 254
"""Characters of an address that SMTP can carry (RFC 5321 section 4.5.3.1.3, less `<>`)."""
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_WHITE = re.compile(r"\s")


def deny_recipients(denied: Iterable[Denied], *, ignore_case: bool = True) -> Document:
    """Return the policy that denies mail to any of the recipients, the same in any order.

    `ForAnyValue` is true when any recipient of a message matches and false when there is none;
    `ForAllValues` would deny what it should not. Whether SES honours `IgnoreCase` is not
    documented: without `ignore_case` every spelling that was seen is listed. None of the
    recipients may be odd.
    """
    listed = sorted({text for one in denied for text in spelled(one, ignore_case=ignore_case)})
    operator = "StringEqualsIgnoreCase" if ignore_case else "StringEquals"
    return _deny("ses:Send*", ["*"], {f"ForAnyValue:{operator}": {"ses:Recipients": listed}})


def deny_identities(resources: Iterable[str]) -> Document:
    """Return the policy that denies SES altogether on some identities."""
    return _deny("ses:*", list(resources))


def deny_everything() -> Document:
    """Return the policy that denies SES altogether."""
    return _deny("ses:*", ["*"])


def denied_by(document: Mapping[str, Any]) -> frozenset[str] | None:
    """Return whom a policy of blocks names, None if it is none that we could have written."""
    try:
        (statement,) = document["Statement"]
        ((_, condition),) = statement["Condition"].items()
        listed = condition["ses:Recipients"]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return frozenset([listed] if isinstance(listed, str) else map(str, listed))


def identities_of(document: object) -> frozenset[str]:
    """Return what a policy of stops denies, nothing if it is none that we could have written."""
    policy: Any = document
    try:
        (statement,) = policy["Statement"]
        listed = statement["Resource"]
    except (AttributeError, KeyError, TypeError, ValueError):
        return frozenset()
    return frozenset([listed] if isinstance(listed, str) else map(str, listed))


def oddity(address: str) -> str | None:
    """Say why an address cannot stand in a policy as itself, None if it can.

    Addresses are text of strangers: `*` and `?` are wildcards, `${` begins a variable, and what
    ignoring case means beyond ASCII AWS does not say.
    """
    if any(mark in address for mark in ("*", "?", "${")):
        return "it holds a wildcard or a variable of IAM, and would stop others, too"
    if _PRINTABLE.fullmatch(address) is None:
        return "it holds characters beyond printable ASCII"
    if len(address) > LONGEST_ADDRESS:
        return f"it is longer than the {LONGEST_ADDRESS} characters that mail can carry"
    local, at, host = address.rpartition("@")
    return None if local and at and host else "it is no address"


def size_of(document: Mapping[str, object]) -> int:
    """Return the characters that IAM counts."""
    return len(_WHITE.sub("", json.dumps(document, separators=(",", ":"))))


def spelled(one: Denied, *, ignore_case: bool) -> frozenset[str]:
    """Return how a policy names a recipient: once, or in every spelling where case counts."""
    spellings = {one.recipient, *(each for each in one.spellings if oddity(each) is None)}
    return frozenset({each.lower() for each in spellings} if ignore_case else spellings)


def _deny(
    action: str, resources: list[str], condition: Mapping[str, object] | None = None
) -> Document:
    statement: Document = {
        "Sid": "sesauditd",
        "Effect": "Deny",
        "Action": action,
        "Resource": resources,
    }
    if condition is not None:
        statement["Condition"] = dict(condition)
    return {"Version": "2012-10-17", "Statement": [statement]}
