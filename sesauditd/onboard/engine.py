"""Compares what stands with what is wanted, and changes one resource at a time until they agree."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Failed, Forbidden, Unavailable
from sesauditd.model.plan import Change, Conflict, Document, Kept, Plan, change_between
from sesauditd.onboard.resources import (
    Applied,
    Facts,
    Moment,
    Resource,
    Stage,
    Steps,
    Unknown,
    Watch,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "PATIENCE_SECONDS",
    "Applied",
    "Engine",
    "Facts",
    "Moment",
    "Resource",
    "Stage",
    "Steps",
    "Unknown",
    "Watch",
]

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

PATIENCE_SECONDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Between looks at what was written, and between tries at what AWS has no time for.

IAM, SQS and SNS show a change up to a minute later (ses-facts 2.3, 6.3).
"""

REFUSALS_BORNE: Final = 6
"""Of a change that follows another in one apply.

A policy that was written a moment ago may not hold yet, and until then AWS refuses what it
allows: SES tries a topic out before it takes it as a destination.
"""


@dataclass(slots=True)
class _Findings:
    """What a walk through the stages gathers."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    facts: dict[str, Document | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Making:
    """Who is told of a change, and whether one was made just before it."""

    steps: Steps
    tell: Watch
    settling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Plans and applies; holds no state, so one serves many plans at once."""

    patience_seconds: Sequence[float] = PATIENCE_SECONDS

    async def plan(self, stages: Sequence[Stage]) -> Plan:
        """Return what would be changed, without one write.

        Raises Unavailable or Forbidden if AWS does not let itself be looked at.
        """
        found = _Findings()
        for stage in stages:
            for resource in _resources(stage, found):
                await self._compare(resource, found)
        return Plan(
            changes=tuple(found.changes),
            conflicts=tuple(found.conflicts),
            later=tuple(found.later),
            remarks=tuple(dict.fromkeys(found.remarks)),
        )

    async def apply(
        self,
        stages: Sequence[Stage],
        *,
        steps: Steps,
        on_change: Watch = lambda _change, _moment: None,
        seen: Plan | None = None,
    ) -> Applied:
        """Make everything as it is wanted, one change at a time, each read back.

        Nothing is written if anything is in the way; `seen` is a plan made a moment ago, which
        saves the look for that. Writes only for changes, so a second apply writes nothing.
        Raises Failed at the change that could not be made: those before it are done, and
        applying again goes on from there.
        """
        plan = await self.plan(stages) if seen is None else seen
        if plan.conflicts:
            return Applied(conflicts=plan.conflicts, later=plan.later, remarks=plan.remarks)
        found = _Findings()
        settling = False
        for stage in stages:
            resources = list(_resources(stage, found))
            pending = [(one, await self._compare(one, found)) for one in resources]
            if found.conflicts:
                break
            for resource, change in pending:
                if change is not None:
                    making = _Making(steps=steps, tell=on_change, settling=settling)
                    found.facts[resource.name] = await self._make(resource, change, making)
                    settling = True
        return Applied(
            changes=tuple(found.changes),
            conflicts=tuple(found.conflicts),
            later=tuple(found.later),
            remarks=tuple(dict.fromkeys(found.remarks)),
            facts=found.facts,
        )

    async def _compare(self, resource: Resource, found: _Findings) -> Change | None:
        observed = await self._patiently(resource.observe)
        found.facts[resource.name] = observed
        match resource.wanted(observed):
            case Conflict() as conflict:
                found.conflicts.append(conflict)
                return None
            case Kept(remark=remark):
                found.remarks.append(remark)
                return None
            case wanted:
                change = change_between(resource.name, observed, wanted, resource.why)
        if change is not None:
            found.changes.append(change)
        return change

    async def _make(self, resource: Resource, change: Change, making: _Making) -> Document | None:
        await making.steps.begin(change)
        making.tell(change, Moment.BEGUN)
        reach("onboard.intended")
        observed = await self._until_it_holds(resource, change, settling=making.settling)
        await making.steps.finish(change)
        reach("onboard.recorded")
        log.debug("resource_changed", resource=change.resource, verb=str(change.verb))
        making.tell(change, Moment.DONE)
        return observed

    async def _until_it_holds(
        self, resource: Resource, change: Change, *, settling: bool
    ) -> Document | None:
        """Apply, and look until nothing more is wanted; again if AWS lost it or had no time."""
        trouble = await self._attempt(resource, change, bear=settling)
        reach("onboard.called")
        for turn, seconds in enumerate((0.0, *self.patience_seconds), start=1):
            await asyncio.sleep(seconds)
            observed = await self._patiently(resource.observe)
            left = _left(resource, observed)
            if left is None:
                return observed
            if trouble is not None:
                bear = settling and turn < REFUSALS_BORNE
                trouble = await self._attempt(resource, left, bear=bear)
        raise trouble or Unavailable(
            f"{resource.name}: what was written does not show at AWS yet; run this again later"
        )

    async def _attempt(self, resource: Resource, change: Change, *, bear: bool) -> Failed | None:
        """Carry a change out; return why it may not have been, if another try may help."""
        try:
            await resource.apply(change)
        except Failed as trouble:
            if isinstance(trouble, Forbidden) and not bear:
                raise
            # "Exists already" may be our own change of a moment ago that does not show yet, and
            # "does not exist" what was made a moment ago.
            log.warning("change_not_sure", resource=change.resource, why=str(trouble))
            return trouble
        return None

    async def _patiently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask again, later and later, while AWS has no time."""
        for seconds in self.patience_seconds:
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(seconds)
        return await ask()


def _resources(stage: Stage, found: _Findings) -> Iterator[Resource]:
    match stage(found.facts):
        case Unknown(later=later):
            found.later += later
        case resources:
            yield from resources


def _left(resource: Resource, observed: Document | None) -> Change | None:
    """Return what is still to be changed.

    Raises Failed when what is there by now is in the way.
    """
    match resource.wanted(observed):
        case Conflict() as conflict:
            raise Failed(
                f"{resource.name}: somebody else changed it: there is {conflict.found}, "
                f"wanted is {conflict.wanted}; {conflict.advice}"
            )
        case Kept():
            return None
        case wanted:
            return change_between(resource.name, observed, wanted, resource.why)
