"""How grave a thing is that operators are told."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How soon a person has to look, the least first."""

    INFO = "info"
    """Whenever there is time."""
    WARNING = "warning"
    """Today."""
    CRITICAL = "critical"
    """Now: mail of customers stands still, or nobody watches it."""

    def reaches(self, least: Level) -> bool:
        """Say whether it is at least as grave as another."""
        order = tuple(Level)
        return order.index(self) >= order.index(least)


def gravest(levels: list[Level]) -> Level:
    """Return the gravest of some levels, info of none."""
    return max(levels, key=tuple(Level).index, default=Level.INFO)
