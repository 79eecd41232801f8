"""Alarms: what operators must learn of even when mail does not work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sesauditd.model.calendar import iso
from sesauditd.model.level import Level
from sesauditd.notices.cleaning import stripped
from sesauditd.notices.troubles import trouble_of

DETAILS_TOLD = 20
_MENTION = re.compile(r"@(?=(?:everyone|here|channel|all)\b)", re.IGNORECASE)


class Severity(StrEnum):
    """What an alarm says of the thing."""

    TROUBLE = "trouble"
    NOTE = "note"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that an operator must learn of even when mail does not work."""

    name: str
    """Stable, such as `dead_pipe`."""
    severity: Severity = Severity.TROUBLE
    summary: str
    """One sentence that says what is wrong and what to do."""
    details: Mapping[str, object] = field(default_factory=dict)
    """JSON values only."""
    at: datetime
    own_level: Level | None = None
    """How grave it is; None for what its name says (`notices.troubles`)."""

    @property
    def level(self) -> Level:
        """Return how grave it is; that something is over goes where its trouble went."""
        return self.own_level or trouble_of(self.name).level

    def as_facts(self) -> dict[str, object]:
        """Return the alarm as JSON, for webhooks and for notices of trouble and recovery."""
        return {
            "name": self.name,
            "severity": str(self.severity),
            "level": str(self.level),
            "summary": self.summary,
            "details": dict(self.details),
            "at": iso(self.at),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, object]) -> Alarm:
        """Return the alarm that `as_facts` wrote down. Raises ValueError or KeyError for others."""
        details = facts["details"]
        return cls(
            name=str(facts["name"]),
            severity=Severity(str(facts["severity"])),
            summary=str(facts["summary"]),
            details=dict(details) if isinstance(details, Mapping) else {},
            at=datetime.fromisoformat(str(facts["at"])),
            own_level=Level(str(facts["level"])),
        )

    def as_text(self) -> str:
        """Return the alarm in lines, as a phone shows it; nobody is called by a stranger's words.

        Services for talking take `@everyone` as an order to ring every phone.
        """
        details = [f"{key}: {stripped(str(value))}" for key, value in self.details.items()]
        more = len(details) - DETAILS_TOLD
        if more > 0:
            details = [*details[:DETAILS_TOLD], f"and {more} more"]
        heading = f"{self.severity} ({self.level}): {self.name} at {iso(self.at)}"
        step = trouble_of(self.name).step if self.severity is Severity.TROUBLE else ""
        lines = [heading, stripped(self.summary), *details, *([f"To do: {step}"] if step else [])]
        return _MENTION.sub("@ ", "\n".join(lines))
