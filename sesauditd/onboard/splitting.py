"""Moves sites away from one shared login, and retires it once nobody uses it any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from sesauditd.errors import Failed, Missing, Refused
from sesauditd.onboard.allowing import Question, allows

if TYPE_CHECKING:
    from sesauditd.model.plan import Document
    from sesauditd.model.splitting import Split
    from sesauditd.onboard.naming import Account

log = structlog.get_logger(__name__)

SEND: Final = "ses:SendRawEmail"


class Users(Protocol):
    """What IAM says of users."""

    async def keys(self, user: str) -> Mapping[str, bool]:
        """Return whether each access key is active; raises Missing without the user."""
        ...

    async def policies(self, user: str) -> Sequence[Document]:
        """Return all statements that hold for a user; raises Missing without the user."""
        ...


class Switch(Protocol):
    """Turns access keys, and knows groups."""

    async def groups(self, user: str) -> Sequence[str]:
        """Return the names of a user's groups, whose policies hold too."""
        ...

    async def set_key(self, user: str, key_id: str, *, active: bool) -> None:
        """Let a key open the account or not."""
        ...


class Notes(Protocol):
    """What is remembered of splits."""

    async def all(self) -> Sequence[Split]:
        """Return every shared user with how its domains use it."""
        ...

    async def retire(self, user: str, now: datetime) -> None:
        """Note that a shared user's keys were made Inactive."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Splitting:
    """The way from one login to many."""

    account: Account
    users: Users
    switch: Switch
    notes: Notes

    async def check(self, user: str, domains: Sequence[str]) -> None:
        """Look whether the shared user goes on working while sites are moved; only reads.

        With a default set on an identity SES asks for rights on that set too (ses-facts 5), so
        a policy that names identities alone would stop every site at once. Raises Refused.
        """
        try:
            statements = await self.users.policies(user)
        except Missing as error:
            raise Refused(f"there is no IAM user {user}: name the shared one") from error
        refused = []
        for domain in domains:
            arn = self.account.arn("ses", f"configuration-set/{self.account.set_name(domain)}")
            context = {"ses:fromaddress": f"wordpress@{domain}"}
            if not allows(statements, Question(action=SEND, resource=arn, context=context)):
                refused.append(domain)
        # SES's own console puts its users into a group, whose policies are not looked at.
        if refused and not await self.switch.groups(user):
            pattern = self.account.arn("ses", f"configuration-set/{self.account.prefix}-*")
            raise Refused(
                f"mail of {', '.join(refused)} by {user} would be refused as soon as they have "
                f"sets of their own: let its policy allow {SEND} on {pattern}, too"
            )

    async def retire(self, user: str, now: datetime) -> Sequence[str]:
        """Make all keys of a shared user Inactive, and return them.

        Raises Refused for a user that is not split, Failed while somebody may still use it.
        """
        split = next((one for one in await self.notes.all() if one.user == user), None)
        if split is None:
            raise Refused(f"{user} is not split: `sesauditd credentials split --file CSV` first")
        using = split.still_using(now)
        if using:
            raise Failed(
                f"{user} was used within the last 14 days by {', '.join(using)}: "
                "`sesauditd credentials split` says which of them still need their new login"
            )
        if not split.is_silent(now):
            raise Failed(
                f"{user} has been quiet since {split.quiet_since:%Y-%m-%d} only: wait until it "
                "was so for 14 days"
            )
        keys = [key for key, works in (await self.users.keys(user)).items() if works]
        for key in keys:
            await self.switch.set_key(user, key, active=False)
            log.info("shared_access_key_retired", user=user, key=key)
        await self.notes.retire(user, now)
        return keys

    async def silent(self, now: datetime) -> Sequence[str]:
        """Return the shared users that nobody uses any more and that may go."""
        found = await self.notes.all()
        return [one.user for one in found if one.is_silent(now) and not one.retired]
