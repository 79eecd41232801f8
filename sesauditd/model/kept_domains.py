"""Domains that were set up by this program, and are kept as they were made."""

from __future__ import annotations

from dataclasses import dataclass


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
    disabled: bool = False
    terminated: bool = False
    taken_over: str | None = None
    """The IAM user that was there before and was taken over; None if all of it was made anew."""

    @property
    def is_stopped(self) -> bool:
        """Return whether the policy or an operator keeps it from sending."""
        return self.disabled or self.terminated
