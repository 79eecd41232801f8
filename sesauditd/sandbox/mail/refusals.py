"""Why SES refuses a message, in the words and codes of each of its doors."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sesauditd.errors import Failed


class Why(StrEnum):
    """The kinds of refusal, one for each error of the API."""

    DENIED = "denied"
    UNVERIFIED = "unverified"
    UNKNOWN_SET = "unknown_set"
    SET_PAUSED = "set_paused"
    ACCOUNT_PAUSED = "account_paused"
    ACCOUNT_SHUT = "account_shut"
    THROTTLED = "throttled"
    QUOTA = "quota"
    INVALID = "invalid"
    TENANT = "tenant"


V1_CODES = {
    Why.DENIED: "AccessDenied",
    Why.UNVERIFIED: "MessageRejected",
    Why.UNKNOWN_SET: "ConfigurationSetDoesNotExist",
    Why.SET_PAUSED: "ConfigurationSetSendingPausedException",
    Why.ACCOUNT_PAUSED: "AccountSendingPausedException",
    Why.ACCOUNT_SHUT: "MessageRejected",
    Why.THROTTLED: "Throttling",
    Why.QUOTA: "Throttling",
    Why.INVALID: "InvalidParameterValue",
    Why.TENANT: "MessageRejected",
}
"""Errors of SES v1, by botocore's model and the API's common errors."""

V2_CODES = {
    Why.DENIED: "AccessDeniedException",
    Why.UNVERIFIED: "MessageRejected",
    Why.UNKNOWN_SET: "NotFoundException",
    Why.SET_PAUSED: "SendingPausedException",
    Why.ACCOUNT_PAUSED: "SendingPausedException",
    Why.ACCOUNT_SHUT: "AccountSuspendedException",
    Why.THROTTLED: "TooManyRequestsException",
    Why.QUOTA: "LimitExceededException",
    Why.INVALID: "BadRequestException",
    Why.TENANT: "MessageRejected",
}
"""Errors of SES v2's SendEmail, by botocore's model."""

LATER = frozenset({Why.THROTTLED, Why.QUOTA})
"""What SMTP answers with 454: a client may try again."""

SMTP_WORDS = {
    Why.DENIED: "Access denied",
    Why.THROTTLED: "Throttling failure",
    Why.QUOTA: "Throttling failure",
    Why.INVALID: "Transaction failed",
}
"""How an SMTP reply begins; all others begin with `Message rejected`."""


class Refusal(Failed):
    """SES does not take the message; nothing was sent and no event will tell of it.

    `code` is the SMTP reply's, `text` what all doors say.
    """

    def __init__(self, kind: Why, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.code = 454 if kind in LATER else 554
        self.text = text

    @property
    def reply(self) -> str:
        """The whole SMTP reply."""
        return f"{self.code} {SMTP_WORDS.get(self.kind, 'Message rejected')}: {self.text}"

    @property
    def v1_code(self) -> str:
        """The error code of SES v1."""
        return V1_CODES[self.kind]

    @property
    def v2_code(self) -> str:
        """The error code of SES v2."""
        return V2_CODES[self.kind]


def denied(user_arn: str, action: str, resource: str) -> Refusal:
    """Return the refusal of IAM, quoted as SES quotes (ses-facts 4)."""
    return Refusal(
        Why.DENIED,
        f"User `{user_arn}' is not authorized to perform `{action}' on resource `{resource}'",
    )


def unverified(identities: Sequence[str], region: str) -> Refusal:
    """Return the refusal of senders, or of recipients in AWS's own sandbox (ses-facts 7)."""
    named = ", ".join(identities)
    return Refusal(
        Why.UNVERIFIED,
        "Email address is not verified. The following identities failed the check in region "
        f"{region.upper()}: {named}",
    )
