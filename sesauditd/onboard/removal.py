"""What is removed when a domain is taken down: only what is ours, in the reverse order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Forbidden, Missing
from sesauditd.model.plan import Change, Conflict, Document, Kept
from sesauditd.onboard import record_stages
from sesauditd.onboard.engine import Facts, Stage, Unknown
from sesauditd.onboard.identity import identity_name, signing_of
from sesauditd.onboard.ownership import KEY, tagged
from sesauditd.onboard.record_stages import Place, Sending

if TYPE_CHECKING:
    from sesauditd.onboard.engine import Resource
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.ownership import Ownership
    from sesauditd.onboard.zones import Zone

Look = Callable[[], Awaitable[Document | None]]


class Key(Protocol):
    """A key that exists."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...


class UserRemoval(Protocol):
    """Takes an IAM user and all that hangs on it away; each step is harmless to repeat."""

    async def keys(self, user: str) -> Sequence[Key]:
        """Return the access keys of a user; raises Missing without the user."""
        ...

    async def delete_key(self, user: str, key_id: str) -> None:
        """Delete a key for good."""
        ...

    async def inline_policies(self, user: str) -> Sequence[str]:
        """Return the names of a user's inline policies."""
        ...

    async def delete_inline(self, user: str, name: str) -> None:
        """Take an inline policy away."""
        ...

    async def attached(self, user: str) -> Sequence[str]:
        """Return the ARNs of the managed policies of a user."""
        ...

    async def detach(self, user: str, arn: str) -> None:
        """Take a managed policy from a user."""
        ...

    async def groups(self, user: str) -> Sequence[str]:
        """Return the names of a user's groups."""
        ...

    async def leave(self, user: str, group: str) -> None:
        """Take a user out of a group."""
        ...

    async def delete(self, user: str) -> None:
        """Delete a user that has nothing left."""
        ...


class Removing(Protocol):
    """Deletes something by its name, harmless if it is gone."""

    async def delete(self, name: str) -> None:
        """Delete it."""
        ...


class UsedBy(Protocol):
    """Who uses a configuration set."""

    async def users_of(self, domain: str, set_name: str) -> Sequence[str]:
        """Return the identities below a domain, without itself, whose default the set is."""
        ...


