"""What each page shows, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from sesauditd.report.account import Account
    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.cases import CaseFile
    from sesauditd.report.figures import (
        Case,
        Domain,
        Overview,
        Quarantined,
        StoredAction,
        StoredVerdict,
    )
    from sesauditd.report.pages import Daemon, Standing


One = TypeVar("One")
SHOWN_A_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[One]):
    """Some of many, so that a page of a thousand domains is a page."""

    shown: tuple[One, ...]
    total: int
    page: int
    pages: int

    @classmethod
    def of(cls, everything: Sequence[One], page: int) -> Part[One]:
        """Return the part for a page, the last one where there are not so many."""
        pages = max(-(-len(everything) // SHOWN_A_PAGE), 1)
        page = min(page, pages)
        first = (page - 1) * SHOWN_A_PAGE
        return cls(
            shown=tuple(everything[first : first + SHOWN_A_PAGE]),
            total=len(everything),
            page=page,
            pages=pages,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page."""

    installation: str
    version: str
    now: datetime
    mode: str
    """`enforce`, `shadow` or `off`, of a customer that nothing special was decided about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All customers by how they behave, and the account that they share, at one moment."""

    at: datetime
    standings: tuple[Standing, ...]
    """The worst first."""
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Whether everything is well."""

    daemon: Daemon
    overview: Overview
    held: tuple[StoredAction, ...]
    """Some of the disables and terminations that nobody carried out yet, the oldest first."""
    stopped: tuple[Domain, ...]
    """Domains that are not simply sending."""
    cases: Mapping[str, int]
    """How many open cases are in each state."""
    ranking: Ranking


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A customer, or one of its domains."""

    behaviour: Behaviour
    """Without strikes and verdicts, and with the newest of the blocks alone."""
    mode: str
    domains: tuple[Domain, ...]
    """Those of the customer, offboarded ones too; or the one."""
    cases: tuple[Case, ...]
    blocked: int
    """How many recipients are."""
    shown_verdicts: tuple[StoredVerdict, ...]
    blocked_by_rule: Mapping[str, int]
    """How many verdicts that block there are in the span, by rule."""
    steps: tuple[Step, ...] = ()
    """Of a domain's set-up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far one step of a domain's set-up is."""

    name: str
    state: str
    changed_at: datetime
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """A page of actions."""

    state: str | None
    counts: Mapping[str, int]
    """How many are in each state."""
    shown: tuple[StoredAction, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """All cases, open ones first."""

    shown: tuple[Case, ...]
    domains: Mapping[str, tuple[str, ...]]
    """Of each case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """What could not be read, the newest first."""

    total: int
    shown: tuple[Quarantined, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneCase:
    """One case with all that happened in it."""

    file: CaseFile
