"""Whether IAM lets a user do something, from the users and policies that moto keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends

from sesauditd.sandbox.ses.state import Switches
from sesauditd.sandbox.statements import Effect, Request, effect_of

if TYPE_CHECKING:
    from moto.iam.models import Group, IAMBackend, ManagedPolicy, User

ACTIVE = "Active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An access key of an IAM user: `active` is False after UpdateAccessKey(Inactive)."""

    access_key_id: str
    user: str
    secret: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether a call is allowed, and why (or why not) in words."""

    allowed: bool
    why: str


class Authorization:
    """IAM of one account, as it stands in moto in this process at the moment of asking.

    `boundaries` holds the ARN of a user's permissions boundary, which moto does not know.
    Of `switches` it asks whether SES honours StringEqualsIgnoreCase (ses-facts 4.1, [?]).
    """

    def __init__(
        self,
        account_id: str,
        *,
        boundaries: Mapping[str, str] | None = None,
        switches: Switches | None = None,
    ) -> None:
        self._account_id = account_id
        self._boundaries = {} if boundaries is None else boundaries
        self._switches = switches or Switches()

    def credential(self, access_key_id: str) -> Credential | None:
        """Return the user's access key, or None: then the caller is the operator's root."""
        key = self._backend().access_keys.get(access_key_id)
        if key is None or not key.user_name:
            return None
        return Credential(
            access_key_id=access_key_id,
            user=key.user_name,
            secret=key.secret_access_key,
            active=key.status == ACTIVE,
        )

    def user_arn(self, user: str) -> str:
        """Return the ARN of a user, as it stands in messages of refusal."""
        found = self._backend().users.get(user)
        path = found.path if found else "/"
        return f"arn:aws:iam::{self._account_id}:user{path}{user}"

    def decide(
        self,
        user: str,
        action: str,
        resources: Sequence[str],
        context: Mapping[str, Sequence[str]],
    ) -> Decision:
        """Return whether `user` may do `action` ("ses:SendRawEmail") on every one of `resources`.

        `context` holds the condition keys of the request, each with all its values. SES asks
        for the identity and for the configuration set, also where it is only the identity's
        default, so an Allow on one of them is not enough (ses-facts 5).
        """
        known = {"aws:username": [user], "aws:PrincipalArn": [self.user_arn(user)], **context}
        for resource in resources:
            request = Request(action=action, resource=resource, context=known)
            reason = self._against(user, request)
            if reason:
                return Decision(allowed=False, why=self._refused(user, request, reason))
        return Decision(allowed=True, why="a policy of the user allows it")

    def _against(self, user: str, request: Request) -> str:
        """Return why the request is refused, "" if it is not: Deny wins, silence refuses."""
        found = self._backend().users.get(user)
        if found is None:
            return "the user does not exist"
        effects = {self._effect(document, request) for document in self._documents(found)}
        boundary = self._boundary(user)
        bounds = None if boundary is None else self._effect(boundary, request)
        if Effect.DENY in effects or bounds is Effect.DENY:
            return "with an explicit deny in an identity-based policy"
        if boundary is not None and bounds is None:
            return "because no permissions boundary allows the action"
        if Effect.ALLOW not in effects:
            return "because no identity-based policy allows the action"
        return ""

    def _effect(self, document: str, request: Request) -> Effect | None:
        return effect_of(document, request, ignore_case=self._switches.recipients_ignore_case)

    def _documents(self, user: User) -> Iterator[str]:
        backend = self._backend()
        listed: list[Group] = list(backend.groups.values())
        groups = [group for group in listed if user in group.users]
        yield from _documents_of(user)
        for group in groups:
            yield from _documents_of(group)

    def _boundary(self, user: str) -> str | None:
        """Return the document that bounds the user; a deleted one allows nothing."""
        arn = self._boundaries.get(user)
        if arn is None:
            return None
        policy = self._backend().managed_policies.get(arn)
        return current_document(policy) if policy else ""

    def _refused(self, user: str, request: Request, reason: str) -> str:
        return (
            f"User `{self.user_arn(user)}' is not authorized to perform `{request.action}' "
            f"on resource `{request.resource}' {reason}"
        )

    def _backend(self) -> IAMBackend:
        return iam_backends[self._account_id]["aws"]


def _documents_of(owner: User | Group) -> Iterator[str]:
    # moto's own threads write while this reads, so the tables are copied first.
    yield from list(owner.policies.values())
    for policy in list(owner.managed_policies.values()):
        yield current_document(policy)


def current_document(policy: ManagedPolicy) -> str:
    """Return the document of a managed policy's default version, "" if there is none."""
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return str(version.document)
    return ""
