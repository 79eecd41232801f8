"""Carries out many blocks by the account's list together: one call each, read back by the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.enforce.knobs import Plan, Seen
from sesauditd.enforce.knobs_ses import Listed, Suppression
from sesauditd.enforce.outcomes import broken, holds_of, outcome_of
from sesauditd.enforce.turning import noted
from sesauditd.errors import Failed
from sesauditd.model.actions import State

if TYPE_CHECKING:
    from sesauditd.enforce.knobs import Pull
    from sesauditd.enforce.turning import Turner
    from sesauditd.model.execution import Hold, Outcome, Surroundings, Task

log = structlog.get_logger(__name__)

MOST = 30
"""Blocks that are listed together: a stop that becomes due waits so many calls at the most."""
REASON = "BOUNCE"
WORTH_A_PAGE = 4
"""So many are listed together once the whole list was read; three calls each would be more."""
CLOCKS = timedelta(days=1)
"""How far the clocks of AWS and of this machine may differ; beyond it each is read by itself."""


class Waiting(Protocol):
    """Blocks that wait; each step committed when it returns."""

    async def surroundings(self, task: Task, now: datetime) -> Surroundings:
        """Return what the store says around a task."""

    async def begin(
        self, task: Task, before: Mapping[str, object], holds: Sequence[Hold], now: datetime
    ) -> bool:
        """Write the intent; False if the action is no longer to be carried out."""


class Levers(Protocol):
    """What each action asks of AWS."""

    async def plan(self, task: Task, around: Surroundings, /) -> Plan:
        """Return what the action asks of AWS."""


@dataclass(slots=True, kw_only=True)
class Glance:
    """The account's list as it was read last, asked of AWS again where it could be old.

    What it says of an address that was not there costs no call: listing it again is harmless.
    That an address is there is only taken from a page that was read after the last write.
    """

    mail: Suppression
    clock: Callable[[], datetime]
    known: set[str] = field(default_factory=set)
    """Lower case: SES ignores case when it sends."""
    fresh: frozenset[str] = frozenset()
    """What was read after the last write."""
    reads_back: bool = False
    """Something was written in this batch."""
    written: bool = False
    """Something was written after the last page."""

    async def begin(self) -> None:
        """Read the whole list once, and begin with a new batch; raises Unavailable, Forbidden."""
        if not self.known:
            self.known = {one.lower() for one in await self.mail.suppressed_addresses()}
        self.reads_back = self.written = False

    async def suppressed(self, address: str) -> str | None:
        """Return why an address is listed, None if it is not; raises Unavailable, Forbidden."""
        if self.written:
            recent = await self.mail.suppressed_addresses(self.clock() - CLOCKS)
            self.fresh = frozenset(one.lower() for one in recent)
            self.known |= self.fresh
            self.written = False
        if self.reads_back and address.lower() in self.fresh:
            return REASON
        if self.reads_back or address.lower() in self.known:
            return await self.mail.suppressed(address)
        return None

    async def suppress(self, address: str) -> None:
        """List a spelling with reason BOUNCE."""
        self.reads_back = self.written = True
        await self.mail.suppress(address)

    async def unsuppress(self, address: str) -> None:
        """Take a spelling off the list."""
        self.reads_back = self.written = True
        await self.mail.unsuppress(address)

    async def suppressed_spellings(self, address: str) -> Sequence[str]:
        """Return every listed spelling that differs only in case."""
        return await self.mail.suppressed_spellings(address)

    async def suppressed_addresses(self, since: datetime | None = None) -> Sequence[str]:
        """Return every spelling on the list, or those put there since."""
        return await self.mail.suppressed_addresses(since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Lists addresses of many blocks: intents, then one call each, then pages, then outcomes."""

    waiting: Waiting
    levers: Levers
    turner: Turner
    glance: Glance
    clock: Callable[[], datetime]

    async def carry_out(self, tasks: Sequence[Task]) -> tuple[Mapping[Task, Outcome], list[Task]]:
        """Return what came of the blocks, and those that have to be carried out by themselves.

        What an operator undid meanwhile is in neither. Errors of the store come through.
        """
        try:
            await self.glance.begin()
        except Failed as error:
            log.info("list_not_read", reason=str(error))
            return {}, list(tasks)
        begun: dict[Task, tuple[Plan, Surroundings]] = {}
        alone = []
        for task in tasks:
            around = await self.waiting.surroundings(task, self.clock())
            plan = await self._plan(task, around)
            if plan is None:
                alone.append(task)
            else:
                begun[task] = (plan, around)
        return await self._list(begun), alone

    async def _plan(self, task: Task, around: Surroundings) -> Plan | None:
        """Return the plan of a block that is nothing but an entry of the list, else None."""
        if around.shards_of:
            return None
        try:
            plan = await self.levers.plan(task, around)
        except Exception:
            # By itself it fails again, and there it is written down.
            log.exception("action_not_planned", action=task.id, kind=str(task.kind))
            return None
        if len(plan.pulls) != 1 or plan.problems or plan.failure is not None:
            return None
        (pull,) = plan.pulls
        if not isinstance(pull.knob, Listed) or pull.knob.every_spelling or not pull.wanted:
            return None
        return replace(plan, pulls=(replace(pull, knob=self._glancing(pull.knob)),))

    def _glancing(self, knob: Listed) -> Listed:
        return replace(knob, suppression=self.glance)

    async def _list(
        self, found: Mapping[Task, tuple[Plan, Surroundings]]
    ) -> Mapping[Task, Outcome]:
        before = await self.turner.look(_pulls(found))
        begun = {}
        for task, (plan, around) in found.items():
            intent = noted(plan.pulls, before.positions)
            holds = holds_of(plan, before, around)
            if await self.waiting.begin(task, intent, holds, self.clock()):
                begun[replace(task, state=State.ATTEMPTED)] = (plan, around)
            else:
                log.info("action_overtaken", action=task.id, kind=str(task.kind))
        reach("executor.intended")
        try:
            after = await self.turner.turn(_pulls(begun), before)
        except Exception:
            log.exception("blocks_not_listed", blocks=len(begun))
            return {task: broken(task, self.clock(), after={}) for task in begun}
        return {
            task: outcome_of(task, plan, _of(plan, after), self.clock())
            for task, (plan, _) in begun.items()
        }


def _pulls(plans: Mapping[Task, tuple[Plan, Surroundings]]) -> Sequence[Pull]:
    """Return each pull once: two customers may have the same address blocked."""
    return list(
        {pull.knob.name: pull for plan, _ in plans.values() for pull in plan.pulls}.values()
    )


def _of(plan: Plan, after: Seen) -> Seen:
    names = {pull.knob.name for pull in plan.pulls}
    problems = tuple(one for one in after.problems if one.part in names)
    return Seen(positions=after.positions, problems=problems)
