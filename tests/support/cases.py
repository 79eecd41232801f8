"""Rows of decision tables: one customer a row, all judged together in one database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.support import ses
from tests.support.cli import MONDAY, program

if TYPE_CHECKING:
    from pathlib import Path

Verdict: TypeAlias = dict[str, Any]
Facts: TypeAlias = tuple[Any, ...]

WEEK = datetime(2026, 11, 16, tzinfo=UTC)
"""The Monday that begins the judged ISO week."""
BLOCK = "block_recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: what happened to a customer's domains, and which rules fire about it."""

    name: str
    events: Callable[[Sequence[str]], Iterable[ses.Event]]
    """Gets the customer's domains."""
    expected: frozenset[str] = field(default_factory=frozenset)
    """Rules that fire."""
    domains: int = 1
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the program made of one row."""

    domains: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def rules(self) -> frozenset[str]:
        """Return the rules that fired, blocks left out."""
        return frozenset(one["rule"] for one in self.verdicts if one["action"] != BLOCK)

    @property
    def blocked(self) -> frozenset[str]:
        """Return the recipients that are blocked."""
        return frozenset(one["recipient"] for one in self.verdicts if one["action"] == BLOCK)

    def of(self, rule: str) -> tuple[Verdict, ...]:
        """Return the verdicts of one rule."""
        return tuple(one for one in self.verdicts if one["rule"] == rule)


def when(days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
    """Return a time in the judged week, counted from its Monday 00:00 UTC."""
    return WEEK + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def spread(count: int, start: datetime, end: datetime) -> list[datetime]:
    """Return so many times from the start on, evenly spaced, all before the end."""
    step = (end - start) / max(count, 1)
    return [start + number * step for number in range(count)]


def facts(verdict: Verdict) -> Facts:
    """Return what a verdict says, without the state, which depends on who asks and when."""
    keys = ("rule", "lane", "action", "customer", "domain", "recipient", "reason")
    window = verdict["window"]
    return (*(verdict[key] for key in keys), window["start"], window["end"])


def all_facts(verdicts: Iterable[Verdict]) -> list[Facts]:
    """Return the facts of all verdicts, sorted."""
    return sorted((facts(one) for one in verdicts), key=repr)


def judged(folder: Path, cases: Sequence[Case], *, policy: str = "") -> Mapping[str, Judged]:
    """Feed what happened in all rows to one database; return each row's verdicts by its name."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two rows of one name"
    cli = program(folder)
    cli.configure(policy=policy)
    owned = {
        case.name: tuple(f"c{number}-{part}.example" for part in range(case.domains))
        for number, case in enumerate(cases)
    }
    cli.adopt_all(
        [
            (domain, f"c{number}", "", case.since)
            for number, case in enumerate(cases)
            for domain in owned[case.name]
        ]
    )
    told = [one for case in cases for one in case.events(owned[case.name])]
    counts = cli.replay(ses.lines(told))
    assert (counts["read"], counts["quarantined"]) == (len(told), 0)
    found = cli.verdicts(MONDAY)
    return {
        case.name: Judged(
            domains=owned[case.name],
            verdicts=tuple(one for one in found if one["customer"] == f"c{number}"),
        )
        for number, case in enumerate(cases)
    }
