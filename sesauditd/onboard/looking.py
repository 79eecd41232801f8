"""Looks at everything that an examination judges; what cannot be seen is noted, not raised."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from sesauditd.errors import Failed, Forbidden, Missing
from sesauditd.onboard.sights import DomainSight, Sights, TopicSight, Untold, UserSight

if TYPE_CHECKING:
    from sesauditd.model.plan import Document
    from sesauditd.model.tenancy import Tenancy
    from sesauditd.onboard.sights import Expected, Sight

Seen = TypeVar("Seen")


class Inspection(Protocol):
    """What SES, SQS, IAM and STS say of one installation."""

    async def caller(self) -> str:
        """Return the account id of the credentials."""
        ...

    async def time(self) -> datetime | None:
        """Return what time it is at AWS."""
        ...

    async def account(self) -> Document:
        """Return how SES sees the account."""
        ...

    async def identity(self, name: str) -> Document | None:
        """Return an identity, None if there is none."""
        ...

    async def destinations(self, configuration_set: str) -> Sequence[Document]:
        """Return all event destinations of a set."""
        ...

    async def waiting(self, queue: str) -> Document | None:
        """Return how much lies in a queue, None without such a queue."""
        ...


class Users(Protocol):
    """What IAM says of users."""

    async def user(self, name: str) -> Document | None:
        """Return a user, None if there is none."""
        ...

    async def keys(self, user: str) -> Mapping[str, bool]:
        """Return whether each access key is active."""
        ...

    async def policies(self, user: str) -> Sequence[Document]:
        """Return all statements that hold for a user."""
        ...


class Sets(Protocol):
    """What SES says of configuration sets."""

    async def configuration_set(self, name: str) -> Document | None:
        """Return a set, None if there is none."""
        ...


class Tenants(Protocol):
    """What SES says of tenants."""

    async def tenant(self, name: str) -> Document | None:
        """Return a tenant, None if there is none."""
        ...

    async def resources(self, name: str) -> Sequence[str]:
        """Return what a tenant covers, without the first five parts of its ARN."""
        ...


class Standing(Protocol):
    """A resource that can be looked at, as setting up describes it."""

    async def observe(self) -> Document | None:
        """Return how it stands, None if it does not exist."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A domain of the register, and whether the program has stopped it."""

    name: str
    iam_users: Sequence[str]
    stopped: bool
    tenancy: Tenancy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What setting up makes, to be looked at; topics by their ARN with their subscription.

    None is what the configuration does not name: AWS is not asked for it.
    """

    queue: Standing | None
    topics: Mapping[str, tuple[Standing, Standing]]
    bucket: Standing | None
    dead_letters: str
    undelivered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Looks at one installation."""

    inspection: Inspection
    users: Users
    sets: Sets
    tenants: Tenants
    resources: Resources
    tries: Callable[[Sequence[DomainSight]], Awaitable[Mapping[str, str | None]]]
    clock: Callable[[], datetime]

    async def see(
        self,
        expected: Expected,
        domains: Sequence[Registered],
        on_domain: Callable[[str], None] = lambda _name: None,
    ) -> Sights:
        """Return everything; `on_domain` is told of each domain that was looked at."""
        at, made = self.inspection, self.resources
        seen = []
        for one in domains:
            seen.append(await self._domain(one))
            on_domain(one.name)
        account, notices = await told(at.account()), await self._notices(expected)
        return Sights(
            caller=await told(at.caller()),
            ahead=await self._ahead(),
            account=account,
            queue=await told(made.queue.observe()) if made.queue else None,
            dead_letters=await told(at.waiting(made.dead_letters)),
            undelivered=await told(at.waiting(made.undelivered)),
            topics=[
                TopicSight(
                    arn=arn,
                    topic=await told(topic.observe()),
                    subscription=await told(subscription.observe()),
                )
                for arn, (topic, subscription) in made.topics.items()
            ],
            bucket=await told(made.bucket.observe()) if made.bucket else None,
            notices=notices,
            permissions={
                **await self.tries(seen),
                **_proven(account, [*seen, *([notices] if notices else [])]),
            },
            domains=seen,
        )

    async def silence(self) -> Untold | None:
        """Return why AWS answers nothing at all, None if it answers, if only by a refusal."""
        caller = await told(self.inspection.caller())
        if not isinstance(caller, Untold) or caller.forbidden:
            return None
        return caller if await self.inspection.time() is None else None

    async def _ahead(self) -> timedelta | Untold:
        there = await self.inspection.time()
        return Untold(why="no answer", forbidden=False) if there is None else self.clock() - there

    async def _domain(self, one: Registered) -> DomainSight:
        identity = await told(self.inspection.identity(one.name))
        sight = DomainSight(domain=one.name, identity=identity, stopped=one.stopped)
        sight = await self._with_tenant(sight, one.tenancy)
        return await self._with_set(sight, [await self._user(name) for name in one.iam_users])

    async def _with_tenant(self, sight: DomainSight, tenancy: Tenancy | None) -> DomainSight:
        if tenancy is None:
            return sight
        found = await told(self.tenants.tenant(tenancy.tenant))
        covered: Sequence[str] = ()
        if not isinstance(found, Untold) and found is not None:
            seen = await told(self.tenants.resources(tenancy.tenant))
            if isinstance(seen, Untold):
                found = seen
            else:
                covered = seen
        return replace(sight, tenancy=tenancy, tenant=found, covered=covered)

    async def _notices(self, expected: Expected) -> DomainSight | None:
        domain = expected.sender_domain
        if domain is None:
            return None
        identity = await told(self.inspection.identity(domain))
        sight = DomainSight(domain=domain, identity=identity, uses=expected.notices_set)
        return await self._with_set(sight, ())

    async def _with_set(self, sight: DomainSight, users: Sequence[UserSight]) -> DomainSight:
        name = sight.set_name
        found: Sight = None
        reporting: Sequence[Document] | Untold = ()
        if name is not None:
            found = await told(self.sets.configuration_set(name))
            reporting = await told(self.inspection.destinations(name))
        return replace(sight, configuration_set=found, destinations=reporting, users=users)

    async def _user(self, name: str) -> UserSight:
        user = await told(self.users.user(name))
        if user is None:
            return UserSight(name=name, user=None)
        return UserSight(
            name=name,
            user=user,
            policies=await told(self.users.policies(name)),
            keys=await told(self.users.keys(name)),
        )


async def told(looking: Awaitable[Seen]) -> Seen | Untold:
    """Return what was seen, or why nothing was."""
    try:
        return await looking
    except Missing as error:
        return Untold(why=str(error), forbidden=False)
    except Forbidden as error:
        return Untold(why=str(error), forbidden=True)
    except Failed as error:
        return Untold(why=str(error), forbidden=False)


def _proven(account: Sight, seen: Sequence[DomainSight]) -> Mapping[str, str | None]:
    """Return which permissions the looks themselves have proven or disproven."""
    looks: dict[str, list[Sight]] = {
        "ses:GetAccount": [account],
        "ses:GetEmailIdentity": [one.identity for one in seen],
        "ses:GetConfigurationSet": [one.configuration_set for one in seen if one.set_name],
    }
    found: dict[str, str | None] = {}
    for action, sights in looks.items():
        for one in sights:
            if not isinstance(one, Untold):
                found.setdefault(action, None)
            elif one.forbidden:
                found[action] = one.why
    return found
