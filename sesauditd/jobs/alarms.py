"""Alarms: trouble is told once when it begins or changes, and once when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.errors import Broken, SesauditdError
from sesauditd.model.calendar import iso
from sesauditd.model.notice import Notice, NoticeKind
from sesauditd.notices.alarms import Alarm, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look at one thing found."""

    name: str
    """The thing, such as `dead_letters`."""
    state: str | None
    """What is wrong with it in a word, None if nothing is; another word is another alarm."""
    summary: str
    """One line for a person."""
    details: Mapping[str, object] = field(default_factory=dict)
    """JSON values only."""


class Siren(Protocol):
    """Reaches operators outside of mail; never raises."""

    async def sound(self, alarm: Alarm) -> None:
        """Tell of trouble, or that it is over; see `notices.alarms.Alarms`."""
        ...


class Recalls(Protocol):
    """What was seen and told before."""

    async def recall(self, name: str) -> Mapping[str, object] | None:
        """Return what was remembered under a name, None if nothing was."""
        ...


class Book(Recalls, Protocol):
    """Where it is remembered what operators were told."""

    async def tell(
        self, name: str, facts: Mapping[str, object], notice: Notice, now: datetime
    ) -> None:
        """Remember the facts and ask for the notice, both or neither."""
        ...


@dataclass(slots=True, kw_only=True)
class Alarms:
    """Turns findings into alarms and notices, each once, also across restarts."""

    siren: Siren
    book: Book
    _sounded: dict[str, str | None] = field(default_factory=dict, init=False)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def report(self, findings: Iterable[Finding], now: datetime) -> None:
        """Tell of what began, changed or ended; silence about everything else.

        A book that cannot be written is no reason for silence: the siren sounds, and the
        notice follows when a later report finds the book open. Raises Broken for a book that
        cannot be trusted any more.
        """
        async with self._alone:
            for finding in findings:
                await self._report(finding, now)

    async def _report(self, finding: Finding, now: datetime) -> None:
        try:
            known = await told(self.book, finding.name)
            if known == finding.state:
                self._sounded[finding.name] = known
                return
            await self._sound(finding, known, now)
            await self.book.tell(
                _remembered_as(finding.name), _facts(finding, now), _notice(finding, now), now
            )
        except SesauditdError as error:
            log.warning("alarm_not_kept", alarm=finding.name, reason=str(error))
            await self._sound(finding, None, now)
            if isinstance(error, Broken):
                raise

    async def _sound(self, finding: Finding, known: str | None, now: datetime) -> None:
        # Before the book: a crash between them sounds twice, the other way round never.
        if self._sounded.get(finding.name, known) == finding.state:
            return
        self._sounded[finding.name] = finding.state
        await self.siren.sound(_alarm(finding, now))


async def told(memory: Recalls, name: str) -> str | None:
    """Return the state that operators were told last, None while nothing is wrong.

    Where a figure flutters about a line, what it was before decides (hysteresis).
    """
    facts = await memory.recall(_remembered_as(name)) or {}
    state = facts.get("state")
    return None if state is None else str(state)


def _remembered_as(name: str) -> str:
    return f"alarm:{name}"


def _alarm(finding: Finding, now: datetime) -> Alarm:
    return Alarm(
        name=finding.name,
        severity=Severity.RECOVERED if finding.state is None else Severity.TROUBLE,
        summary=finding.summary,
        details=finding.details,
        at=now,
    )


def _facts(finding: Finding, now: datetime) -> dict[str, object]:
    return {**_alarm(finding, now).as_facts(), "state": finding.state}


def _notice(finding: Finding, now: datetime) -> Notice:
    return Notice(
        kind=NoticeKind.RECOVERED if finding.state is None else NoticeKind.TROUBLE,
        subject=f"{finding.name}/{iso(now)}",
        facts=_alarm(finding, now).as_facts(),
    )
