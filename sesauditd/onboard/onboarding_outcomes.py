"""A domain that somebody wants set up, what would be done for it, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sesauditd.model.plan import Change, Conflict, Plan

if TYPE_CHECKING:
    from sesauditd.model.newcomer import Asked
    from sesauditd.onboard.engine import Stage
    from sesauditd.onboard.records_by_hand import Row
    from sesauditd.onboard.zones import Elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A domain to be set up, and whose it is; the domain an A-label, the contact canonical."""

    domain: str
    customer: str
    contact: str
    tenant: bool = False
    """Whether its mail is to name a tenant; one that it has stays."""
    take_over: bool = False
    """Whether what stands there without our tag is to become ours."""
    by_hand: bool = False
    """Whether its records are entered elsewhere, although a hosted zone has its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A domain that was looked at, and everything that would be done."""

    wish: Wish
    plan: Plan
    needs_key: bool = False
    elsewhere: Elsewhere | None = None
    """Where its records have to be entered by hand."""
    rows: tuple[Row, ...] = ()
    """Those of them that are known by now."""
    stages: Sequence[Stage] = ()
    seen: Plan = field(default_factory=Plan)
    """The part of the plan that the engine carries out."""
    asked: Asked | None = None
    """What is kept of the wish before anything is made; None if something is in the way."""
    is_wanted: bool = False
    """Whether it was asked for or begun before, and did not come to its end."""

    @property
    def tenant(self) -> str | None:
        """Return what the domain's mail is to name."""
        return None if self.asked is None else self.asked.tenant

    @property
    def is_settled(self) -> bool:
        """Return whether nothing is to be made, and none of it waits for somebody."""
        return self.plan.is_empty and self.elsewhere is None and not self.is_wanted

    @property
    def unchanged(self) -> Outcome:
        """Return what there is to say if nothing has to be done."""
        return Outcome(
            domain=self.wish.domain,
            result=Result.UNCHANGED,
            remarks=self.plan.remarks,
            tenant=self.tenant,
        )


class Result(StrEnum):
    """How the onboarding of a domain ended."""

    DONE = "done"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one domain."""

    domain: str
    result: Result
    why: str = ""
    changes: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    remarks: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    """Records that somebody has to enter elsewhere."""
    elsewhere: Elsewhere | None = None
    key: str | None = None
    """The id of the key that was made and shown."""
    tenant: str | None = None
    """What the domain's mail is to name."""
