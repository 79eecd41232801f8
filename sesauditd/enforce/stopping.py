"""Plans for disables, terminations and their reverses: two levers each, so that one suffices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.enforce.compile import deny_everything
from sesauditd.enforce.knobs import Plan, Problem, Pull
from sesauditd.enforce.knobs_iam import KEY, Inline, KeyActive, Policies, Users
from sesauditd.enforce.places import EVERYTHING, Places, number_of
from sesauditd.errors import Failed

if TYPE_CHECKING:
    from sesauditd.enforce.naming import Names
    from sesauditd.enforce.sets import Sets
    from sesauditd.model.execution import Surroundings, Task, User

ONLY_THE_SET = (
    "no IAM user of its own is registered: mail that names another configuration set still passes"
)
OFFBOARDED = "the domain was offboarded: nothing that was made for it is left to turn"
LEFT = "all of the customer's domains were offboarded: nothing made for them is left to turn"
NO_LEVER = "there is nothing to stop it with: no IAM user of its own and no configuration set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """Brings domains and customers on AWS to what the store says about them."""

    names: Names
    users: Users
    policies: Policies
    sets: Sets

    @property
    def places(self) -> Places:
        """Return where the denials of stops stand."""
        return Places(names=self.names, users=self.users, policies=self.policies)

    async def domain(self, task: Task, around: Surroundings) -> Plan:
        """Return what a disable, or its reverse, asks of AWS."""
        domain = str(task.domain)
        if around.closed:
            plan = await self.places.lifted(task.customer, number_of(domain), around)
            return plan + Plan(remarks=(OFFBOARDED,))
        stopped = domain in around.disabled
        plan = await (
            self._disabled(task.customer, domain, around)
            if stopped
            else self._reinstated(task.customer, domain, around)
        )
        if not stopped and domain in around.off:
            plan += Plan(remarks=("stays stopped: its customer is terminated",))
        return await self._with_sets(plan, task.customer, (domain,), around, stopped=stopped)

    async def customer(self, task: Task, around: Surroundings) -> Plan:
        """Return what a termination, or its reverse, asks of AWS."""
        if around.closed:
            plan = await self.places.lifted(task.customer, EVERYTHING, around)
            return plan + Plan(remarks=(LEFT,))
        plan = Plan()
        if not around.terminated:
            plan += await self.places.lifted(task.customer, EVERYTHING, around)
        for user in around.users:
            plan += await self._ended(user, task.customer, around)
            plan += await self._keys(user, around)
        return await self._with_sets(
            plan, task.customer, around.domains, around, stopped=around.terminated
        )

    async def _with_sets(
        self,
        plan: Plan,
        customer: str,
        domains: Sequence[str],
        around: Surroundings,
        *,
        stopped: bool,
    ) -> Plan:
        """Return the plan with the domains' configuration sets.

        Who else uses a set is asked of every identity of the account, at one call a second: a
        stop of the users does not wait for it.
        """
        if stopped and _holds_back(plan):
            rest = partial(self.sets.plan, customer, domains, around)
            return _weighed(plan, around) + Plan(later=rest)
        plan += await self.sets.plan(customer, domains, around)
        return _weighed(plan, around) if stopped else plan

    async def _disabled(self, customer: str, domain: str, around: Surroundings) -> Plan:
        plan = await self.places.disabled(customer, domain, around)
        for user in around.users:
            if user.is_shared:
                knob = self.places.inline(user.name, self.names.disable_policy(domain))
                plan += await self._loosened(user, knob)
        return plan

    async def _reinstated(self, customer: str, domain: str, around: Surroundings) -> Plan:
        name = self.names.disable_policy(domain)
        pulls = [
            Pull(knob=self.places.inline(user.name, name), wanted=None) for user in around.users
        ]
        rest = await self.places.lifted(customer, number_of(domain), around)
        return Plan(pulls=tuple(pulls)) + rest

    async def _ended(self, user: User, customer: str, around: Surroundings) -> Plan:
        knob = self.places.inline(user.name, self.names.terminate_policy)
        if not around.terminated:
            return Plan(pulls=(Pull(knob=knob, wanted=None),))
        if user.is_shared:
            return await self._loosened(user, knob) + await self.places.freed(user, customer)
        return await self.places.ended(user, customer)

    async def _loosened(self, user: User, knob: Inline) -> Plan:
        """Return what frees a user that became shared: another customer would be hit too.

        A Deny on the domain's identity alone hits nobody else and stays. What cannot be read is
        left alone.
        """
        remark = Plan(remarks=(_spared(user),))
        try:
            stands = await knob.read()
        except Failed:
            return remark
        if stands != deny_everything():
            return remark
        return Plan(pulls=(Pull(knob=knob, wanted=None),)) + remark

    async def _keys(self, user: User, around: Surroundings) -> Plan:
        """Return the pulls at access keys: only those that we made Inactive become Active."""
        start = f"{KEY}{user.name}/"
        held = [name for name in around.holds if name.startswith(start)]
        if not around.terminated or user.is_shared:
            pulls = [
                Pull(knob=self._key(user, name.removeprefix(start)), wanted=True, may_be_gone=True)
                for name in held
            ]
            return Plan(pulls=tuple(pulls), released=tuple(held))
        try:
            keys = await self.users.keys(user.name)
        except Failed as error:
            return Plan(problems=(Problem(part=f"the keys of IAM user {user.name}", error=error),))
        return Plan(
            pulls=tuple(
                Pull(knob=self._key(user, one.id), wanted=False, holds={"user": user.name})
                for one in keys
                if one.active or f"{start}{one.id}" in held
            )
        )

    def _key(self, user: User, key: str) -> KeyActive:
        return KeyActive(users=self.users, user=user.name, key=key)


def _holds_back(plan: Plan) -> bool:
    """Say whether any pull stops mail; those that free a user stop none."""
    return any(one.wanted is not None and one.wanted is not True for one in plan.pulls)


def _weighed(plan: Plan, around: Surroundings) -> Plan:
    """Return a stop with what it lacks said in words; without any lever it is a failure."""
    if not _holds_back(plan) and not plan.problems:
        words = "; ".join((NO_LEVER, *plan.remarks))
        if plan.pulls:
            # Whoever shares the user is let go all the same.
            return plan + Plan(problems=(Problem(part="the stop", error=Failed(words)),))
        return Plan(failure=words)
    if all(one.is_shared for one in around.users):
        return plan + Plan(remarks=(ONLY_THE_SET,))
    return plan


def _spared(user: User) -> str:
    who = ", ".join(sorted(user.customers))
    return f"IAM user {user.name} is left alone: {who} share it"
