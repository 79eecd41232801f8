"""The executor: carries out what is requested, intent first, outcome by reading back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.enforce import listing
from sesauditd.enforce.knobs import Plan, Seen
from sesauditd.enforce.listing import Glance, Listing
from sesauditd.enforce.outcomes import broken, holds_of, outcome_of
from sesauditd.enforce.together import MOST, Blocks, Together
from sesauditd.enforce.together import Levers as BlockLevers
from sesauditd.enforce.turning import Turner, noted
from sesauditd.model.actions import Lever, Reverse, State
from sesauditd.model.execution import Hold, Outcome
from sesauditd.model.verdicts import Does

if TYPE_CHECKING:
    import asyncio

    from sesauditd.enforce.knobs_ses import Suppression
    from sesauditd.model.execution import Surroundings, Task

log = structlog.get_logger(__name__)

BATCH = 50
ABOUT_BLOCKS = frozenset({Does.BLOCK, Reverse.UNBLOCK})
PATIENCE_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
EXPIRY_EVERY = timedelta(minutes=1)
LOOKED_AT_ANEW_SECONDS = 2.0
"""What is due is asked for again after so long: a stop does not wait for fifty blocks."""


class Outbox(Blocks, Protocol):
    """Requested actions and what stands around them, each step committed when it returns."""

    async def expire(self, now: datetime) -> int:
        """Ask for the reverse of blocks that are over; return how many."""

    async def due(self, now: datetime, limit: int) -> Sequence[Task]:
        """Return what is to be carried out now: stops first, then the oldest."""

    async def together(self, task: Task, now: datetime, limit: int) -> Sequence[Task]:
        """Return what is carried out with a block in the policies, and itself, first."""

    async def listed_together(self, task: Task, now: datetime, limit: int) -> Sequence[Task]:
        """Return blocks by the account's list to be set with one, and itself, first."""

    async def surroundings(self, task: Task, now: datetime) -> Surroundings:
        """Return what the store says around a task."""

    async def begin(
        self, task: Task, before: Mapping[str, object], holds: Sequence[Hold], now: datetime
    ) -> bool:
        """Write the intent; False if the action is no longer to be carried out."""

    async def finish(self, task: Task, outcome: Outcome, now: datetime) -> bool:
        """Write what came of it; False if the action was undone meanwhile."""


class Levers(BlockLevers, Protocol):
    """What each action asks of AWS."""

    @property
    def account_list(self) -> Suppression:
        """Return the account's suppression list."""

    def forget(self) -> None:
        """Look anew at what AWS said before."""

    async def plan(self, task: Task, around: Surroundings) -> Plan:
        """Return what the action asks of AWS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was carried out at once."""

    done: int
    anew: frozenset[str] = frozenset()
    """Actions that have another lever now and are due again."""


