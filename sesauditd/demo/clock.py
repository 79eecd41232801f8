"""The time of the demo, which the story moves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class DemoClock:
    """Stands still until it is set, and at the end runs on by itself."""

    moment: datetime
    _running_since: float | None = field(default=None, init=False)

    def __call__(self) -> datetime:
        """Return the time of the demo."""
        if self._running_since is None:
            return self.moment
        return self.moment + timedelta(seconds=time.monotonic() - self._running_since)

    def run(self) -> None:
        """Go on from the moment at which it stands."""
        self._running_since = time.monotonic()
