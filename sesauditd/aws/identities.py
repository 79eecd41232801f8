"""Identities of SES as an administrator sees and sets them: domains that may send."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.aws.names import SAME_LOOK_SECONDS, Names
from sesauditd.aws.sets import listed, tags_of
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients
    from sesauditd.model.plan import Document

KEY_LENGTH: Final = "RSA_2048_BIT"
EASY: Final = "AWS_SES"
"""Keys that SES makes and renews; the other origin, EXTERNAL, are keys of one's own."""
FAILED: Final = "FAILED"


class Identities:
    """The identities of one account and region; a domain's name is its only key."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2
        self.names: Final = Names(
            self._ses, "ListEmailIdentities", "EmailIdentities", lambda one: one["IdentityName"]
        )
        self._half_used: dict[str, tuple[float, Answer | None]] = {}
        """Answers of which only one half was asked for, and when."""
        self._start = f"arn:{clients.partition}:ses:{clients.region}:{clients.account_id}"

    def arn(self, name: str) -> str:
        """Return the ARN of an identity."""
        return f"{self._start}:identity/{name}"

    async def identity(self, name: str) -> Document | None:
        """Return an identity, None if there is none: SES GetEmailIdentity.

        `signing` holds the DKIM tokens and the zone that they point into, which SES chooses.
        Raises Unavailable or Forbidden.
        """
        answer = await self._found(name)
        self._half_used[name] = asyncio.get_running_loop().time(), answer
        if answer is None:
            return None
        with reading("SES GetEmailIdentity"):
            return _identity(answer)

    async def create(self, name: str, configuration_set: str, tags: Mapping[str, str]) -> None:
        """Make a domain an identity with keys of 2048 bits: SES CreateEmailIdentity.

        Raises Unavailable, Uncertain, Forbidden; Missing without that set; Conflict if it
        exists.
        """
        self.names.made(name)
        await self._change(
            "CreateEmailIdentity",
            EmailIdentity=name,
            ConfigurationSetName=configuration_set,
            DkimSigningAttributes={"NextSigningKeyLength": KEY_LENGTH},
            Tags=listed(tags),
        )

    async def use_set(self, name: str, configuration_set: str) -> None:
        """Make a set the one that mail uses which names none.

        SES PutEmailIdentityConfigurationSetAttributes. Raises Unavailable, Uncertain,
        Forbidden or Missing.
        """
        await self._change(
            "PutEmailIdentityConfigurationSetAttributes",
            EmailIdentity=name,
            ConfigurationSetName=configuration_set,
        )

    async def sign(self, name: str) -> None:
        """Sign an identity's mail again: SES PutEmailIdentityDkimAttributes.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._change(
            "PutEmailIdentityDkimAttributes", EmailIdentity=name, SigningEnabled=True
        )

    async def lengthen_key(self, name: str) -> None:
        """Let the next key of Easy DKIM have 2048 bits; SES does so once a day at most.

        SES PutEmailIdentityDkimSigningAttributes. Raises Unavailable, Uncertain, Forbidden or
        Missing.
        """
        await self._change(
            "PutEmailIdentityDkimSigningAttributes",
            EmailIdentity=name,
            SigningAttributesOrigin=EASY,
            SigningAttributes={"NextSigningKeyLength": KEY_LENGTH},
        )

    async def tag(self, name: str, tags: Mapping[str, str]) -> None:
        """Add tags to an identity: SES TagResource.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._ses.ask("TagResource", ResourceArn=self.arn(name), Tags=listed(tags))

    async def mail_from(self, name: str) -> Document | None:
        """Return an identity's MAIL FROM domain, None if it has none: SES GetEmailIdentity.

        `looked_for` is False once SES has given up looking for its records. Right after
        `identity`, with no change in between, it is the other half of the same answer, once.
        Raises Unavailable or Forbidden.
        """
        asked_at, answer = self._half_used.pop(name, (float("-inf"), None))
        if asyncio.get_running_loop().time() - asked_at > SAME_LOOK_SECONDS:
            answer = await self._found(name)
        attributes = None if answer is None else answer.get("MailFromAttributes")
        if not attributes or not attributes.get("MailFromDomain"):
            return None
        with reading("SES GetEmailIdentity"):
            return {
                "domain": str(attributes["MailFromDomain"]),
                "without_its_records": str(attributes["BehaviorOnMxFailure"]),
                "looked_for": attributes["MailFromDomainStatus"] != FAILED,
            }

    async def send_from(self, name: str, mail_from: str) -> None:
        """Give an identity a MAIL FROM domain, and let SES look for its records anew.

        While they are missing, mail goes out by SES's own domain: SES
        PutEmailIdentityMailFromAttributes. Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._change(
            "PutEmailIdentityMailFromAttributes",
            EmailIdentity=name,
            MailFromDomain=mail_from,
            BehaviorOnMxFailure="USE_DEFAULT_VALUE",
        )

    async def verification(self, name: str) -> Document | None:
        """Return how far SES is with a domain's records, None without such an identity.

        Three things that come one by one (ses-facts 6.1): `identity`, `dkim` and `mail_from`,
        each in SES's words, and `error`, why not. SES GetEmailIdentity.
        Raises Unavailable or Forbidden.
        """
        answer = await self._found(name)
        if answer is None:
            return None
        with reading("SES GetEmailIdentity"):
            return _verification(answer)

    async def delete(self, name: str) -> None:
        """Delete an identity with its tokens and policies, harmless if it is gone.

        SES DeleteEmailIdentity. Raises Unavailable, Uncertain, Forbidden also while a tenant
        uses it.
        """
        try:
            await self._change("DeleteEmailIdentity", EmailIdentity=name)
        except Missing:
            return

    async def _change(self, operation: str, /, **parameters: object) -> None:
        self._half_used.pop(str(parameters["EmailIdentity"]), None)
        await self._ses.ask(operation, **parameters)

    async def _found(self, name: str) -> Answer | None:
        self._half_used.pop(name, None)
        if await self.names.lack(name):
            return None
        try:
            return await self._ses.ask(
                "GetEmailIdentity", ("VerifiedForSendingStatus",), EmailIdentity=name
            )
        except Missing:
            return None


def _identity(answer: Answer) -> Document:
    signing = answer.get("DkimAttributes") or {}
    used = answer.get("ConfigurationSetName")
    return {
        "configuration_set": used and str(used),
        "signing": {
            "enabled": bool(signing.get("SigningEnabled")),
            "origin": str(signing.get("SigningAttributesOrigin") or EASY),
            "key_length": str(signing.get("NextSigningKeyLength") or ""),
            "zone": str(signing.get("SigningHostedZone") or ""),
            "tokens": [str(token) for token in signing.get("Tokens") or ()],
        },
        "tags": tags_of(answer),
    }


def _verification(answer: Answer) -> Document:
    mail_from = answer.get("MailFromAttributes") or {}
    return {
        "verified": bool(answer["VerifiedForSendingStatus"]),
        "identity": str(answer.get("VerificationStatus") or ""),
        "dkim": str((answer.get("DkimAttributes") or {}).get("Status") or ""),
        "mail_from": str(mail_from.get("MailFromDomainStatus") or ""),
        "error": str((answer.get("VerificationInfo") or {}).get("ErrorType") or ""),
    }
