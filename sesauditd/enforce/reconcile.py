"""Compares what stands with AWS each night, and has the executor mend what was lost there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.enforce.compile import denied_by
from sesauditd.enforce.knobs import Plan, Pull
from sesauditd.enforce.knobs_iam import Managed
from sesauditd.enforce.knobs_ses import SENDING, Sending, Suppression, Switches
from sesauditd.errors import Failed
from sesauditd.model.actions import Lever, Reverse
from sesauditd.model.verdicts import Does

if TYPE_CHECKING:
    from sesauditd.enforce.denying import Denying
    from sesauditd.enforce.knobs import Position
    from sesauditd.enforce.turning import Turner
    from sesauditd.enforce.unexplained import Unexplained
    from sesauditd.model.execution import Surroundings, Task

log = structlog.get_logger(__name__)

UNDONE = frozenset({Reverse.REINSTATE, Reverse.RESTORE})
ABOUT_BLOCKS = frozenset({Does.BLOCK, Reverse.UNBLOCK})


class Standing(Protocol):
    """What was done and stands, and what was undone lately."""

    async def standing(self, now: datetime) -> Sequence[Task]:
        """Return what is done and not undone, and what was undone in the last weeks."""

    async def surroundings(self, task: Task, now: datetime) -> Surroundings:
        """Return what the store says around a task."""

    async def around_blocks(
        self, tasks: Sequence[Task], now: datetime
    ) -> tuple[Surroundings, Mapping[str, Surroundings]]:
        """Return what the store says around one customer's blocks."""

    async def again(self, ids: Sequence[str], now: datetime) -> int:
        """Have the executor look at actions once more, intent first; return how many."""

    async def without_room(self, now: datetime) -> int:
        """Have every block tried again that found no room; return how many."""

    async def lifted(
        self, customer: str, shard: int, recipients: Collection[str], now: datetime
    ) -> frozenset[str]:
        """Have the reverses of ended blocks driven again at a policy; return whose there are."""


class Stops(Protocol):
    """What each stop asks of AWS."""

    async def plan(self, task: Task, around: Surroundings, /) -> Plan:
        """Return what the action asks of AWS."""


