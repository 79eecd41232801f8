"""Taking away one thing at a time: only what is ours, each harmless to repeat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sesauditd.errors import Forbidden, Missing
from sesauditd.model.plan import Change, Conflict, Document, Kept

if TYPE_CHECKING:
    from sesauditd.onboard.ownership import Ownership

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
    """Tenants, which hold on to identities and sets: SES deletes neither before."""

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

    async def tenant(self, name: str) -> Document | None:
        """Return a tenant, None if there is none."""
        ...

    async def resources(self, name: str) -> Sequence[str]:
        """Return what is associated with a tenant, as `identity/NAME` and the like."""
        ...

    async def delete(self, name: str) -> None:
        """Delete a tenant, harmless if it is gone."""
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


async def remove_user(users: UserRemoval, user: str) -> None:
    """Delete a user with all that hangs on it, harmless if it is gone. Raises Failed."""
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
