"""The IAM user that one domain's sites send by: bounded, and allowed exactly that domain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Change, Conflict, Verb
from sesauditd.onboard.naming import DIGEST
from sesauditd.onboard.ownership import KEY, TAKE_OVER, tagged
from sesauditd.onboard.policies import policy_of, statements_of

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Document
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.ownership import Ownership

LONGEST_USER_NAME: Final = 64
SEND: Final = "send"


class Users(Protocol):
    """The administration of IAM users; documents as `aws.users` says them."""

    async def user(self, name: str) -> Document | None:
        """Return a user, None if there is none."""
        ...

    async def create(self, name: str, path: str, *, boundary: str, tags: Mapping[str, str]) -> None:
        """Make a user that may do nothing yet."""
        ...

    async def bound(self, name: str, boundary: str) -> None:
        """Put a user into its boundary."""
        ...

    async def move(self, name: str, path: str) -> None:
        """Put a user under another path."""
        ...

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to a user."""
        ...


class Policies(Protocol):
    """The inline policies of users."""

    async def inline_policy(self, user: str, name: str) -> Mapping[str, JSON] | None:
        """Return an inline policy of a user, None if there is none."""
        ...

    async def put_inline(self, user: str, name: str, document: Mapping[str, JSON]) -> None:
        """Write an inline policy of a user, new or anew."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user under our path and inside the boundary, so that the daemon may stop it."""

    users: Users
    user: str
    path: str
    boundary: str
    ownership: Ownership
    why: str = "the domain's sites log in as it"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"IAM user {self.user}"

    async def observe(self) -> Document | None:
        """Return how the user stands. Raises Unavailable or Forbidden."""
        return tagged(await self.users.user(self.user))

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how the user should stand.

        One under another path is moved only when it is taken over: policies that name its ARN
        would hold no more.
        """
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return conflict
        path = self.path if observed is None else observed["path"]
        if path != self.path and not self.ownership.take_over:
            return Conflict(
                resource=self.name,
                found=f"path {path}",
                wanted=f"path {self.path}",
                advice=f"Look which policies name its ARN. If it may move, run with {TAKE_OVER}.",
            )
        return {KEY: self.ownership.installation, "path": self.path, "boundary": self.boundary}

    async def apply(self, change: Change) -> None:
        """Make the user, or set of it what differs. Raises Failed."""
        tags = self.ownership.tags
        if change.verb is Verb.CREATE:
            await self.users.create(self.user, self.path, boundary=self.boundary, tags=tags)
            return
        before = change.before or {}
        if before["boundary"] != self.boundary:
            await self.users.bound(self.user, self.boundary)
        if before["path"] != self.path:
            await self.users.move(self.user, self.path)
        if before[KEY] != self.ownership.installation:
            # Last, so that a user that is half taken over is not taken for ours.
            await self.users.tag(self.user, tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPolicy:
    """What the user may do: send from one domain through its set, and nothing else."""

    policies: Policies
    user: str
    policy: str
    statements: Mapping[str, JSON]
    why: str = "allows mail from this domain through its set only"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"IAM policy {self.policy} of {self.user}"

    async def observe(self) -> Document | None:
        """Return its statements by their Sid. Raises Unavailable or Forbidden."""
        found = await self.policies.inline_policy(self.user, self.policy)
        return None if found is None else statements_of(found)

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return the statements that it should have; its name is ours, so nothing else stays."""
        del observed
        return statements_of(policy_of(self.statements))

    async def apply(self, change: Change) -> None:
        """Write the policy. Raises Failed."""
        await self.policies.put_inline(self.user, self.policy, policy_of(change.after or {}))


def user_name(domain: str) -> str:
    """Return the name of a domain's user, shortened with a hash to 64 letters."""
    if len(domain) <= LONGEST_USER_NAME:
        return domain
    mark = hashlib.sha256(domain.encode()).hexdigest()[:DIGEST]
    return f"{domain[: LONGEST_USER_NAME - DIGEST - 1]}-{mark}"


def activated(user: str, key: str) -> str:
    """Return the command that lets somebody log in by a key again: no command of ours does."""
    return f"`aws iam update-access-key --user-name {user} --access-key-id {key} --status Active`"


def policy_name(prefix: str) -> str:
    """Return the name of the inline policy that lets a user send."""
    return f"{prefix}-{SEND}"


def sending(account: Account, domain: str) -> Mapping[str, JSON]:
    """Return the statements that let a user send from a domain, by their Sid.

    SES asks for the identity and for the set, also where that is only the identity's default:
    with both named and nothing else, a message that names a foreign set is refused (ses-facts
    5, 6.3). `ses:FromAddress` knows case and no subdomains; the identity is the real fence.
    """
    return {
        "Send": {
            "Sid": "Send",
            "Effect": "Allow",
            "Action": "ses:SendRawEmail",
            "Resource": [
                account.arn("ses", f"identity/{domain}"),
                account.arn("ses", f"configuration-set/{account.set_name(domain)}"),
            ],
            "Condition": {"StringLike": {"ses:FromAddress": f"*@{domain}"}},
        }
    }
