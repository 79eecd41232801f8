"""Policies of ours on AWS that no action explains, as after an older database was restored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sesauditd.enforce.compile import identities_of
from sesauditd.enforce.denying import NUMBERS
from sesauditd.enforce.places import EVERYTHING
from sesauditd.errors import Failed, Forbidden, Missing

if TYPE_CHECKING:
    from sesauditd.enforce.knobs_iam import Policies, Users
    from sesauditd.enforce.naming import Names
    from sesauditd.model.execution import Known, Untouched

KEPT = (
    "no action of ours says why (an older database restored?): it is kept, it denies only; "
    "delete it by hand if nobody is to be stopped"
)


class Explaining(Protocol):
    """What the store can explain."""

    async def known(self) -> Known:
        """Return what was asked of IAM, and of which users nothing was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """Looks at every registered user for policies of ours that no action explains.

    They stay: without an action it is unknown whether somebody is to be stopped, and a Deny too
    many harms less than a spammer let loose. Only an operator can know.
    """

    names: Names
    users: Users
    policies: Policies
    explaining: Explaining
    beat: Callable[[], None]
    """Called after each user: it takes long."""

    async def found(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what is unexplained and what could not be looked at, in words."""
        known = await self.explaining.known()
        explained = {
            self.names.block_policy_arn(customer, number)
            for customer in known.blocked
            for number in NUMBERS
        }
        strange: list[str] = []
        unseen: list[str] = []
        for user in known.users:
            try:
                strange += [
                    f"policy {name} at IAM user {user.name}: {KEPT}"
                    for name in (*await self._attached(user, explained), *await self._inline(user))
                ]
            except (Forbidden, Missing):
                # Where we may not even look we wrote nothing, and where no user is nothing stands.
                continue
            except Failed as error:
                unseen.append(f"the policies of IAM user {user.name}: {error}")
            self.beat()
        return tuple(strange), tuple(unseen)

    async def _attached(self, user: Untouched, explained: Collection[str]) -> list[str]:
        attached = await self.policies.attached(user.name)
        start = self.names.block_policy_arns
        blocks = [arn for arn in attached if arn.startswith(start) and arn not in explained]
        stops = [arn for arn in attached if arn.startswith(self.names.stop_policy_arns)]
        strange = [arn for arn in stops if await self._is_strange(arn, user)]
        return sorted(arn.rpartition("/")[2] for arn in (*blocks, *strange))

    async def _is_strange(self, arn: str, user: Untouched) -> bool:
        """Say whether a policy of stops denies what nobody asked to stop."""
        if arn.endswith(f"-{EVERYTHING}"):
            return user.never_ended
        named = identities_of(await self.policies.policy(arn))
        return any(not named.isdisjoint(self.names.identities(one)) for one in user.never_off)

    async def _inline(self, user: Untouched) -> list[str]:
        return [
            name
            for name in self._names(user)
            if await self.users.inline_policy(user.name, name) is not None
        ]

    def _names(self, user: Untouched) -> Iterator[str]:
        if user.never_ended:
            yield self.names.terminate_policy
        for domain in user.never_off:
            yield self.names.disable_policy(domain)
