"""Domains that were set up by this program, and are kept as they were made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.newcomer import AskedStage

if TYPE_CHECKING:
    from sesauditd.model.newcomer import Asked
    from sesauditd.model.tenancy import Tenancy


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDomain:
    """A domain with steps of its own, whose it is, and whether it may send."""

    name: str
    customer: str | None = None
    """None before its onboarding came so far that it was registered."""
    contact: str | None = None
    iam_users: frozenset[str] = frozenset()
    interrupted: bool = False
    """A step of it was begun and not finished."""
    has_key: bool = True
    """Somebody was shown an access key of its user."""
    disabled: bool = False
    terminated: bool = False
    taken_over: str | None = None
    """The IAM user that was there before and was taken over, empty if it was left alone.

    None if all of the domain was made anew.
    """
    tenancy: Tenancy | None = None
    """The tenant that its mail was asked to name, None without one."""
    asked: Asked | None = None
    """What somebody asked for and has not got as a whole, None without such a thing."""

    @property
    def is_made(self) -> bool:
        """Return whether nothing of it was begun, or asked for, and may still be missing."""
        wanted = self.asked is not None and self.asked.stage is AskedStage.ASKED
        return not self.interrupted and not wanted

    @property
    def tenant(self) -> str | None:
        """Return the name of its tenant."""
        return None if self.tenancy is None else self.tenancy.tenant

    @property
    def is_stopped(self) -> bool:
        """Return whether the policy or an operator keeps it from sending."""
        return self.disabled or self.terminated

    @property
    def lacks(self) -> str | None:
        """Return what only a person can give it, None if that is nothing."""
        if self.customer is None:
            return "whose domain it is was not registered"
        if self.has_key or self.is_stopped or self.taken_over is not None:
            return None
        return "nobody has an access key of it, which is made only where somebody sees it"

    @property
    def is_unfinished(self) -> bool:
        """Return whether its onboarding ended before its end."""
        return self.asked is not None or self.interrupted or self.lacks is not None
