"""IAM: the users that customers send as, their keys, and the policies that hold them back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sesauditd.aws.account import caller
from sesauditd.aws.errors import Conflict, reading
from sesauditd.errors import Missing, Unavailable

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients

Document = Mapping[str, Any]

MOST_VERSIONS: Final = 5
"""Of a managed policy; the next one is refused (ses-facts 4.1)."""
ACTIVE: Final = "Active"
INACTIVE: Final = "Inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An access key of a user; `id` is also the name that SMTP logs in with."""

    id: str
    active: bool


class Access:
    """IAM of one account. It is eventually consistent: what was written may be read old."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._iam = clients.iam

    async def account(self) -> str:
        """Return the account id of the credentials: STS GetCallerIdentity.

        Raises Unavailable or Forbidden.
        """
        return await caller(self._clients)

    async def inline_policy(self, user: str, name: str) -> Document | None:
        """Return an inline policy of a user, None if there is none: IAM GetUserPolicy.

        Raises Unavailable or Forbidden.
        """
        try:
            answer = await self._iam.ask(
                "GetUserPolicy", ("PolicyDocument",), UserName=user, PolicyName=name
            )
        except Missing:
            return None
        return _document(answer["PolicyDocument"], "GetUserPolicy")

    async def inline_policies(self, user: str) -> Sequence[str]:
        """Return the names of a user's inline policies: IAM ListUserPolicies.

        Raises Unavailable, Forbidden, or Missing when there is no such user.
        """
        found = await self._iam.every("ListUserPolicies", "PolicyNames", UserName=user)
        return [str(name) for name in found]

    async def put_inline(self, user: str, name: str, document: Document) -> None:
        """Write an inline policy of a user, new or anew: IAM PutUserPolicy.

        Raises Unavailable, Uncertain, Forbidden, or Missing when there is no such user.
        """
        await self._iam.ask(
            "PutUserPolicy", UserName=user, PolicyName=name, PolicyDocument=_text(document)
        )

    async def delete_inline(self, user: str, name: str) -> None:
        """Take an inline policy away, harmless if it is gone: IAM DeleteUserPolicy.

        Raises Unavailable, Uncertain or Forbidden.
        """
        await self._gone("DeleteUserPolicy", UserName=user, PolicyName=name)

    async def keys(self, user: str) -> Sequence[Key]:
        """Return the access keys of a user: IAM ListAccessKeys.

        Raises Unavailable, Forbidden, or Missing when there is no such user.
        """
        found = await self._iam.every("ListAccessKeys", "AccessKeyMetadata", UserName=user)
        with reading("IAM ListAccessKeys"):
            return [Key(id=key["AccessKeyId"], active=key["Status"] == ACTIVE) for key in found]

    async def set_key(self, user: str, key_id: str, *, active: bool) -> None:
        """Let a key open the account or not: IAM UpdateAccessKey.

        Raises Unavailable, Uncertain, Forbidden, or Missing when there is no such key.
        """
        status = ACTIVE if active else INACTIVE
        await self._iam.ask("UpdateAccessKey", UserName=user, AccessKeyId=key_id, Status=status)

    async def policy(self, arn: str) -> Document | None:
        """Return what a managed policy says: IAM GetPolicy, GetPolicyVersion.

        None if there is none. Raises Unavailable or Forbidden.
        """
        try:
            answer = await self._iam.ask("GetPolicy", ("Policy",), PolicyArn=arn)
            with reading("IAM GetPolicy"):
                default = answer["Policy"]["DefaultVersionId"]
            version = await self._iam.ask(
                "GetPolicyVersion", ("PolicyVersion",), PolicyArn=arn, VersionId=default
            )
        except Missing:
            return None
        with reading("IAM GetPolicyVersion"):
            return _document(version["PolicyVersion"]["Document"], "GetPolicyVersion")

    async def put_policy(
        self, name: str, path: str, document: Document, tags: Mapping[str, str]
    ) -> str:
        """Make a managed policy say `document` and return its ARN.

        IAM CreatePolicy, or CreatePolicyVersion as the default one, for which the oldest of
        five is deleted first (DeletePolicyVersion). Writes nothing when it says so already.
        Raises Unavailable, Uncertain, Forbidden.
        """
        partition, account = self._clients.partition, self._clients.account_id
        arn = f"arn:{partition}:iam::{account}:policy{path}{name}"
        present = await self.policy(arn)
        if present is None:
            try:
                await self._create(name, path, document, tags)
            except Conflict:
                # IAM showed an old state: it was made a moment ago.
                await self._renew(arn, document)
        elif present != document:
            await self._renew(arn, document)
        return arn

    async def delete_policy(self, arn: str) -> None:
        """Delete a managed policy, harmless if it is gone: IAM DeletePolicy.

        Before it ListEntitiesForPolicy and DetachUserPolicy, ListPolicyVersions and
        DeletePolicyVersion. Raises Unavailable, Uncertain, Forbidden; the last also when groups
        or roles, which are not ours, hold it.
        """
        try:
            users = await self._iam.every("ListEntitiesForPolicy", "PolicyUsers", PolicyArn=arn)
            versions = await self._versions(arn)
        except Missing:
            return
        with reading("IAM ListEntitiesForPolicy"):
            names = [str(user["UserName"]) for user in users]
        for name in names:
            await self.detach(name, arn)
        for version in versions:
            await self._delete_version(arn, version)
        await self._gone("DeletePolicy", PolicyArn=arn)

    async def attached(self, user: str) -> Sequence[str]:
        """Return the ARNs of a user's managed policies: IAM ListAttachedUserPolicies.

        Raises Unavailable, Forbidden, or Missing when there is no such user.
        """
        found = await self._iam.every("ListAttachedUserPolicies", "AttachedPolicies", UserName=user)
        with reading("IAM ListAttachedUserPolicies"):
            return [str(policy["PolicyArn"]) for policy in found]

    async def attach(self, user: str, arn: str) -> None:
        """Give a user a managed policy, harmless if it has it: IAM AttachUserPolicy.

        Raises Unavailable, Uncertain, Forbidden (the eleventh), or Missing.
        """
        await self._iam.ask("AttachUserPolicy", UserName=user, PolicyArn=arn)

    async def detach(self, user: str, arn: str) -> None:
        """Take a managed policy from a user, harmless if it is gone: IAM DetachUserPolicy.

        Raises Unavailable, Uncertain or Forbidden.
        """
        await self._gone("DetachUserPolicy", UserName=user, PolicyArn=arn)

    async def _create(
        self, name: str, path: str, document: Document, tags: Mapping[str, str]
    ) -> None:
        await self._iam.ask(
            "CreatePolicy",
            PolicyName=name,
            Path=path,
            PolicyDocument=_text(document),
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )

    async def _renew(self, arn: str, document: Document) -> None:
        others = await self._versions(arn)
        for version in others[: max(0, len(others) + 2 - MOST_VERSIONS)]:
            await self._delete_version(arn, version)
        await self._iam.ask(
            "CreatePolicyVersion",
            PolicyArn=arn,
            PolicyDocument=_text(document),
            SetAsDefault=True,
        )

    async def _versions(self, arn: str) -> Sequence[str]:
        """Return the versions that are not the default one, oldest first."""
        found = await self._iam.every("ListPolicyVersions", "Versions", PolicyArn=arn)
        with reading("IAM ListPolicyVersions"):
            others = [one["VersionId"] for one in found if not one["IsDefaultVersion"]]
            return sorted(others, key=lambda version: int(version.lstrip("v")))

    async def _delete_version(self, arn: str, version: str) -> None:
        await self._gone("DeletePolicyVersion", PolicyArn=arn, VersionId=version)

    async def _gone(self, operation: str, **parameters: object) -> None:
        try:
            await self._iam.ask(operation, **parameters)
        except Missing:
            return


def _text(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))


def _document(found: object, operation: str) -> Document:
    # botocore decodes and parses it, and leaves the text when it cannot.
    if not isinstance(found, Mapping):
        raise Unavailable(f"IAM {operation}: a policy that cannot be read; it is asked again")
    return found