@dataclass(slots=True, kw_only=True)
class Executor:
    """Carries out actions, one at a time, each as often as it takes.

    AWS is brought to agree with the store, whatever stands there: driving an action again
    after a crash at any point has no second effect.
    """

    outbox: Outbox
    levers: Levers
    clock: Callable[[], datetime]
    patience_seconds: Sequence[float] = PATIENCE_SECONDS
    turner: Turner = field(init=False)
    glance: Glance = field(init=False)
    expired_at: datetime | None = None
    """When blocks that are over were looked for last."""

    def __post_init__(self) -> None:
        """Make what turns the knobs."""
        self.turner = Turner(patience_seconds=self.patience_seconds)

    async def tick(self, stop: asyncio.Event | None = None) -> int:
        """Try everything that is due once; return how many actions were done.

        Told to stop, it ends after the action in hand. Errors of the store come through.
        """
        await self._expire(self.clock())
        self.levers.forget()
        self.glance = Glance(mail=self.levers.account_list, clock=self.clock)
        tried: set[str] = set()
        done = 0
        while True:
            found = await self.outbox.due(self.clock(), BATCH)
            batch = [task for task in found if task.id not in tried]
            if not batch:
                return done
            looked_at = monotonic()
            for task in batch:
                if stop is not None and stop.is_set():
                    return done
                if monotonic() - looked_at > LOOKED_AT_ANEW_SECONDS:
                    break
                if task.id in tried:
                    continue
                tasks = await self._with_others(task, tried)
                tried.update(one.id for one in tasks)
                step = await self._unit(tasks)
                done += step.done
                tried -= step.anew
                # Many at once take a while: a stop that was asked for meanwhile comes first.
                if step.anew or len(tasks) > 1:
                    break

    async def _expire(self, now: datetime) -> None:
        """Look for blocks that are over, which takes a walk through all of them."""
        if self.expired_at is not None and abs(now - self.expired_at) < EXPIRY_EVERY:
            return
        expired = await self.outbox.expire(now)
        self.expired_at = now
        if expired:
            log.info("blocks_expired", expired=expired)

    async def _with_others(self, task: Task, tried: set[str]) -> Sequence[Task]:
        """Return a task with those that one write to IAM, or one page, serves beside it."""
        if task.kind is Does.BLOCK and task.lever is Lever.ACCOUNT_LIST:
            waiting = await self.outbox.listed_together(task, self.clock(), listing.MOST)
            left = [one for one in waiting if one.id not in tried]
            enough = listing.WORTH_A_PAGE if self.glance.known else listing.MOST
            return left if len(left) >= enough else [task]
        if task.kind not in ABOUT_BLOCKS or task.lever is not Lever.IAM_DENY:
            return [task]
        found = await self.outbox.together(task, self.clock(), MOST)
        return [task, *(one for one in found if one.id != task.id and one.id not in tried)]

    async def _unit(self, tasks: Sequence[Task]) -> Step:
        (task, *others) = tasks
        if task.kind in ABOUT_BLOCKS and task.lever is Lever.IAM_DENY:
            return await self._together(tasks)
        if others:
            return await self._listed(tasks)
        around = await self.outbox.surroundings(task, self.clock())
        if around.shards_of:
            # A block whose lever was corrected has to leave the other one.
            return await self._together(tasks)
        return Step(done=int(await self._carry_out(task, around)))

    async def _listed(self, tasks: Sequence[Task]) -> Step:
        as_one = Listing(
            waiting=self.outbox,
            levers=self.levers,
            turner=self.turner,
            glance=self.glance,
            clock=self.clock,
        )
        outcomes, alone = await as_one.carry_out(tasks)
        done = sum([await self._finish(task, outcome) for task, outcome in outcomes.items()])
        steps = [await self._unit([task]) for task in alone]
        return Step(
            done=done + sum(one.done for one in steps),
            anew=frozenset().union(*(one.anew for one in steps)),
        )

    async def _together(self, tasks: Sequence[Task]) -> Step:
        as_one = Together(
            blocks=self.outbox, levers=self.levers, turner=self.turner, clock=self.clock
        )
        outcomes = await as_one.carry_out(tasks)
        done = 0
        for task in tasks:
            outcome = outcomes.get(task.id)
            if outcome is not None:
                done += await self._finish(task, outcome)
        anew = frozenset(key for key, outcome in outcomes.items() if outcome is None)
        return Step(done=done, anew=anew)

    async def _carry_out(self, task: Task, around: Surroundings) -> bool:
        try:
            plan = await self.levers.plan(task, around)
            before = await self.turner.look(plan.pulls)
        except Exception:
            # A fault of ours in one action must not keep the others from being carried out.
            log.exception("action_not_planned", action=task.id, kind=str(task.kind))
            return await self._finish(task, broken(task, self.clock(), after=None))
        if plan.failure is not None:
            return await self._finish(task, Outcome(state=State.FAILED, words=plan.failure))
        holds = holds_of(plan, before, around)
        if not await self.outbox.begin(
            task, noted(plan.pulls, before.positions), holds, self.clock()
        ):
            log.info("action_overtaken", action=task.id, kind=str(task.kind))
            return False
        reach("executor.intended")
        try:
            after = await self.turner.turn(plan.pulls, before)
            if plan.later is not None:
                plan, after = await self._go_on(task, plan, after, around)
        except Exception:
            log.exception("action_not_finished", action=task.id, kind=str(task.kind))
            return await self._finish(task, broken(task, self.clock(), after={}))
        outcome = outcome_of(task, plan, after, self.clock())
        return await self._finish(task, outcome)

    async def _go_on(
        self, task: Task, plan: Plan, after: Seen, around: Surroundings
    ) -> tuple[Plan, Seen]:
        """Find the rest of a plan and carry it out, its own intent first; return the whole."""
        more = Plan() if plan.later is None else await plan.later()
        before = await self.turner.look(more.pulls)
        whole = replace(plan, later=None) + more
        if more.pulls and not await self.outbox.begin(
            replace(task, state=State.ATTEMPTED),
            noted(more.pulls, before.positions),
            holds_of(more, before, around),
            self.clock(),
        ):
            # An operator undid it meanwhile: the reverse finds what was done so far.
            return whole, after
        seen = await self.turner.turn(more.pulls, before)
        return whole, Seen(
            positions={**after.positions, **seen.positions},
            problems=(*after.problems, *seen.problems),
        )

    async def _finish(self, task: Task, outcome: Outcome) -> bool:
        written = await self.outbox.finish(task, outcome, self.clock())
        reach("executor.recorded")
        log.info(
            "action_carried_out",
            action=task.id,
            kind=str(task.kind),
            customer=task.customer,
            state=str(outcome.state),
            overtaken=not written,
        )
        return written and outcome.state is State.DONE