class AccountList(Suppression, Switches, Protocol):
    """The account's suppression list, and the switches of sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What one comparison found."""

    compared: int = 0
    mended: int = 0
    """Actions that are driven once more."""
    strange: tuple[str, ...] = ()
    """What stands on AWS and is none of ours, in words; it is left alone."""
    unseen: tuple[str, ...] = ()
    """What could not be looked at, in words; nothing was changed for it."""

    def __add__(self, other: Reconciled) -> Reconciled:
        """Return both together."""
        return Reconciled(
            compared=self.compared + other.compared,
            mended=self.mended + other.mended,
            strange=self.strange + other.strange,
            unseen=self.unseen + other.unseen,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Reads, and asks for what is missing; the executor reads again before it writes.

    So an emptied or truncated answer costs questions and changes nothing, and each mend has
    its intent and its outcome. What was taken away on AWS is put back; what was left there by
    us is taken away only where it was seen and the table of blocks says that it ended.
    """

    standing: Standing
    stops: Stops
    denying: Denying
    mail: AccountList
    turner: Turner
    unexplained: Unexplained
    beat: Callable[[], None]
    """Called after each subject: it takes long, at one call a second."""

    async def run(self, now: datetime) -> Reconciled:
        """Compare everything; errors of the store come through."""
        tried_again = await self.standing.without_room(now)
        tasks = await self.standing.standing(now)
        blocks = [one for one in tasks if one.kind in ABOUT_BLOCKS]
        denied: dict[str, list[Task]] = defaultdict(list)
        for one in blocks:
            if one.lever is Lever.IAM_DENY:
                denied[one.customer].append(one)
        found = await self._listed([one for one in blocks if one.lever is Lever.ACCOUNT_LIST], now)
        for each in denied.values():
            found += await self._denied(each, now)
            self.beat()
        for task in tasks:
            if task.kind not in ABOUT_BLOCKS:
                found += await self._stopped(task, now)
                self.beat()
        strange, unseen = await self.unexplained.found()
        found += Reconciled(strange=strange, unseen=unseen)
        log.info(
            "reconciled",
            compared=found.compared,
            mended=found.mended,
            strange=len(found.strange),
            unseen=len(found.unseen),
            tried_again=tried_again,
        )
        return found

    async def _listed(self, tasks: Sequence[Task], now: datetime) -> Reconciled:
        if not tasks:
            return Reconciled()
        try:
            listed = {one.lower() for one in await self.mail.suppressed_addresses()}
        except Failed as error:
            return Reconciled(unseen=(f"the account's suppression list: {error}",))
        lost = [
            one.id
            for one in tasks
            if listed.isdisjoint({str(one.recipient), str(one.spelling or one.recipient).lower()})
        ]
        return Reconciled(compared=len(tasks), mended=await self.standing.again(lost, now))

    async def _denied(self, tasks: Sequence[Task], now: datetime) -> Reconciled:
        """Compare one customer's policies."""
        customer = tasks[0].customer
        whole, _ = await self.standing.around_blocks(tasks[:1], now)
        denials = await self.denying.plan(tasks, whole)
        plan = sum(denials.plans.values(), Plan())
        pulls = {pull.knob.name: pull for pull in plan.pulls}
        numbers = {self.denying.shard(customer, one).name: one for one in denials.numbers}
        for number in denials.idle:
            knob = self.denying.shard(customer, number)
            pulls[knob.name] = Pull(knob=knob, wanted=None)
        seen = await self.turner.look(list(pulls.values()))
        lost: set[str] = set()
        found = Reconciled(
            compared=sum(one.kind is Does.BLOCK for one in tasks),
            unseen=tuple(f"{one.part}: {one.error}" for one in (*plan.problems, *seen.problems)),
        )
        for name, position in seen.positions.items():
            missing, more = _compared(pulls[name], position)
            if more and not whole.closed:
                found += await self._left_over(customer, numbers[name], more, now)
            # Who has no domain left needs no policy: the executor deletes it.
            if missing or (whole.closed and position is not None):
                lost.add(name)
        again = [one.id for one in tasks if not lost.isdisjoint(_names(denials.plans[one.id]))]
        return found + Reconciled(mended=await self.standing.again(again, now))

    async def _left_over(
        self, customer: str, number: int, more: frozenset[str], now: datetime
    ) -> Reconciled:
        """Have ended blocks undone again that a policy still names; tell of all others."""
        known = await self.standing.lifted(customer, number, more, now)
        name = self.denying.shard(customer, number).policy
        strange = f"{name} also denies {len(more - known)} addresses that were never blocked here"
        return Reconciled(mended=len(known), strange=(strange,) if more - known else ())

    async def _stopped(self, task: Task, now: datetime) -> Reconciled:
        around = await self.standing.surroundings(task, now)
        try:
            plan = await self.stops.plan(task, around)
        except Failed as error:
            return Reconciled(compared=1, unseen=(f"{task.kind} {task.domain}: {error}",))
        pulls = [*plan.pulls, *(() if task.kind in UNDONE else self._sets(task, around))]
        seen = await self.turner.look(pulls)
        drifted = any(
            pull.knob.name in seen.positions and not pull.is_met_by(seen.positions[pull.knob.name])
            for pull in pulls
        )
        mended = await self.standing.again([task.id], now) if drifted else 0
        problems = (*plan.problems, *seen.problems)
        return Reconciled(
            compared=1,
            mended=mended,
            unseen=tuple(f"{one.part}: {one.error}" for one in problems),
        )

    def _sets(self, task: Task, around: Surroundings) -> Sequence[Pull]:
        """Return the sets that we stopped for what is still stopped."""
        return [
            Pull(
                knob=Sending(switches=self.mail, configuration_set=name.removeprefix(SENDING)),
                wanted=False,
                may_be_gone=True,
            )
            for name, facts in around.holds.items()
            if name.startswith(SENDING)
            and facts.get("customer") == task.customer
            and facts.get("domain") in around.off
            and task.domain in {None, facts.get("domain")}
        ]


def _compared(pull: Pull, position: Position) -> tuple[bool, frozenset[str]]:
    """Return whether something that stands was lost, and whom a policy names too much.

    A policy that we could not have written names nobody.
    """
    if not isinstance(pull.knob, Managed):
        return not pull.is_met_by(position), frozenset()
    wanted = _denied(pull.wanted)
    present = _denied(position)
    changed = not pull.is_met_by(position) and present <= wanted
    return pull.wanted is not None and (changed or not wanted <= present), present - wanted


def _denied(position: Position) -> frozenset[str]:
    found = denied_by(position) if isinstance(position, Mapping) else None
    return found or frozenset()


def _names(plan: Plan) -> frozenset[str]:
    return frozenset(pull.knob.name for pull in plan.pulls)