class Tenants(Protocol):
    """The tenants that hold on to identities and sets: SES deletes neither before."""

    async def of_identity(self, name: str) -> Sequence[str]:
        """Return the tenants of an identity."""
        ...

    async def of_set(self, name: str) -> Sequence[str]:
        """Return the tenants of a configuration set."""
        ...

    async def leave_identity(self, tenant: str, name: str) -> None:
        """Take an identity from a tenant, harmless if it is out."""
        ...

    async def leave_set(self, tenant: str, name: str) -> None:
        """Take a set from a tenant, harmless if it is out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Removers:
    """The services that take a domain down."""

    users: UserRemoval
    identities: Removing
    sets: Removing
    used_by: UsedBy
    tenants: Tenants


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Something that is only looked at, because what follows has to know it."""

    name: str
    look: Look
    why: str = "tells which records belong to it"

    async def observe(self) -> Document | None:
        """Return how it stands. Raises Unavailable or Forbidden."""
        return await self.look()

    def wanted(self, observed: Document | None) -> Document | None:
        """Return it as it is."""
        return observed

    async def apply(self, change: Change) -> None:
        """Change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something that is to go if it is ours; what is not stays, and is said."""

    name: str
    look: Look
    remove: Callable[[], Awaitable[None]]
    ownership: Ownership
    why: str

    async def observe(self) -> Document | None:
        """Return how it stands. Raises Unavailable or Forbidden."""
        return await self.look()

    def wanted(self, observed: Document | None) -> Document | Conflict | Kept | None:
        """Return that nothing should be there, unless it is not ours."""
        users = (observed or {}).get("used_by")
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return Kept(remark=f"{self.name} stays: there is {conflict.found}")
        if users:
            return Conflict(
                resource=self.name,
                found=f"the default set of {users}",
                wanted="a set that nobody uses: without it all their mail would be refused",
                advice="Give these identities another default set, or delete them.",
            )
        return None

    async def apply(self, change: Change) -> None:
        """Remove it. Raises Failed."""
        del change
        await self.remove()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The domain that goes."""

    domain: str
    user: str
    zone: Zone | None
    """None where its records are not ours to remove."""
    made: Collection[str]
    """Names of what was changed when it was set up: records of these groups are ours."""


def stages(layout: Layout, at: Adapters, removers: Removers, leaving: Leaving) -> Sequence[Stage]:
    """Return what is removed: who sends first, then its records, then what SES has of it."""
    domain = leaving.domain
    identity = Seen(name=identity_name(domain), look=_identity(at, domain))
    return [
        lambda _facts: [identity],
        lambda _facts: _associations(layout, at, removers, domain),
        lambda _facts: [_user(layout, at, removers, leaving.user)],
        *_records(layout, at, leaving),
        lambda _facts: [_identity_removal(layout, at, removers, domain)],
        lambda _facts: [_set_removal(layout, at, removers, domain)],
    ]


def _records(layout: Layout, at: Adapters, leaving: Leaving) -> Sequence[Stage]:
    if leaving.zone is None:
        return ()
    sending = Sending(
        domain=leaving.domain,
        region=layout.account.region,
        mail_from=layout.mail_from(leaving.domain),
        rua=layout.dmarc_rua,
        signing=lambda facts: signing_of(facts.get(identity_name(leaving.domain))),
    )
    place = Place(zone=leaving.zone, hosted=at.hosted, dns=at.dns)
    made = record_stages.stages(sending, place, removing=True)
    return [_only(leaving.made, one) for one in made]


def _only(made: Collection[str], stage: Stage) -> Stage:
    """Leave out groups that stood there before, word for word ours or not."""

    def ours(facts: Facts) -> Sequence[Resource] | Unknown:
        found = stage(facts)
        if isinstance(found, Unknown):
            return found
        return [one for one in found if one.name in made]

    return ours


def _associations(
    layout: Layout, at: Adapters, removers: Removers, domain: str
) -> Sequence[Resource]:
    tenants, set_name = removers.tenants, layout.account.set_name(domain)

    async def of_identity() -> Document | None:
        return _tenants(
            tagged(await at.identities.identity(domain)), await tenants.of_identity(domain)
        )

    async def of_set() -> Document | None:
        return _tenants(
            tagged(await at.sets.configuration_set(set_name)), await tenants.of_set(set_name)
        )

    async def leave_identity() -> None:
        for tenant in await tenants.of_identity(domain):
            await tenants.leave_identity(tenant, domain)

    async def leave_set() -> None:
        for tenant in await tenants.of_set(set_name):
            await tenants.leave_set(tenant, set_name)

    why = "SES deletes nothing that a tenant holds"
    return [
        Removal(
            name=f"SES tenants of identity {domain}",
            look=of_identity,
            remove=leave_identity,
            ownership=layout.ownership,
            why=why,
        ),
        Removal(
            name=f"SES tenants of configuration set {set_name}",
            look=of_set,
            remove=leave_set,
            ownership=layout.ownership,
            why=why,
        ),
    ]


def _tenants(held: Document | None, names: Sequence[str]) -> Document | None:
    """Return who holds something of ours, with the tag of what is held; None if nobody does."""
    if held is None or not names:
        return None
    return {KEY: held.get(KEY), "tenants": list(names)}


def _identity(at: Adapters, domain: str) -> Look:
    async def look() -> Document | None:
        return tagged(await at.identities.identity(domain))

    return look


def _user(layout: Layout, at: Adapters, removers: Removers, user: str) -> Removal:
    async def look() -> Document | None:
        return tagged(await at.users.user(user))

    return Removal(
        name=f"IAM user {user}",
        look=look,
        remove=lambda: _remove_user(removers.users, user),
        ownership=layout.ownership,
        why="nobody logs in as it any more; its keys and policies go with it",
    )


async def _remove_user(users: UserRemoval, user: str) -> None:
    try:
        for key in await users.keys(user):
            await users.delete_key(user, key.id)
        for policy in await users.inline_policies(user):
            await users.delete_inline(user, policy)
        for arn in await users.attached(user):
            await users.detach(user, arn)
        for group in await users.groups(user):
            await users.leave(user, group)
        await users.delete(user)
    except Missing:
        return
    except Forbidden:
        # AWS does not know the path of a user that is gone, so a second try after a lost answer
        # is about a user that our rights do not cover.
        if not await _is_gone(users, user):
            raise


async def _is_gone(users: UserRemoval, user: str) -> bool:
    try:
        await users.keys(user)
    except Missing:
        return True
    return False


def _identity_removal(layout: Layout, at: Adapters, removers: Removers, domain: str) -> Removal:
    return Removal(
        name=identity_name(domain),
        look=_identity(at, domain),
        remove=lambda: removers.identities.delete(domain),
        ownership=layout.ownership,
        why="SES sends for the domain no more; its DKIM keys are lost",
    )


def _set_removal(layout: Layout, at: Adapters, removers: Removers, domain: str) -> Removal:
    set_name = layout.account.set_name(domain)

    async def look() -> Document | None:
        found = tagged(await at.sets.configuration_set(set_name))
        if found is None:
            return None
        used_by = await removers.used_by.users_of(domain, set_name)
        return {**found, "used_by": ", ".join(used_by)} if used_by else found

    return Removal(
        name=f"SES configuration set {set_name}",
        look=look,
        remove=lambda: removers.sets.delete(set_name),
        ownership=layout.ownership,
        why="no mail goes through it any more; its event destination goes with it",
    )
