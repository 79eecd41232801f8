"""What is known of a domain before it is onboarded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.model.tenancy import Tenancy


class AskedStage(StrEnum):
    """How far that has come which somebody asked for."""

    ASKED = "asked"
    """Something of it may be missing at AWS or in the register."""
    MADE = "made"
    """All stands but the access key, which is made only where somebody sees it."""
    GRANTED = "granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked to have set up, in their own words: kept before AWS is asked."""

    customer: str
    contact: str
    tenant: str | None = None
    """What the domain's mail is to name, None without one."""
    take_over: bool = False
    """Whether what stands there without our tag is to become ours."""
    by_hand: bool = False
    """Whether its records are entered elsewhere, although a hosted zone has its name."""
    stage: AskedStage = AskedStage.ASKED

    def means(self, other: Asked) -> bool:
        """Return whether both ask for the same, however far that has come."""
        return replace(self, stage=other.stage) == other


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A domain and the customer that it is to belong to, as the register has them."""

    owner: str | None = None
    """The customer that the domain belongs to already."""
    contact: str | None = None
    iam_users: frozenset[str] = frozenset()
    """Those that the domain is registered to send by."""
    is_new_customer: bool = True
    disabled: bool = False
    """The domain is stopped, or about to be."""
    terminated: bool = False
    """The customer's access has ended, or is about to."""
    tenancy: Tenancy | None = None
    """The tenant that its mail was asked to name, None without one."""
    asked: Asked | None = None
    """What was asked for this domain, None if nothing ever was."""
    interrupted: bool = False
    """A change of it was begun, and nobody noted whether it was made."""

    @property
    def is_wanted(self) -> bool:
        """Return whether somebody asked for the domain, and it did not come to its end."""
        return self.asked is not None and self.asked.stage is not AskedStage.GRANTED
