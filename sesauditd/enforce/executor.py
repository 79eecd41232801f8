"""The executor: carries out what is requested, intent first, outcome by reading back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.failpoint import reach
from sesauditd.enforce.knobs import Plan, Seen
from sesauditd.enforce.turning import Result, Turner, judged, noted
from sesauditd.model.actions import State
from sesauditd.model.execution import Hold, Outcome

if TYPE_CHECKING:
    import asyncio

    from sesauditd.enforce.knobs import Position
    from sesauditd.model.execution import Surroundings, Task

log = structlog.get_logger(__name__)

BATCH = 50
PATIENCE_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
EXPIRY_EVERY = timedelta(minutes=1)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=5)
REFUSED_RETRY = timedelta(hours=1)
LONGEST_REFUSED_RETRY = timedelta(days=1)
"""A refusal ends by a person's doing: production access, a right, a quota."""
TOLD_AFTER = 4
"""Attempts: AWS being away for a minute is nobody's business."""


class Outbox(Protocol):
    """Requested actions and what stands around them, each step committed when it returns."""

    async def expire(self, now: datetime) -> int:
        """Ask for the reverse of blocks that are over; return how many."""

    async def due(self, now: datetime, limit: int) -> Sequence[Task]:
        """Return what is to be carried out now: stops first, then the oldest."""

    async def surroundings(self, task: Task, now: datetime) -> Surroundings:
        """Return what the store says around a task."""

    async def begin(
        self, task: Task, before: Mapping[str, object], holds: Sequence[Hold], now: datetime
    ) -> bool:
        """Write the intent; False if the action is no longer to be carried out."""

    async def finish(self, task: Task, outcome: Outcome, now: datetime) -> bool:
        """Write what came of it; False if the action was undone meanwhile."""


class Levers(Protocol):
    """What each action asks of AWS."""

    def forget(self) -> None:
        """Look anew at what AWS said before."""

    async def plan(self, task: Task, around: Surroundings) -> Plan:
        """Return what the action asks of AWS."""


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
        tried: set[str] = set()
        done = 0
        while True:
            found = await self.outbox.due(self.clock(), BATCH)
            batch = [task for task in found if task.id not in tried]
            if not batch:
                return done
            for task in batch:
                if stop is not None and stop.is_set():
                    return done
                tried.add(task.id)
                done += await self._carry_out(task)

    async def _expire(self, now: datetime) -> None:
        """Look for blocks that are over, which takes a walk through all of them."""
        if self.expired_at is not None and abs(now - self.expired_at) < EXPIRY_EVERY:
            return
        expired = await self.outbox.expire(now)
        self.expired_at = now
        if expired:
            log.info("blocks_expired", expired=expired)

    async def _carry_out(self, task: Task) -> bool:
        around = await self.outbox.surroundings(task, self.clock())
        try:
            plan = await self.levers.plan(task, around)
            before = await self.turner.look(plan.pulls)
        except Exception:
            # A fault of ours in one action must not keep the others from being carried out.
            log.exception("action_not_planned", action=task.id, kind=str(task.kind))
            return await self._finish(task, _broken(task, self.clock(), after=None))
        if plan.failure is not None:
            return await self._finish(task, Outcome(state=State.FAILED, words=plan.failure))
        holds = _holds(plan, before, around)
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
            return await self._finish(task, _broken(task, self.clock(), after={}))
        outcome = _outcome(task, plan, after, self.clock())
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
            _holds(more, before, around),
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


def _holds(plan: Plan, before: Seen, around: Surroundings) -> tuple[Hold, ...]:
    """Return the knobs that are about to leave a position which must come back."""
    return tuple(
        Hold(knob=pull.knob.name, facts=pull.holds)
        for pull in plan.pulls
        if pull.holds is not None
        and pull.knob.name not in around.holds
        and _leaves(pull.wanted, before.positions.get(pull.knob.name))
    )


def _leaves(wanted: Position, position: Position) -> bool:
    return position is not None and position != wanted


def _outcome(task: Task, plan: Plan, after: Seen, now: datetime) -> Outcome:
    result = judged(plan, after)
    is_done = result.state is State.DONE
    words = "; ".join((*result.words, *plan.remarks))
    attempts = task.attempts + 1
    return Outcome(
        state=result.state,
        words=words or None,
        after=noted(plan.pulls, after.positions),
        released=plan.released if is_done else (),
        next_try_at=_next_try(result, attempts, now),
        tell=not result.passing or attempts >= TOLD_AFTER,
    )


def _next_try(result: Result, attempts: int, now: datetime) -> datetime | None:
    if result.state not in {State.PENDING, State.UNKNOWN}:
        return None
    if not result.passing:
        return now + min(REFUSED_RETRY * attempts, LONGEST_REFUSED_RETRY)
    return now + min(FIRST_RETRY * (1 << min(attempts - 1, 10)), LONGEST_RETRY)


def _broken(task: Task, now: datetime, *, after: Mapping[str, object] | None) -> Outcome:
    return Outcome(
        state=State.UNKNOWN,
        words="the program failed at it: see its log",
        after=after,
        next_try_at=now + LONGEST_RETRY,
        tell=task.attempts + 1 >= TOLD_AFTER,
    )
