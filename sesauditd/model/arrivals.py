"""Mail that arrived at somebody's company, beside what was guessed there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A mail to one recipient that was not followed by a hard bounce."""

    domain: str
    """The sending domain."""
    recipient: str
    at: datetime
    delivered: bool
    """The receiving server took it; else it was sent, and nothing more is known."""
