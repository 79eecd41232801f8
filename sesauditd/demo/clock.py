"""The time of the demo, which the story moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class DemoClock:
    """Stands still until it is set."""

    moment: datetime

    def __call__(self) -> datetime:
        """Return the time of the demo."""
        return self.moment
