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
