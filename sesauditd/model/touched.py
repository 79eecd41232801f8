"""What newly recorded events touch, and must therefore be judged anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """The subjects whose history changed."""

    recipients: frozenset[tuple[str, str]] = frozenset()
    """(customer, recipient) with new or removed strikes, or new deliveries beside strikes."""
    domains: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Domain to the earliest and latest event time that changed."""
    infected: frozenset[str] = frozenset()
    """Customers with a new Reject for a virus."""
    unreached: frozenset[str] = frozenset()
    """Domains whose first delivery somewhere turned out to have bounced after all: what they
    sent there since, however long ago, may have been guesses."""

    def __or__(self, other: Touched) -> Touched:
        """Return what either touches."""
        domains = dict(self.domains)
        for domain, (start, end) in other.domains.items():
            known = domains.get(domain, (start, end))
            domains[domain] = (min(known[0], start), max(known[1], end))
        return Touched(
            recipients=self.recipients | other.recipients,
            domains=domains,
            infected=self.infected | other.infected,
            unreached=self.unreached | other.unreached,
        )
