"""Names of what enforcement makes on AWS (design.md section 8)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

LONGEST_NAME = 128
"""Characters of the name of an IAM policy, managed or inline."""
DIGEST = 8
STOP = "stop-"
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
_UNSAFE = re.compile(r"[^\w+=,.@-]", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names and ARNs of one installation in one account and region."""

    prefix: str
    installation: str
    account_id: str
    region: str

    @property
    def path(self) -> str:
        """Return the IAM path of managed policies."""
        return f"/{self.prefix}/"

    @property
    def tags(self) -> dict[str, str]:
        """Return what marks a resource as ours."""
        return {"sesauditd": self.installation}

    def block_policy(self, customer: str, number: int = 1) -> str:
        """Return the name of a managed policy that denies a customer's blocked recipients."""
        return _fitting("block-", customer, f"-{number}")

    def block_policy_arn(self, customer: str, number: int = 1) -> str:
        """Return the ARN of that policy."""
        name = self.block_policy(customer, number)
        return f"arn:{self._partition}:iam::{self.account_id}:policy{self.path}{name}"

    @property
    def block_policy_arns(self) -> str:
        """Return how the ARN of every such policy begins."""
        return f"arn:{self._partition}:iam::{self.account_id}:policy{self.path}block-"

    def stop_policy_arn(self, customer: str, number: int) -> str:
        """Return the ARN of a managed policy with stops that found no room at a user."""
        name = _fitting(STOP, customer, f"-{number}")
        return f"arn:{self._partition}:iam::{self.account_id}:policy{self.path}{name}"

    @property
    def stop_policy_arns(self) -> str:
        """Return how the ARN of every such policy begins."""
        return f"arn:{self._partition}:iam::{self.account_id}:policy{self.path}{STOP}"

    def disable_policy(self, domain: str) -> str:
        """Return the name of the inline policy that stops one domain of an IAM user."""
        return _fitting(f"{self.prefix}-disable-", domain)

    @property
    def terminate_policy(self) -> str:
        """Return the name of the inline policy that stops an IAM user altogether."""
        return f"{self.prefix}-terminate"

    def identities(self, domain: str) -> tuple[str, ...]:
        """Return patterns for a domain's identity, its subdomains and e-mail identities below.

        IAM's `*` takes `@` and dots, so that `*.DOMAIN` holds addresses at subdomains too.
        """
        start = f"arn:{self._partition}:ses:{self.region}:{self.account_id}:identity/"
        return tuple(start + each for each in (domain, f"*.{domain}", f"*@{domain}"))

    @property
    def _partition(self) -> str:
        found = (name for start, name in PARTITIONS.items() if self.region.startswith(start))
        return next(found, "aws")


def _fitting(start: str, name: str, end: str = "") -> str:
    """Return a name that IAM takes; what had to be changed in it is told apart by a hash."""
    safe = _UNSAFE.sub("-", name)
    if safe == name and len(start) + len(name) + len(end) <= LONGEST_NAME:
        return f"{start}{name}{end}"
    mark = "-" + hashlib.sha256(name.encode()).hexdigest()[:DIGEST]
    room = LONGEST_NAME - len(start) - len(mark) - len(end)
    return f"{start}{safe[:room]}{mark}{end}"
