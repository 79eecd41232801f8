"""What strikes come from: which receiving provider, and which SMTP status."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.events import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sesauditd.model.history import Strike

NO_STATUS = "no status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The strikes that have one thing in common."""

    name: str
    hard_bounces: int
    soft_bounces: int
    complaints: int
    recipients: int
    """Different ones."""
    example: str | None = None
    """What one of the receiving servers said."""

    @property
    def strikes(self) -> int:
        """Return how many there are in all."""
        return self.hard_bounces + self.soft_bounces + self.complaints


def by_provider(strikes: Iterable[Strike]) -> tuple[Cause, ...]:
    """Return the receiving domains, those with most strikes first."""
    return _grouped(strikes, lambda one: one.receiving_domain or "no domain")


def by_status(strikes: Iterable[Strike]) -> tuple[Cause, ...]:
    """Return the enhanced status codes (RFC 3463) of bounces, the most frequent first."""
    bounces = (one for one in strikes if one.outcome is not Outcome.COMPLAINT)
    return _grouped(bounces, lambda one: one.status or NO_STATUS)


def _grouped(strikes: Iterable[Strike], name_of: Callable[[Strike], str]) -> tuple[Cause, ...]:
    groups: dict[str, list[Strike]] = {}
    for one in strikes:
        groups.setdefault(name_of(one), []).append(one)
    causes = [_cause(name, group) for name, group in groups.items()]
    return tuple(sorted(causes, key=lambda cause: (-cause.strikes, cause.name)))


def _cause(name: str, group: list[Strike]) -> Cause:
    outcomes = Counter(one.outcome for one in group)
    said = [one for one in group if one.diagnostic]
    newest = max(said, key=lambda one: (*one.order, one.recipient), default=None)
    return Cause(
        name=name,
        hard_bounces=outcomes[Outcome.HARD_BOUNCE],
        soft_bounces=outcomes[Outcome.SOFT_BOUNCE],
        complaints=outcomes[Outcome.COMPLAINT],
        recipients=len({one.recipient for one in group}),
        example=newest.diagnostic if newest else None,
    )
