"""IAM users as an administrator sees and sets them; the levers on them are in `access`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sesauditd.aws.access import Access
from sesauditd.aws.errors import reading
from sesauditd.aws.sets import listed, tags_of
from sesauditd.errors import Missing, Uncertain

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients
    from sesauditd.model.plan import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """An access key with its secret, which IAM says this once."""

    id: str
    secret: str = field(repr=False)


class Users(Access):
    """The IAM of one account with what only setting up and removing users needs.

    It is eventually consistent: what was written may be read old for a while.
    """

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self._ask = clients.iam.ask
        self._every = clients.iam.every
        self._once = clients.iam_once

    async def user(self, name: str) -> Document | None:
        """Return a user, None if there is none: IAM GetUser.

        Raises Unavailable or Forbidden.
        """
        try:
            answer = await self._ask("GetUser", ("User",), UserName=name)
        except Missing:
            return None
        with reading("IAM GetUser"):
            found = answer["User"]
            boundary = (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
            return {
                "path": str(found["Path"]),
                "boundary": boundary and str(boundary),
                "tags": tags_of(found),
            }

    async def create(self, name: str, path: str, *, boundary: str, tags: Mapping[str, str]) -> None:
        """Make a user that may do nothing yet: IAM CreateUser.

        Raises Unavailable, Uncertain, Forbidden; Missing without the boundary's policy;
        Conflict if there is one of that name, whatever its path.
        """
        await self._ask(
            "CreateUser",
            UserName=name,
            Path=path,
            PermissionsBoundary=boundary,
            Tags=listed(tags),
        )

    async def bound(self, name: str, boundary: str) -> None:
        """Put a user into its boundary: IAM PutUserPermissionsBoundary.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._ask("PutUserPermissionsBoundary", UserName=name, PermissionsBoundary=boundary)

    async def move(self, name: str, path: str) -> None:
        """Put a user under another path: IAM UpdateUser.

        Policies that name its ARN do so in vain then. Raises Unavailable, Uncertain, Forbidden
        or Missing.
        """
        await self._ask("UpdateUser", UserName=name, NewPath=path)

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to a user: IAM TagUser. Raises Unavailable, Uncertain, Forbidden, Missing."""
        await self._ask("TagUser", UserName=name, Tags=listed(tags))

    async def create_key(self, user: str) -> NewKey:
        """Make an access key, asked for once only: IAM CreateAccessKey.

        Raises Forbidden when it was refused (two are there), Unavailable when IAM surely did
        not hear, Missing without the user; Uncertain when there may be a key whose secret
        nobody knows.
        """
        answer = await self._once.ask("CreateAccessKey", UserName=user)
        try:
            key = answer["AccessKey"]
            return NewKey(id=str(key["AccessKeyId"]), secret=str(key["SecretAccessKey"]))
        except (KeyError, TypeError):
            # The answer may hold the secret, so nothing of it goes into the error.
            raise Uncertain(
                "IAM CreateAccessKey: a truncated answer; there may be a key that nobody knows"
            ) from None

    async def delete_key(self, user: str, key_id: str) -> None:
        """Delete an access key for good, harmless if it is gone: IAM DeleteAccessKey.

        Raises Unavailable, Uncertain or Forbidden.
        """
        await self._gone("DeleteAccessKey", UserName=user, AccessKeyId=key_id)

    async def groups(self, user: str) -> Sequence[str]:
        """Return the names of a user's groups, whose policies hold too: IAM ListGroupsForUser.

        Raises Unavailable, Forbidden, or Missing when there is no such user.
        """
        found = await self._every("ListGroupsForUser", "Groups", UserName=user)
        with reading("IAM ListGroupsForUser"):
            return [str(group["GroupName"]) for group in found]

    async def leave(self, user: str, group: str) -> None:
        """Take a user out of a group, harmless if it is out: IAM RemoveUserFromGroup.

        Raises Unavailable, Uncertain or Forbidden.
        """
        await self._gone("RemoveUserFromGroup", UserName=user, GroupName=group)

    async def delete(self, user: str) -> None:
        """Delete a user, harmless if it is gone: IAM DeleteUser.

        Keys, policies and groups have to be gone before. Raises Unavailable, Uncertain,
        Forbidden; Conflict while something of it is left.
        """
        await self._gone("DeleteUser", UserName=user)
