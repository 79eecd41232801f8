"""What jobs are given in tests: memory, sirens and a table of periods, all in the process."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sesauditd.errors import Busy

if TYPE_CHECKING:
    from sesauditd.jobs.alarms import Finding
    from sesauditd.model.notice import Notice
    from sesauditd.model.owed import Period
    from sesauditd.notices.alarms import Alarm

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday."""


@dataclass
class Siren:
    """Remembers what it sounded."""

    heard: list[tuple[str, str]] = field(default_factory=list)

    async def sound(self, alarm: Alarm) -> None:
        self.heard.append((str(alarm.severity), alarm.name))


@dataclass
class Memory:
    """Observations and notices; while `locked` nothing can be read or written."""

    facts: dict[str, Mapping[str, object]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    locked: bool = False
    last: datetime | None = None

    async def recall(self, name: str) -> Mapping[str, object] | None:
        self._check()
        return self.facts.get(name)

    async def remember(self, name: str, facts: Mapping[str, object], now: datetime) -> None:
        self._check()
        self.facts[name] = facts

    async def tell(
        self, name: str, facts: Mapping[str, object], notice: Notice, now: datetime
    ) -> None:
        await self.remember(name, facts, now)
        if notice.id not in {one.id for one in self.notices}:
            self.notices.append(notice)

    async def last_message(self) -> datetime | None:
        self._check()
        return self.last

    def _check(self) -> None:
        if self.locked:
            raise Busy("the database stays locked")


@dataclass
class Reported:
    """Takes findings and keeps them."""

    findings: list[Finding] = field(default_factory=list)

    async def report(self, findings: Sequence[Finding], now: datetime) -> None:
        self.findings += findings

    @property
    def states(self) -> dict[str, str | None]:
        """Return the newest state by name."""
        return {one.name: one.state for one in self.findings}


@dataclass
class Table:
    """The table of periods."""

    first: datetime | None = None
    started: datetime | None = None
    rows: dict[str, list[str]] = field(default_factory=dict)

    async def first_event(self) -> datetime | None:
        return self.first

    async def first_run(self, now: datetime) -> datetime:
        self.started = self.started or now
        return self.started

    async def done(self, job: str) -> Collection[str]:
        return self.rows.get(job, [])

    async def finish(self, job: str, period: Period, now: datetime) -> None:
        assert period.name not in self.rows.get(job, []), "a period was done twice"
        self.rows.setdefault(job, []).append(period.name)
