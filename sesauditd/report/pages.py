"""What one run of `report` or `status` shows, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.report.morning import Morning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sesauditd.model.reputation import Poll
    from sesauditd.report.account import Account, Member
    from sesauditd.report.behaviour import Behaviour
    from sesauditd.report.figures import Domain, Overview, Span, StoredAction, StoredVerdict
    from sesauditd.report.score import Score

EVERYBODY = "*"
"""The subject of an `arm` that is about all customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The account with all its customers, or a customer with its domains, or a domain."""

    span: Span
    account: Account | None = None
    customers: tuple[Behaviour, ...] = ()
    domains: tuple[Behaviour, ...] = ()
    stopped: tuple[str, ...] = ()
    """Domains that may not send at the moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One customer in the line that `status` gives it; counts of the last 90 days."""

    customer: str
    mode: str
    score: Score | None
    domains: int
    mailed: int
    hard_bounces: int
    complaints: int
    weeks: tuple[int, ...] = ()
    """Recipients mailed in each of the last eight ISO weeks, this one last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An alarm that was raised and is not over."""

    name: str
    summary: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """How the running daemon is, by what it wrote into the database."""

    alive: bool
    last_message_at: datetime | None
    """When a notification last came out of the queue."""
    account: Mapping[str, object] | None
    """What AWS last said about the account; None before a daemon asked."""
    troubles: tuple[Trouble, ...]
    unsent: int
    """Notices that did not surely reach their readers."""
    reputation: Poll | None = None
    """The last poll of AWS's own rates; None before a daemon asked."""
    intake: Mapping[str, object] | None = None
    """Whether messages are taken in, since when, and why not; None before a daemon said so."""
    canary: Mapping[str, object] | None = None
    """How the last mail to AWS's simulator fared; None before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The one screen of the morning."""

    mode: str
    daemon: Daemon
    overview: Overview
    pending: tuple[StoredAction, ...]
    """Actions that somebody has still to look after, the oldest evidence first."""
    shown_only: tuple[StoredVerdict, ...]
    """What shadow mode would have done in the last days, the newest first."""
    domains: tuple[Domain, ...]
    """Those that are not simply sending."""
    customers: tuple[Standing, ...]
    """Those who cost the account most first, as many as are shown."""
    present: int
    """How many customers there are."""
    account: Account
    """What they share, and what each uses of what AWS lets the account have."""
    cases: Mapping[str, int]
    """How many open cases are in each state."""

    @property
    def parts(self) -> Mapping[str, Member]:
        """Return each customer's part in the account."""
        return {one.customer: one for one in self.account.members}

    @property
    def morning(self) -> Morning:
        """Return what there may be to do about it."""
        return Morning(
            daemon=self.daemon,
            overview=self.overview,
            account=self.account,
            pending=self.pending,
            stopped=sum(one.stopped for one in self.domains),
            explained=self.cases.get("explained", 0),
            customers=self.present,
        )


def mode_of(configured: str, customer: str, armings: Iterable[tuple[str, bool]]) -> str:
    """Return the mode that holds for a customer: `arm` makes shadow mode enforcing.

    `armings` are whom operators armed or disarmed, in order; `EVERYBODY` asks for the mode of
    a customer that nothing special was decided about.
    """
    if configured != "shadow":
        return configured
    armed = False
    for subject, on in armings:
        if subject in {customer, EVERYBODY}:
            armed = on
    return "enforce" if armed else "shadow"
