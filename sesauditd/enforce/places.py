"""Where a stop is denied to an IAM user: inline while there is room, else in a managed policy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.enforce.compile import (
    INLINE_LIMIT,
    MANAGED_LIMIT,
    Document,
    deny_everything,
    deny_identities,
    identities_of,
    size_of,
)
from sesauditd.enforce.knobs import Plan, Problem, Pull
from sesauditd.enforce.knobs_iam import Attached, Inline, Managed, Policies, Users
from sesauditd.enforce.shards import POLICIES_OF_A_USER
from sesauditd.errors import Failed, Forbidden, Missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.enforce.knobs import Position
    from sesauditd.enforce.naming import Names
    from sesauditd.model.execution import Surroundings, User

EVERYTHING = 0
"""The number of the policy that holds a termination which found no room at a user."""
NUMBERS = range(1, 5)
"""Those of the policies with disabled domains; a domain always has the same one."""
ALL = deny_everything()
NARROWED = (
    "has no room for a Deny on all that it sends and is denied the domain alone: "
    "take inline policies away that are not ours, or terminate the customer"
)
TOO_MANY = (
    "no policy has room for this domain beside the others that are disabled: "
    "terminate the customer, or reinstate or offboard one of the others"
)
TEN = "has all the policies that IAM attaches by default: take one away, or lift blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Finds room for the denials of stops within the quotas of IAM.

    What stands stays where it is, so that no moment exists in which nothing denies. A policy of
    disabled domains is compiled as a whole from what the store says: to whomever it is attached,
    it denies nothing that is not disabled.
    """

    names: Names
    users: Users
    policies: Policies

    async def disabled(self, customer: str, domain: str, around: Surroundings) -> Plan:
        """Return what denies a disabled domain to the customer's own users."""
        number = number_of(domain)
        try:
            present = await self._present(customer, number)
        except Failed:
            # A stop does not wait for it: where there is room inline, nothing is missing.
            present = None
        named = self.names.identities(domain)[0] in identities_of(present)
        plan = Plan()
        homeless: list[User] = []
        for user in around.users:
            if user.is_shared:
                continue
            knob = self.inline(user.name, self.names.disable_policy(domain))
            wanted = self._denial(domain, user, around)
            try:
                elsewhere = wanted != ALL and named and await self._hangs(user, customer, number)
                fits = await self._fits(knob, wanted, elsewhere=elsewhere)
            except Failed as error:
                plan += Plan(problems=(Problem(part=knob.name, error=error),))
                continue
            if fits:
                plan += Plan(pulls=(Pull(knob=knob, wanted=wanted),))
                continue
            homeless.append(user)
            if wanted == ALL:
                # It may still send as others: somebody has to know.
                narrowed = Failed(f"IAM user {user.name} {NARROWED}")
                plan += Plan(problems=(Problem(part=knob.name, error=narrowed),))
        if present is None and not homeless:
            return plan
        return plan + await self._shared(customer, domain, around, present, homeless)

    async def ended(self, user: User, customer: str) -> Plan:
        """Return what denies everything to a user of a terminated customer."""
        knob = self.inline(user.name, self.names.terminate_policy)
        try:
            if await self._fits(knob, ALL, elsewhere=False):
                return Plan(pulls=(Pull(knob=knob, wanted=ALL),))
        except Failed as error:
            return Plan(problems=(Problem(part=knob.name, error=error),))
        return self._written(customer, EVERYTHING, ALL) + await self._hung(
            [user], customer, EVERYTHING
        )

    async def lifted(self, customer: str, number: int, around: Surroundings) -> Plan:
        """Return what brings a policy to what still stands, where there is such a policy.

        Looked for first: most customers never have one, and older rights do not know of it.
        """
        try:
            present = await self._present(customer, number)
        except Failed as error:
            part = self._policy(customer, number).name
            return Plan(problems=(Problem(part=part, error=error),))
        if present is None:
            return Plan()
        wanted = None if number == EVERYTHING else self._compiled(number, around, present)
        return self._written(customer, number, wanted)

    async def freed(self, user: User, customer: str) -> Plan:
        """Return what takes a termination's policy from a user that became shared."""
        try:
            hangs = await self._hangs(user, customer, EVERYTHING)
        except Failed:
            # What cannot be asked is left alone, as every shared user is.
            return Plan()
        knob = self._attachment(user, customer, EVERYTHING)
        return Plan(pulls=(Pull(knob=knob, wanted=False),)) if hangs else Plan()

    def inline(self, user: str, policy: str) -> Inline:
        """Return an inline policy of a user."""
        return Inline(users=self.users, user=user, policy=policy)

    def _denial(self, domain: str, user: User, around: Surroundings) -> Document:
        if user.name in around.impostors:
            # It sent as somebody else: what it may do on the domain's identity is beside the point.
            return ALL
        return deny_identities(self.names.identities(domain))

    async def _shared(
        self,
        customer: str,
        domain: str,
        around: Surroundings,
        present: Position,
        homeless: Sequence[User],
    ) -> Plan:
        """Return the policy of a domain, written before those get it who have no other room."""
        number = number_of(domain)
        document = self._compiled(number, around, present)
        plan = self._written(customer, number, document)
        if not homeless:
            return plan
        if self.names.identities(domain)[0] not in identities_of(document):
            part = self._policy(customer, number).name
            return plan + Plan(problems=(Problem(part=part, error=Failed(TOO_MANY)),))
        return plan + await self._hung(homeless, customer, number)

    def _compiled(self, number: int, around: Surroundings, present: Position) -> Document | None:
        """Return what a policy of disabled domains is to say, None where none belongs into it.

        Those that it names already come first: what is too much lifts none of them.
        """
        there = identities_of(present)
        resources: list[str] = []
        for one in sorted(
            (
                one
                for one in around.disabled.intersection(around.domains)
                if number_of(one) == number
            ),
            key=lambda one: (self.names.identities(one)[0] not in there, one),
        ):
            more = [*resources, *self.names.identities(one)]
            if size_of(deny_identities(more)) <= MANAGED_LIMIT:
                resources = more
        return deny_identities(sorted(resources)) if resources else None

    def _written(self, customer: str, number: int, document: Document | None) -> Plan:
        return Plan(pulls=(Pull(knob=self._policy(customer, number), wanted=document),))

    async def _hung(self, users: Sequence[User], customer: str, number: int) -> Plan:
        """Return the attachments of a policy, and who has no room for it."""
        plan = Plan()
        for user in users:
            knob = self._attachment(user, customer, number)
            plan += Plan(pulls=(Pull(knob=knob, wanted=True),))
            try:
                arns = await self._attached(user)
            except Failed:
                # Turning the knob meets the same trouble, and tells of it.
                continue
            if knob.arn not in arns and len(arns) >= POLICIES_OF_A_USER:
                plan += Plan(remarks=(f"IAM user {user.name} {TEN}",))
        return plan

    async def _fits(self, knob: Inline, wanted: Document, *, elsewhere: bool) -> bool:
        """Say whether a policy of ours stands inline, or has room there beside what may come.

        `elsewhere`: it is denied already and need not move. Who may not list the policies finds
        out by writing, as does who asks about a user that does not show yet.
        """
        try:
            names = await self.users.inline_policies(knob.user)
            if knob.policy in names:
                return True
            if elsewhere:
                return False
            found = {name: await self.users.inline_policy(knob.user, name) for name in names}
        except (Forbidden, Missing):
            return not elsewhere
        standing = {name: one for name, one in found.items() if one is not None}
        used = sum(map(size_of, standing.values()))
        return used + size_of(wanted) + self._reserved(knob, wanted, standing) <= INLINE_LIMIT

    def _reserved(
        self, knob: Inline, wanted: Document, standing: Mapping[str, Mapping[str, object]]
    ) -> int:
        """Return the room to be kept for a Deny on everything.

        One for a termination, one for a user that is caught sending as somebody else.
        """
        ends = self.names.terminate_policy
        if knob.policy == ends:
            return 0
        coming = int(ends not in standing)
        if wanted != ALL:
            coming += not any(one == ALL for name, one in standing.items() if name != ends)
        return coming * size_of(ALL)

    async def _present(self, customer: str, number: int) -> Position:
        """Return what a policy says; who may not even look wrote none."""
        try:
            return await self._policy(customer, number).read()
        except Forbidden:
            return None

    async def _hangs(self, user: User, customer: str, number: int) -> bool:
        return self._attachment(user, customer, number).arn in await self._attached(user)

    async def _attached(self, user: User) -> frozenset[str]:
        try:
            return frozenset(await self.policies.attached(user.name))
        except Missing:
            return frozenset()

    def _policy(self, customer: str, number: int) -> Managed:
        arn = self.names.stop_policy_arn(customer, number)
        return Managed(policies=self.policies, arn=arn, path=self.names.path, tags=self.names.tags)

    def _attachment(self, user: User, customer: str, number: int) -> Attached:
        arn = self.names.stop_policy_arn(customer, number)
        return Attached(policies=self.policies, user=user.name, arn=arn)


def number_of(domain: str) -> int:
    """Return which policy of its customer holds a disabled domain; it never moves to another.

    A domain that moved would be denied by neither policy for a moment, or after a kill.
    """
    digest = hashlib.sha256(domain.encode()).digest()
    return NUMBERS[digest[0] % len(NUMBERS)]
