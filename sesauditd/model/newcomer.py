"""What is known of a domain before it is onboarded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.model.tenancy import Tenancy


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
