"""Plans for blocks and their reverses: the account's list, and a customer's IAM policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sesauditd.enforce.denying import OWN_PEOPLE, Denials, Denying, spared
from sesauditd.enforce.knobs import Plan, Pull
from sesauditd.enforce.knobs_ses import LISTED, Listed, Suppression
from sesauditd.model.actions import Lever, Reverse

if TYPE_CHECKING:
    from sesauditd.model.execution import Surroundings, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocking:
    """Brings a recipient's and a customer's blocks on AWS to what the store says."""

    suppression: Suppression
    denying: Denying

    def plan(self, task: Task, around: Surroundings) -> Plan:
        """Return what a block by the account's list, or its reverse, asks of AWS."""
        if task.lever is Lever.OWNER_TOLD:
            return Plan(remarks=(OWN_PEOPLE,))
        plan = self._listing(task, around)
        return plan if task.overflown is None else plan + Plan(remarks=(task.overflown,))

    async def together(
        self, tasks: Sequence[Task], whole: Surroundings, each: Mapping[str, Surroundings]
    ) -> Denials:
        """Return what blocks of one customer, and their reverses, ask of IAM and the list.

        An address goes off the account's list only after the policies deny it.
        """
        denials = await self.denying.plan(tasks, whole)
        remarks = Plan(remarks=spared(whole.users))
        plans = dict(denials.plans)
        for task in tasks:
            if plans[task.id].failure is None and task.lever is not Lever.OWNER_TOLD:
                plans[task.id] += self._listing(task, each[task.id]) + remarks
        return replace(denials, plans=plans)

    def _listing(self, task: Task, around: Surroundings) -> Plan:
        address = str(task.recipient)
        held = LISTED + address in around.holds
        if around.listed_for:
            if task.kind is Reverse.UNBLOCK:
                who = ", ".join(around.listed_for)
                return Plan(remarks=(f"stays on the account's list: also blocked for {who}",))
            return Plan(pulls=(self._put(task),)) if task.lever is Lever.ACCOUNT_LIST else Plan()
        asked_for = task.kind is Reverse.UNBLOCK and task.by_operator
        refused = task.kind is not Reverse.UNBLOCK and around.refused_by_policy
        if not (held or asked_for or refused):
            kept = task.kind is Reverse.UNBLOCK and task.lever is Lever.ACCOUNT_LIST
            remark = "an entry that SES itself made on the account's list stays"
            return Plan(remarks=(remark,) if kept else ())
        return Plan(
            pulls=(Pull(knob=self._listed(task, every_spelling=True), wanted=False),),
            released=(LISTED + address,) if held else (),
        )

    def _put(self, task: Task) -> Pull:
        return Pull(knob=self._listed(task), wanted=True, holds={}, waits=True)

    def _listed(self, task: Task, *, every_spelling: bool = False) -> Listed:
        address = str(task.recipient)
        return Listed(
            suppression=self.suppression,
            address=address,
            spelling=task.spelling or address,
            every_spelling=every_spelling,
        )
