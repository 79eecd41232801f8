"""What everything that is made on AWS is called, and the tag that makes it ours."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from sesauditd.model.set_names import set_name

TAG: Final = "sesauditd"
BOUNDARY: Final = "boundary"
NOTICES: Final = "notices"
LONGEST_TENANT: Final = 64
DIGEST: Final = 8

_NOT_IN_TENANTS = re.compile(r"[^a-z0-9_-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One installation in one account and region: its names and ARNs (design.md section 8)."""

    prefix: str
    installation: str
    account_id: str
    region: str
    partition: str = "aws"

    @property
    def tags(self) -> dict[str, str]:
        """Return what marks a resource as ours."""
        return {TAG: self.installation}

    @property
    def path(self) -> str:
        """Return the IAM path of users and managed policies."""
        return f"/{self.prefix}/"

    @property
    def boundary_arn(self) -> str:
        """Return the ARN of the policy that bounds every customer's user."""
        return f"arn:{self.partition}:iam::{self.account_id}:policy{self.path}{BOUNDARY}"

    @property
    def notices_set(self) -> str:
        """Return the name of the configuration set of the daemon's own mail."""
        return f"{self.prefix}-{NOTICES}"

    def set_name(self, domain: str) -> str:
        """Return the name of a domain's configuration set."""
        return set_name(self.prefix, domain)

    def tenant_name(self, customer: str) -> str:
        """Return the name of a customer's tenant, up to 64 of letters, digits, `-` and `_`.

        A customer whose own name is not such a name gets a hash of it behind.
        """
        plain = _NOT_IN_TENANTS.sub("-", customer.lower())
        name = f"{self.prefix}-{plain}"
        if plain == customer and len(name) <= LONGEST_TENANT:
            return name
        mark = hashlib.sha256(customer.encode()).hexdigest()[:DIGEST]
        return f"{name[: LONGEST_TENANT - DIGEST - 1]}-{mark}"

    def arn(self, service: str, name: str) -> str:
        """Return the ARN of something in this region, such as `sqs` and a queue's name."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{name}"
