"""What is set for the whole account: why SES suppresses an address, and what users may at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Change, Kept, Verb
from sesauditd.onboard.naming import BOUNDARY
from sesauditd.onboard.ownership import KEY, tagged
from sesauditd.onboard.policies import policy_of, statements_of

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Conflict, Document
    from sesauditd.onboard.ownership import Ownership

REASONS: Final = ("BOUNCE",)
"""With COMPLAINT one mis-click cuts a person off from all customers (policy.md section 4)."""
BOUNDED: Final[Mapping[str, JSON]] = {
    "SendAtMost": {
        "Action": "ses:SendRawEmail",
        "Effect": "Allow",
        "Resource": "*",
        "Sid": "SendAtMost",
    }
}
"""Whatever policy a user gets, it may do no more than this."""


class Suppression(Protocol):
    """The account's own settings at SES."""

    async def suppressed_reasons(self) -> Sequence[str]:
        """Return for which of BOUNCE and COMPLAINT SES itself lists an address."""
        ...

    async def set_suppressed_reasons(self, reasons: Sequence[str]) -> None:
        """Say for which of them it does."""
        ...


class Policies(Protocol):
    """The administration of managed policies."""

    async def tagged_policy(self, arn: str) -> Document | None:
        """Return a managed policy's `policy` and `tags`, None if there is none."""
        ...

    async def put_policy(
        self, name: str, path: str, document: Mapping[str, JSON], tags: Mapping[str, str]
    ) -> str:
        """Make a managed policy say the document."""
        ...

    async def tag_policy(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a managed policy."""
        ...


class Senders(Protocol):
    """Who may send."""

    async def verification(self, name: str) -> Document | None:
        """Return how far an identity is verified, None if there is no such identity."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionReasons:
    """For which reasons SES itself puts an address on the account's list."""

    account: Suppression
    name: str = "SES account suppression"
    why: str = "a complaint must not cut a person off from every customer"

    async def observe(self) -> Document | None:
        """Return the reasons. Raises Unavailable or Forbidden."""
        return {"reasons": sorted(await self.account.suppressed_reasons())}

    def wanted(self, _observed: Document | None) -> Document | Conflict | None:
        """Return the reasons that the policy assumes."""
        return {"reasons": list(REASONS)}

    async def apply(self, _change: Change) -> None:
        """Set the reasons. Raises Failed."""
        await self.account.set_suppressed_reasons(REASONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The managed policy that bounds every customer's user; it says exactly what we say."""

    policies: Policies
    arn: str
    path: str
    ownership: Ownership
    why: str = "a customer's user may never do more than send"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"IAM policy {self.path}{BOUNDARY}"

    async def observe(self) -> Document | None:
        """Return how the policy stands. Raises Unavailable or Forbidden."""
        found = tagged(await self.policies.tagged_policy(self.arn))
        if found is None:
            return None
        policy = found.get("policy")
        statements = statements_of(policy if isinstance(policy, Mapping) else None)
        return {KEY: found[KEY], "policy": statements}

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how it should stand: a further statement would loosen it, so none stays."""
        conflict = self.ownership.conflict(self.name, observed)
        return conflict or {KEY: self.ownership.installation, "policy": BOUNDED}

    async def apply(self, change: Change) -> None:
        """Make the policy, or change what it says. Raises Failed."""
        before, after = change.before or {}, change.after or {}
        tags = self.ownership.tags
        if before.get("policy") != after["policy"]:
            await self.policies.put_policy(BOUNDARY, self.path, policy_of(BOUNDED), tags)
        if change.verb is Verb.UPDATE and before.get(KEY) != after[KEY]:
            await self.policies.tag_policy(self.arn, tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesSender:
    """The domain that the daemon writes from: only looked at."""

    senders: Senders
    domain: str
    why: str = "the daemon's own mail comes from it"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"SES identity {self.domain}"

    async def observe(self) -> Document | None:
        """Return how far it is verified. Raises Unavailable or Forbidden."""
        return await self.senders.verification(self.domain)

    def wanted(self, observed: Document | None) -> Document | Kept | None:
        """Return what stands, with a remark unless the daemon can write from it."""
        if observed is not None and observed.get("verified"):
            return observed
        missing = "is not verified yet" if observed else "is no identity of SES"
        return Kept(
            remark=f"[notices] from: {self.domain} {missing}, so nobody can be told anything: "
            f"`sesauditd onboard {self.domain} --customer NAME --contact MAIL` sets it up"
        )

    async def apply(self, _change: Change) -> None:
        """Do nothing: there is never a change."""
