"""What IAM users may call besides sending: the operator's root may do everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.sandbox.refusals import refusal

if TYPE_CHECKING:
    from sesauditd.sandbox.authorization import Authorization
    from sesauditd.sandbox.calls import Answer, Call

FORBIDDEN = 403
_PREFIXES = {"monitoring": "cloudwatch"}


@dataclass(frozen=True, slots=True)
class Callers:
    """Asks IAM about each call of a user's key; sends are asked about where they are made."""

    authorization: Authorization

    def stop(self, call: Call) -> Answer | None:
        """Refuse a call that the user may not make, or let it pass.

        An inactive key is refused whatever its policies say (ses-facts 5). The resource is not
        worked out: an Allow must reach `*`, which a customer's key has for nothing.
        """
        credential = self.authorization.credential(call.access_key_id)
        if credential is None:
            return None
        if not credential.active:
            text = "The security token included in the request is invalid."
            return refusal(call, "InvalidClientTokenId", text, status=FORBIDDEN)
        if call.service == "ses" and (call.operation or "").startswith("Send"):
            return None
        action = f"{_PREFIXES.get(call.service, call.service)}:{call.operation}"
        decision = self.authorization.decide(credential.user, action, ["*"], {})
        if decision.allowed:
            return None
        return refusal(call, _code(call), decision.why, status=FORBIDDEN)


def _code(call: Call) -> str:
    if call.path.startswith("/v2/email/") or "x-amz-target" in call.headers:
        return "AccessDeniedException"
    return "AccessDenied"
