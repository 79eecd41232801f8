"""Carries out the blocks of one customer together: a hundred new ones are one write to IAM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.enforce.knobs import Seen
from sesauditd.enforce.outcomes import broken, holds_of, outcome_of
from sesauditd.enforce.turning import noted
from sesauditd.errors import Forbidden
from sesauditd.model.actions import OVERFLOWN, Reverse, State
from sesauditd.model.execution import Outcome

if TYPE_CHECKING:
    from sesauditd.enforce.denying import Denials
    from sesauditd.enforce.knobs import Plan, Pull
    from sesauditd.enforce.turning import Turner
    from sesauditd.model.execution import Fill, Hold, Surroundings, Task

log = structlog.get_logger(__name__)

MOST = 200
"""Blocks that are carried out together: their outcomes are written one by one."""
COLLATERAL = (
    f"{OVERFLOWN}, and the account's list would stop another customer's mail to this address: "
    "lift blocks that are no longer needed, or block it at the site that sends to it"
)


class Blocks(Protocol):
    """Blocks that wait, and what stands around them; each step committed when it returns."""

    async def around_blocks(
        self, tasks: Sequence[Task], now: datetime
    ) -> tuple[Surroundings, Mapping[str, Surroundings]]:
        """Return what the store says around one customer's blocks, and around each by its id."""

    async def begin_blocks(
        self,
        tasks: Mapping[Task, Mapping[str, object]],
        holds: Sequence[Hold],
        places: Mapping[str, int],
        now: datetime,
    ) -> frozenset[str]:
        """Write the intents, and which policy names each; return whose are to be carried out."""

    async def spill(self, tasks: Sequence[Task], why: str, now: datetime) -> frozenset[str]:
        """Move blocks to the account's list that stop no other customer's mail; return whose."""

    async def note_fill(self, fill: Fill, now: datetime) -> None:
        """Remember how full a customer's policies are."""


class Levers(Protocol):
    """What blocks ask of AWS."""

    async def together(
        self, tasks: Sequence[Task], whole: Surroundings, each: Mapping[str, Surroundings]
    ) -> Denials:
        """Return what blocks of one customer, and their reverses, ask of AWS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Carries out blocks of one customer, and their reverses, as one."""

    blocks: Blocks
    levers: Levers
    turner: Turner
    clock: Callable[[], datetime]

    async def carry_out(self, tasks: Sequence[Task]) -> Mapping[str, Outcome | None]:
        """Return what came of each task by its id; None where it has to be done anew.

        What an operator undid meanwhile is not named. Errors of the store come through.
        """
        now = self.clock()
        whole, each = await self.blocks.around_blocks(tasks, now)
        try:
            denials = await self.levers.together(tasks, whole, each)
            before = await self.turner.look(_pulls(denials.plans.values()))
        except Exception:
            # A fault of ours in one customer's blocks must not keep the others waiting.
            log.exception("blocks_not_planned", customer=tasks[0].customer, blocks=len(tasks))
            return {one.id: broken(one, self.clock(), after=_after(one)) for one in tasks}
        found: dict[str, Outcome | None] = {
            one.id: _failed(one, failure)
            for one in tasks
            if (failure := denials.plans[one.id].failure) is not None
        }
        spilled = [one for one in tasks if one.id in denials.spilled and one.id not in found]
        found |= await self._spill(spilled, "the block found no room in them")
        left = [one for one in tasks if one.id not in found]
        if left:
            found |= await self._carry_out(left, denials, before, each)
        await self.blocks.note_fill(denials.fill, self.clock())
        return found

    async def _carry_out(
        self,
        tasks: Sequence[Task],
        denials: Denials,
        before: Seen,
        each: Mapping[str, Surroundings],
    ) -> Mapping[str, Outcome | None]:
        plans = {one.id: denials.plans[one.id] for one in tasks}
        holds = [hold for key, plan in plans.items() for hold in holds_of(plan, before, each[key])]
        intents = {one: noted(plans[one.id].pulls, before.positions) for one in tasks}
        begun = await self.blocks.begin_blocks(intents, holds, denials.places, self.clock())
        left = [replace(one, state=State.ATTEMPTED) for one in tasks if one.id in begun]
        if len(left) < len(tasks):
            # Somebody undid one meanwhile: the policies are compiled anew, without it.
            log.info("blocks_overtaken", customer=tasks[0].customer)
            return await self.carry_out(left) if left else {}
        reach("executor.intended")
        try:
            after = await self.turner.turn(_pulls(plans.values()), before)
        except Exception:
            log.exception("blocks_not_finished", customer=tasks[0].customer, blocks=len(tasks))
            return {one.id: broken(one, self.clock(), after={}) for one in left}
        found: dict[str, Outcome | None] = {}
        refused = []
        for task in left:
            seen = _of(plans[task.id], after)
            if task.kind is not Reverse.UNBLOCK and _at_limit(seen):
                refused.append(task)
            else:
                found[task.id] = outcome_of(task, plans[task.id], seen, self.clock())
        return found | await self._spill(refused, "IAM takes no further policy or attachment")

    async def _spill(self, tasks: Sequence[Task], why: str) -> dict[str, Outcome | None]:
        """Move what can go to the account's list; the rest fails, saying so."""
        if not tasks:
            return {}
        moved = await self.blocks.spill(tasks, why, self.clock())
        log.warning("blocks_spilled", customer=tasks[0].customer, moved=len(moved), of=len(tasks))
        return {one.id: None if one.id in moved else _failed(one, COLLATERAL) for one in tasks}


def _failed(task: Task, words: str) -> Outcome:
    return Outcome(state=State.FAILED, words=words, after=_after(task))


def _after(task: Task) -> Mapping[str, object] | None:
    """Return the positions of a task that ends without looking: None if it has no intent yet."""
    return {} if task.state is State.ATTEMPTED else None


def _pulls(plans: Iterable[Plan]) -> Sequence[Pull]:
    """Return each pull once: many blocks stand in one policy."""
    found: dict[str, Pull] = {}
    for plan in plans:
        if plan.failure is None:
            found.update({pull.knob.name: pull for pull in plan.pulls})
    return list(found.values())


def _of(plan: Plan, after: Seen) -> Seen:
    names = {pull.knob.name for pull in plan.pulls}
    problems = tuple(one for one in after.problems if one.part in names)
    return Seen(positions=after.positions, problems=problems)


def _at_limit(seen: Seen) -> bool:
    return any(isinstance(one.error, Forbidden) and one.error.at_limit for one in seen.problems)
