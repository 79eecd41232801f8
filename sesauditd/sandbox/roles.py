"""Holds whoever is not the operator to the policies of a role: least privilege, tried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends

from sesauditd.sandbox.iam_actions import Place, requests_of
from sesauditd.sandbox.operator import ROOT_KEY
from sesauditd.sandbox.refusals import refusal
from sesauditd.sandbox.statements import Effect, effect_of

if TYPE_CHECKING:
    from sesauditd.sandbox.authorization import Authorization
    from sesauditd.sandbox.calls import Answer, Call
    from sesauditd.sandbox.statements import Request

FORBIDDEN = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Asks the role's policies about each call; keys of IAM users have policies of their own."""

    documents: Sequence[str]
    """Policy documents as JSON; one of them has to allow, none to deny."""
    by_key: Mapping[str, Sequence[str]]
    """Those of keys that have a role of their own."""
    authorization: Authorization
    place: Place

    def stop(self, call: Call) -> Answer | None:
        """Refuse a call that the role may not make, naming action and resource."""
        if call.access_key_id == ROOT_KEY or self.authorization.credential(call.access_key_id):
            return None
        documents = self.by_key.get(call.access_key_id, self.documents)
        for request in requests_of(call, self.place):
            if not _allow(documents, request):
                text = (
                    f"User: arn:aws:sts::{self.place.account_id}:assumed-role/tried-out is not "
                    f"authorized to perform: {request.action} on resource: {request.resource}"
                )
                return refusal(call, _code(call), text, status=FORBIDDEN)
        return None


def paths_in(account_id: str) -> Mapping[str, str]:
    """Return the path of each IAM user that exists."""
    return {name: user.path for name, user in dict(iam_backends[account_id]["aws"].users).items()}


def _allow(documents: Sequence[str], request: Request) -> bool:
    effects = {effect_of(one, request) for one in documents}
    return Effect.ALLOW in effects and Effect.DENY not in effects


def _code(call: Call) -> str:
    if call.service == "sns":
        return "AuthorizationError"
    is_json = call.path.startswith("/v2/email/") or "x-amz-target" in call.headers
    return "AccessDeniedException" if is_json else "AccessDenied"
