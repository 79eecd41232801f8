"""What enforcement turns at IAM: inline and managed policies, attachments, access keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.enforce.knobs import Position

Document = Mapping[str, object]
KEY = "key:"
DIGEST = 12


class Key(Protocol):
    """An access key."""

    @property
    def id(self) -> str:
        """Return its public name."""

    @property
    def active(self) -> bool:
        """Return whether it opens anything."""


class Users(Protocol):
    """IAM users: inline policies and access keys."""

    async def inline_policies(self, user: str, /) -> Sequence[str]:
        """Return the names of a user's inline policies; raises Missing."""

    async def inline_policy(self, user: str, name: str, /) -> Document | None:
        """Return an inline policy, None if there is none."""

    async def put_inline(self, user: str, name: str, document: Document, /) -> None:
        """Write an inline policy."""

    async def delete_inline(self, user: str, name: str, /) -> None:
        """Remove an inline policy."""

    async def keys(self, user: str, /) -> Sequence[Key]:
        """Return the user's access keys; raises Missing."""

    async def set_key(self, user: str, key: str, /, *, active: bool) -> None:
        """Make a key Active or Inactive."""


class Policies(Protocol):
    """Managed IAM policies and whom they are attached to."""

    async def policy(self, arn: str, /) -> Document | None:
        """Return the default version, None if there is no such policy."""

    async def put_policy(
        self, name: str, path: str, document: Document, tags: Mapping[str, str], /
    ) -> str:
        """Create the policy, or a new default version of it; return its ARN."""

    async def delete_policy(self, arn: str, /) -> None:
        """Detach it everywhere and delete it."""

    async def attached(self, user: str, /) -> Sequence[str]:
        """Return the ARNs of the policies attached to a user; raises Missing."""

    async def attach(self, user: str, arn: str, /) -> None:
        """Attach a policy to a user."""

    async def detach(self, user: str, arn: str, /) -> None:
        """Take a policy from a user, harmless if it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """An inline policy of an IAM user."""

    users: Users
    user: str
    policy: str

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"inline:{self.user}/{self.policy}"

    async def read(self) -> Position:
        """Return the document, None if there is none."""
        return await self.users.inline_policy(self.user, self.policy)

    async def turn(self, wanted: Position) -> None:
        """Write the document, or remove the policy."""
        if wanted is None:
            with suppress(Missing):
                await self.users.delete_inline(self.user, self.policy)
        else:
            await self.users.put_inline(self.user, self.policy, cast("Document", wanted))

    def noted(self, position: Position) -> object:
        """Return the whole document: it is short."""
        return position


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyActive:
    """Whether an access key opens anything."""

    users: Users
    user: str
    key: str

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"{KEY}{self.user}/{self.key}"

    async def read(self) -> Position:
        """Return whether the key is Active, None if it was deleted."""
        found = {one.id: one.active for one in await self.users.keys(self.user)}
        return found.get(self.key)

    async def turn(self, wanted: Position) -> None:
        """Make the key Active or Inactive."""
        await self.users.set_key(self.user, self.key, active=bool(wanted))

    def noted(self, position: Position) -> object:
        """Return the position itself."""
        return position


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A managed policy of ours."""

    policies: Policies
    arn: str
    path: str
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"policy:{self.policy}"

    @property
    def policy(self) -> str:
        """Return the policy's own name."""
        return self.arn.rpartition("/")[2]

    async def read(self) -> Position:
        """Return the document of the default version, None if there is no such policy."""
        return await self.policies.policy(self.arn)

    async def turn(self, wanted: Position) -> None:
        """Write the document, or detach the policy everywhere and delete it."""
        if wanted is None:
            with suppress(Missing):
                await self.policies.delete_policy(self.arn)
        else:
            document = cast("Document", wanted)
            await self.policies.put_policy(self.policy, self.path, document, self.tags)

    def noted(self, position: Position) -> object:
        """Return the size and a digest: thousands of rows would hold the same addresses."""
        if position is None:
            return None
        text = json.dumps(position, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST]
        return {"characters": len(text), "sha256": digest}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """Whether a managed policy is attached to an IAM user."""

    policies: Policies
    user: str
    arn: str

    @property
    def name(self) -> str:
        """Return what it is called."""
        return f"attached:{self.user}/{self.arn.rpartition('/')[2]}"

    async def read(self) -> Position:
        """Return whether it is attached."""
        return self.arn in await self.policies.attached(self.user)

    async def turn(self, wanted: Position) -> None:
        """Attach the policy, or take it from this user alone; deleting it takes it from all."""
        if wanted:
            await self.policies.attach(self.user, self.arn)
        else:
            await self.policies.detach(self.user, self.arn)

    def noted(self, position: Position) -> object:
        """Return the position itself."""
        return position
