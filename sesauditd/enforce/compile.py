"""IAM policy documents, compiled from what the store says is blocked, disabled or terminated."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sesauditd.model.execution import Denied

Document = dict[str, Any]

MANAGED_LIMIT = 6144
"""Characters of a managed policy, white space not counted (ses-facts.md section 4)."""
_WRITABLE = re.compile(r"[\x20-\xff]+")
_WHITE = re.compile(r"\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A customer's blocks as one policy."""

    document: Document | None
    """None where nobody is denied: a policy without a recipient would deny nothing."""
    size: int
    odd: frozenset[str]
    """Recipients that no policy can name; they are left out."""

    @property
    def fits(self) -> bool:
        """Say whether IAM takes it as one managed policy."""
        return self.size <= MANAGED_LIMIT


def deny_recipients(denied: Iterable[Denied], *, ignore_case: bool = True) -> Compiled:
    """Return the policy that denies mail to any of the recipients, the same in any order.

    `ForAnyValue` is true when any recipient of a message matches and false when there is none;
    `ForAllValues` would deny what it should not. Whether SES honours `IgnoreCase` is not
    documented: without `ignore_case` every spelling that was seen is listed.
    """
    known = list(denied)
    odd = frozenset(one.recipient for one in known if is_odd(one.recipient))
    listed = sorted(
        {
            text
            for one in known
            if one.recipient not in odd
            for text in _spelled(one, ignore_case=ignore_case)
        }
    )
    if not listed:
        return Compiled(document=None, size=0, odd=odd)
    operator = "StringEqualsIgnoreCase" if ignore_case else "StringEquals"
    document = _deny("ses:Send*", ["*"], {f"ForAnyValue:{operator}": {"ses:Recipients": listed}})
    return Compiled(document=document, size=size_of(document), odd=odd)


def deny_identities(resources: Iterable[str]) -> Document:
    """Return the policy that denies SES altogether on some identities."""
    return _deny("ses:*", list(resources))


def deny_everything() -> Document:
    """Return the policy that denies SES altogether."""
    return _deny("ses:*", ["*"])


def is_odd(address: str) -> bool:
    """Say whether an address cannot stand in a policy as itself.

    Addresses are text of strangers: `*` and `?` are wildcards, `${` begins a variable, and a
    policy holds nothing outside U+0020 to U+00FF.
    """
    wild = any(mark in address for mark in ("*", "?", "${"))
    return wild or _WRITABLE.fullmatch(address) is None


def size_of(document: Mapping[str, object]) -> int:
    """Return the characters that IAM counts."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return len(_WHITE.sub("", text))


def _spelled(one: Denied, *, ignore_case: bool) -> set[str]:
    spellings = {one.recipient, *(each for each in one.spellings if not is_odd(each))}
    return {each.lower() for each in spellings} if ignore_case else spellings


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
