"""Plans for blocks and their reverses: the account's list, one IAM policy a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.enforce.compile import MANAGED_LIMIT, Compiled, deny_recipients
from sesauditd.enforce.knobs import Plan, Pull
from sesauditd.enforce.knobs_iam import Attached, Managed, Policies
from sesauditd.enforce.knobs_ses import LISTED, Listed, Suppression
from sesauditd.model.actions import Lever, Reverse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.enforce.naming import Names
    from sesauditd.model.execution import Surroundings, Task, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocking:
    """Brings a recipient's and a customer's blocks on AWS to what the store says."""

    names: Names
    suppression: Suppression
    policies: Policies
    ignore_case: bool = True
    """SES honours `StringEqualsIgnoreCase` on recipients; AWS documents neither."""

    def plan(self, task: Task, around: Surroundings) -> Plan:
        """Return what a block or its reverse asks of AWS."""
        if task.lever is Lever.OWNER_TOLD:
            return Plan(remarks=("nothing on AWS: it is an address of the customer's own",))
        plan = self._listing(task, around)
        # A block whose lever was corrected has to leave the other one.
        moved = task.lever is Lever.ACCOUNT_LIST and task.attempts > 0
        if task.lever is not Lever.ACCOUNT_LIST or moved:
            plan += self._policy(task, around)
        return plan

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

    def _policy(self, task: Task, around: Surroundings) -> Plan:
        compiled = deny_recipients(around.denied, ignore_case=self.ignore_case)
        own = [one for one in around.users if not one.is_shared]
        setting = task.recipient in {one.recipient for one in around.denied}
        failure = _failure(task, compiled, around.users) if setting else None
        if failure is not None:
            return Plan(failure=failure)
        if compiled.document is not None and not compiled.fits:
            return Plan(failure=_too_large(compiled))
        if compiled.document is None and not own:
            return Plan()
        arn = self.names.block_policy_arn(task.customer)
        managed = Managed(
            policies=self.policies, arn=arn, path=self.names.path, tags=self.names.tags
        )
        pulls = [Pull(knob=managed, wanted=compiled.document)]
        if compiled.document is not None:
            pulls += [
                Pull(knob=Attached(policies=self.policies, user=one.name, arn=arn), wanted=True)
                for one in own
            ]
        return Plan(pulls=tuple(pulls), remarks=_shared(around.users))


def _failure(task: Task, compiled: Compiled, users: Sequence[User]) -> str | None:
    """Say why a recipient cannot be denied, None if it can."""
    if task.recipient in compiled.odd:
        return "no IAM policy can name this address: block it at the site that sends to it"
    if not users:
        return (
            "no IAM user is registered for the customer, so that nobody can be denied: "
            "adopt the domain again with --iam-user"
        )
    if all(one.is_shared for one in users):
        return "; ".join(_shared(users)) + ": give the customer an IAM user of its own"
    return None if compiled.fits else _too_large(compiled)


def _too_large(compiled: Compiled) -> str:
    return (
        f"the customer's blocks would take {compiled.size} characters of a policy that holds "
        f"{MANAGED_LIMIT}: the earlier ones stay, lift some that are no longer needed"
    )


def _shared(users: Sequence[User]) -> tuple[str, ...]:
    return tuple(
        f"IAM user {one.name} is left alone: {', '.join(sorted(one.customers))} share it"
        for one in users
        if one.is_shared
    )
