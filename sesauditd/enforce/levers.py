"""Levers: what each kind of action asks of AWS (policy.md section 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, assert_never

from sesauditd.enforce.blocking import Blocking
from sesauditd.enforce.denying import Denials, Denying
from sesauditd.enforce.knobs import Plan
from sesauditd.enforce.knobs_iam import Policies, Users
from sesauditd.enforce.knobs_ses import Suppression, Switches
from sesauditd.enforce.sets import Identities, Sets
from sesauditd.enforce.stopping import Stopping
from sesauditd.enforce.unexplained import Explaining, Unexplained
from sesauditd.model.actions import Reverse
from sesauditd.model.verdicts import Does

if TYPE_CHECKING:
    from sesauditd.enforce.naming import Names
    from sesauditd.model.execution import Surroundings, Task


class Mail(Suppression, Switches, Identities, Protocol):
    """SES, as far as enforcement turns it."""


class Access(Users, Policies, Protocol):
    """IAM, as far as enforcement turns it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """Plans every kind of action, from what the store says and AWS shows."""

    blocking: Blocking
    stopping: Stopping
    sets: Sets

    @classmethod
    def at(cls, names: Names, mail: Mail, access: Access, *, ignore_case: bool = True) -> Levers:
        """Return the levers of one account; `ignore_case` as in `Denying`."""
        sets = Sets(identities=mail, switches=mail)
        denying = Denying(names=names, policies=access, ignore_case=ignore_case)
        blocking = Blocking(suppression=mail, denying=denying)
        stopping = Stopping(names=names, users=access, policies=access, sets=sets)
        return cls(blocking=blocking, stopping=stopping, sets=sets)

    def unexplained(self, explaining: Explaining, beat: Callable[[], None]) -> Unexplained:
        """Return what looks for policies that no action explains."""
        return Unexplained(
            names=self.stopping.names,
            users=self.stopping.users,
            policies=self.blocking.denying.policies,
            explaining=explaining,
            beat=beat,
        )

    @property
    def account_list(self) -> Suppression:
        """Return the account's suppression list."""
        return self.blocking.suppression

    def forget(self) -> None:
        """Look anew at what AWS said of identities."""
        self.sets.forget()

    async def together(
        self, tasks: Sequence[Task], whole: Surroundings, each: Mapping[str, Surroundings]
    ) -> Denials:
        """Return what blocks of one customer, and their reverses, ask of AWS."""
        return await self.blocking.together(tasks, whole, each)

    async def plan(self, task: Task, around: Surroundings) -> Plan:
        """Return what the action asks of AWS; what cannot be looked at is a problem in it."""
        match task.kind:
            case Does.WARN:
                return Plan()
            case Does.BLOCK | Reverse.UNBLOCK:
                return self.blocking.plan(task, around)
            case Does.DISABLE | Reverse.REINSTATE:
                return await self.stopping.domain(task, around)
            case Does.TERMINATE | Reverse.RESTORE:
                return await self.stopping.customer(task, around)
            case _:
                assert_never(task.kind)
