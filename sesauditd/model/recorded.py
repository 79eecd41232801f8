"""What became of notifications that were read: counts for whoever fed them in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How many notifications went where."""

    recorded: int = 0
    """New events in the store."""
    duplicates: int = 0
    """Events that the store knew already."""
    quarantined: int = 0
    ignored: int = 0
    """Noise, swallowed by name, and events that are too old to say whether they were counted."""

    @property
    def read(self) -> int:
        """Return how many notifications there were in all."""
        return self.recorded + self.duplicates + self.quarantined + self.ignored

    def __add__(self, other: Recorded) -> Recorded:
        """Return the counts of both."""
        return Recorded(
            recorded=self.recorded + other.recorded,
            duplicates=self.duplicates + other.duplicates,
            quarantined=self.quarantined + other.quarantined,
            ignored=self.ignored + other.ignored,
        )
