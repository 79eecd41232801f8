"""How verdicts are judged and acted on for each customer just now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sesauditd.config import Policies, policy_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from sesauditd.model.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """The settings that decide beside the events: limits, modes, who confirms terminations."""

    policies: Policies = field(default_factory=Policies)
    mode_of: Callable[[str], str]
    """Customer to `enforce`, `shadow` or `off`, as configured."""
    confirms: Callable[[str], bool]
    """Customer to whether an operator confirms terminations."""

    def limits(self, customer: str) -> Limits:
        """Return the limits that hold for the customer."""
        return self.policies.of(customer)

    def policy_of(self, customer: str) -> str:
        """Return the name of those limits, a hash, to store beside a verdict."""
        return policy_name(self.policies.of(customer))

    @property
    def stale_after(self) -> timedelta:
        """Return how old evidence may be to be acted on without an operator."""
        return timedelta(days=self.policies.common.general.stale_evidence_days)
