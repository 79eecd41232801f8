"""Whether IAM lets a user do something, from the users and policies that moto keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


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
    """IAM of one account, as it stands in moto in this process at the moment of asking."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def credential(self, access_key_id: str) -> Credential | None:
        """Return the user's access key, or None: then the caller is the operator's root."""
        raise NotImplementedError

    def user_arn(self, user: str) -> str:
        """Return the ARN of a user, as it stands in messages of refusal."""
        raise NotImplementedError

    def decide(
        self,
        user: str,
        action: str,
        resources: Sequence[str],
        context: Mapping[str, Sequence[str]],
    ) -> Decision:
        """Return whether `user` may do `action` ("ses:SendRawEmail") on every one of `resources`.

        `context` holds the condition keys of the request, each with all its values.
        """
        raise NotImplementedError
