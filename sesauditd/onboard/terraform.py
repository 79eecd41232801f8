"""Domains that stand, in Terraform's language: resources, and import blocks to take them over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sesauditd.onboard import hcl, terraform_parts
from sesauditd.onboard.hcl import Block, Comment
from sesauditd.onboard.terraform_iam import iam
from sesauditd.onboard.terraform_parts import LeftOut, Taken
from sesauditd.onboard.terraform_records import records
from sesauditd.onboard.terraform_ses import ses

if TYPE_CHECKING:
    from sesauditd.onboard.hcl import Part
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.terraform_look import Standing
    from sesauditd.onboard.terraform_parts import Written

PROVIDER: Final = "~> 6.0"
OLDEST: Final = ">= 1.5"
"""The first Terraform with import blocks."""
ABOUT: Final = """\
What `sesauditd onboard` made, as it stood at AWS when this was written; no secret is in it.
`terraform plan` must show imports and nothing that is changed or destroyed. After `terraform
apply` the import blocks can go. sesauditd goes on watching: what it would set right, `sesauditd
drift` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A domain as Terraform has it."""

    domain: str
    written: tuple[Written, ...]

    @property
    def taken(self) -> tuple[Taken, ...]:
        """Return the resources, in the order of the file."""
        return tuple(one for one in self.written if isinstance(one, Taken))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return what is not among them, and why."""
        return tuple(one.why for one in self.written if isinstance(one, LeftOut))


def export(standing: Standing, account: Account) -> Export:
    """Return what stands of a domain as resources; nothing is asked."""
    return Export(
        domain=standing.domain,
        written=(*ses(standing), *iam(standing, account), *records(standing)),
    )


def text(exports: Sequence[Export], account: Account, *, fragment: bool = False) -> str:
    """Return the file; a `fragment` goes beside others and says nothing of the provider."""
    parts: list[Part] = [] if fragment else list(_head(account))
    for one in exports:
        parts += [Comment(f"{one.domain}\n"), {}, *terraform_parts.parts(one.written)]
    return hcl.document(parts)


def _head(account: Account) -> Sequence[Part]:
    aws = {"source": "hashicorp/aws", "version": PROVIDER}
    return (
        Comment(ABOUT),
        {},
        Block(
            "terraform",
            (),
            ({"required_version": OLDEST}, Block("required_providers", (), ({"aws": aws},))),
        ),
        Block(
            "provider",
            ("aws",),
            ({"region": account.region, "allowed_account_ids": [account.account_id]},),
        ),
    )
