"""Plans for the blocks of one customer together: one write to IAM for each policy they touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.enforce.knobs import Plan, Problem, Pull
from sesauditd.enforce.knobs_iam import Attached, Managed, Policies
from sesauditd.enforce.shards import (
    POLICIES_OF_A_USER,
    POLICIES_OF_AN_ACCOUNT,
    Room,
    Shards,
    sharded,
)
from sesauditd.errors import Failed
from sesauditd.model.actions import Lever, Reverse
from sesauditd.model.addresses import domain_of
from sesauditd.model.execution import Fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sesauditd.enforce.naming import Names
    from sesauditd.model.execution import Surroundings, Task, User

FIRST = 1
"""The policy that held all blocks of a customer before there were several."""
NUMBERS = range(1, 2 * POLICIES_OF_A_USER + 1)
"""AWS raises the quota of attached policies to twice as many at the most."""
OWN_PEOPLE = "nothing on AWS: it is an address of the customer's own"
LEFT = "nothing on AWS: all of the customer's domains were offboarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denials:
    """What the blocks of one customer, and their reverses, ask of IAM."""

    shards: Shards
    plans: Mapping[str, Plan]
    """Of each task by its id: the policies that name its recipient, or did."""
    spilled: tuple[str, ...]
    """The ids of tasks for whose recipients no policy has room."""
    customer: str
    idle: tuple[int, ...] = ()
    """Policies that are attached to a user and that nobody needs any more."""
    others: int = 0
    """Policies with the blocks of all other customers."""

    @property
    def places(self) -> Mapping[str, int]:
        """Return which policy is to name each recipient."""
        return self.shards.places

    @property
    def numbers(self) -> range:
        """Return every number that a policy of blocks can have."""
        return NUMBERS

    @property
    def fill(self) -> Fill:
        """Return how full the policies will be."""
        return Fill(
            customer=self.customer,
            percent=self.shards.percent_full,
            characters=self.shards.characters,
            addresses=len(self.places),
            policies=len(self.shards.held),
            room=self.shards.room.policies,
            of_account=self.others + len(self.shards.held),
            room_of_account=POLICIES_OF_AN_ACCOUNT,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """What is attached to the customer's own users."""

    of_users: Mapping[str, frozenset[str]]
    """The ARNs by user, of those that could be asked."""
    problems: tuple[Problem, ...] = ()

    def room(self, own: Iterable[str], *, others: int) -> Room:
        """Return how many policies may be attached to every user, and made at all.

        `others` are those that hold the blocks of other customers. What somebody else made in
        the account is not counted: there IAM's own refusal has the same effect.
        """
        ours = frozenset(own)
        foreign = max((len(arns - ours) for arns in self.of_users.values()), default=0)
        left = min(POLICIES_OF_A_USER - foreign, POLICIES_OF_AN_ACCOUNT - others)
        return Room(policies=max(0, left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Denying:
    """Brings the policies of a customer's blocks to what the store says."""

    names: Names
    policies: Policies
    ignore_case: bool = True
    """SES honours `StringEqualsIgnoreCase` on recipients; AWS documents neither."""

    async def plan(self, tasks: Sequence[Task], around: Surroundings) -> Denials:
        """Return what the tasks, of one customer, ask of IAM; reads only what is attached."""
        customer = tasks[0].customer
        own = [one for one in around.users if not one.is_shared]
        attached = await self._attached(own)
        room = attached.room(self._arns(customer), others=around.policies_of_others)
        shards = sharded(around.denied, room, ignore_case=self.ignore_case)
        touched = {one.id: _touched(one, shards, around) for one in tasks}
        others = frozenset(shards.held) - frozenset().union(*touched.values())
        beside = self._missing(customer, others, own, attached)
        loose = self._loosened(customer, await self._attached(_shared(around)))
        plans = {
            one.id: _beside(
                loose,
                self._pulls(customer, touched[one.id], shards, own, gone=around.closed) + beside,
                _judgement(one, shards, around),
            )
            for one in tasks
        }
        numbers = dict(enumerate(self._arns(customer), start=1))
        hanging = frozenset().union(*attached.of_users.values())
        idle = [one for one, arn in numbers.items() if arn in hanging and one not in shards.held]
        lacking = set(shards.spilled)
        spilled = [one.id for one in tasks if _denies(one) and one.recipient in lacking]
        return Denials(
            shards=shards,
            plans=plans,
            spilled=tuple(spilled),
            customer=customer,
            idle=tuple(idle),
            others=around.policies_of_others,
        )

    def shard(self, customer: str, number: int) -> Managed:
        """Return one policy of a customer's blocks."""
        arn = self.names.block_policy_arn(customer, number)
        return Managed(policies=self.policies, arn=arn, path=self.names.path, tags=self.names.tags)

    def attachment(self, user: str, customer: str, number: int) -> Attached:
        """Return whether one such policy holds for a user."""
        arn = self.names.block_policy_arn(customer, number)
        return Attached(policies=self.policies, user=user, arn=arn)

    def _pulls(
        self,
        customer: str,
        touched: frozenset[int],
        shards: Shards,
        own: Sequence[User],
        *,
        gone: bool,
    ) -> Plan:
        """Return some policies, each before it is attached to the customer's own users.

        With `gone` the customer has no domain left, and no policy is to stay behind.
        """
        pulls: list[Pull] = []
        for number in sorted(touched):
            document = shards.document(number)
            if document is not None or own or gone:
                pulls.append(Pull(knob=self.shard(customer, number), wanted=document))
            if document is not None:
                pulls += [
                    Pull(knob=self.attachment(one.name, customer, number), wanted=True)
                    for one in own
                ]
        return Plan(pulls=tuple(pulls))

    def _missing(
        self,
        customer: str,
        numbers: frozenset[int],
        own: Sequence[User],
        attached: Attachments,
    ) -> Plan:
        """Return the policies that stand already, for users who came later."""
        pulls = [
            Pull(knob=self.attachment(one.name, customer, number), wanted=True)
            for number in sorted(numbers)
            for one in own
            if one.name in attached.of_users
            and self.names.block_policy_arn(customer, number) not in attached.of_users[one.name]
        ]
        return Plan(pulls=tuple(pulls), problems=attached.problems)

    def _loosened(self, customer: str, attached: Attachments) -> Plan:
        """Return what takes our policies from users that became shared.

        What cannot be asked is left alone, as every shared user is.
        """
        pulls = [
            Pull(knob=self.attachment(name, customer, number), wanted=False)
            for name, arns in sorted(attached.of_users.items())
            for number in NUMBERS
            if self.names.block_policy_arn(customer, number) in arns
        ]
        return Plan(pulls=tuple(pulls))

    async def _attached(self, own: Sequence[User]) -> Attachments:
        found: dict[str, frozenset[str]] = {}
        problems = []
        for user in own:
            try:
                found[user.name] = frozenset(await self.policies.attached(user.name))
            except Failed as error:
                part = f"the policies of IAM user {user.name}"
                problems.append(Problem(part=part, error=error))
        return Attachments(of_users=found, problems=tuple(problems))

    def _arns(self, customer: str) -> list[str]:
        return [self.names.block_policy_arn(customer, number) for number in NUMBERS]


def _shared(around: Surroundings) -> list[User]:
    return [one for one in around.users if one.is_shared]


def _beside(loose: Plan, pulls: Plan, judgement: Plan) -> Plan:
    """Return a block's plan; one that fails still lets go of whom it must not hit."""
    if loose.pulls and judgement.failure is not None:
        problem = Problem(part="the block", error=Failed(judgement.failure))
        return loose + Plan(problems=(problem,))
    return loose + pulls + judgement


def _touched(task: Task, shards: Shards, around: Surroundings) -> frozenset[int]:
    """Return the policies that name a task's recipient, or did and must not any more."""
    recipient = str(task.recipient)
    place = shards.places.get(recipient)
    before = around.shards_of.get(recipient, frozenset())
    if not before and place is None and task.kind is Reverse.UNBLOCK:
        before = frozenset({FIRST})
    return before if place is None else before | {place}


def _denies(task: Task) -> bool:
    return task.kind is not Reverse.UNBLOCK and task.lever is Lever.IAM_DENY


def _judgement(task: Task, shards: Shards, around: Surroundings) -> Plan:
    """Return why a block cannot be set, or what is to be said of it."""
    if not _denies(task):
        return Plan()
    if is_own(str(task.recipient), around.own):
        return Plan(remarks=(OWN_PEOPLE,))
    if around.closed:
        return Plan(remarks=(LEFT,))
    return Plan(failure=refusal(task, shards, around))


def refusal(task: Task, shards: Shards, around: Surroundings) -> str | None:
    """Say why a recipient cannot be denied, None if it can."""
    why = shards.odd.get(str(task.recipient))
    if why is not None:
        return f"no IAM policy can name this address: {why}; block it at the site that sends to it"
    if not around.users:
        return (
            "no IAM user is registered for the customer, so that nobody can be denied: "
            "adopt the domain again with --iam-user"
        )
    if all(one.is_shared for one in around.users):
        return "; ".join(spared(around.users)) + ": give the customer an IAM user of its own"
    return None


def spared(users: Sequence[User]) -> tuple[str, ...]:
    """Return in words which users are left alone, and why."""
    return tuple(
        f"IAM user {one.name} is left alone: {', '.join(sorted(one.customers))} share it"
        for one in users
        if one.is_shared
    )


def is_own(address: str, own: frozenset[str]) -> bool:
    """Say whether an address is of the customer's own people."""
    return address in own or domain_of(address) in own
