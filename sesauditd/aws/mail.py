"""Amazon SES: sending our own mail, and the levers that stop the mail of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sesauditd.aws.errors import reading
from sesauditd.errors import Missing, Uncertain

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients

PAGE: Final = 1000
REASON: Final = "BOUNCE"
"""Never COMPLAINT: later sends would come back as complaints of people (ses-facts 4.2)."""
ACCOUNT: Final = ("EnforcementStatus", "ProductionAccessEnabled", "SendQuota", "SendingEnabled")
"""Without any of these a GetAccount was cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A domain or an address that SES may send for."""

    name: str
    configuration_set: str | None
    """The set that its mail uses when a message names none."""
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How AWS sees the account in this region."""

    production: bool
    """False in AWS's sandbox, where the suppression list cannot be written."""
    enforcement: str
    """HEALTHY, PROBATION or SHUTDOWN."""
    sending_enabled: bool
    max_24h: float
    """Recipients a day; -1 is no limit."""
    sent_24h: float
    max_per_second: float
    suppressed_reasons: frozenset[str]
    """For which of BOUNCE and COMPLAINT SES itself lists an address."""


class Mail:
    """SES v2 of one account and region."""

    def __init__(self, clients: Clients) -> None:
        self._ses = clients.sesv2
        self._once = clients.sesv2_once

    async def send(
        self, raw: bytes, sender: str, to: Sequence[str], configuration_set: str | None
    ) -> str:
        """Send a message once and return SES's id of it: SES SendEmail with raw content.

        Raises Uncertain when it may have been sent, and only then; Unavailable or Forbidden
        when it was surely not: nothing listened, or AWS refused.
        """
        named = {} if configuration_set is None else {"ConfigurationSetName": configuration_set}
        answer = await self._once.ask(
            "SendEmail",
            FromEmailAddress=sender,
            Destination={"ToAddresses": list(to)},
            Content={"Raw": {"Data": raw}},
            **named,
        )
        message_id = answer.get("MessageId")
        if not message_id:
            raise Uncertain("SES SendEmail: a truncated answer; the mail may have been sent")
        return str(message_id)

    async def suppressed(self, address: str) -> str | None:
        """Return why an address is on the account's list, or None: SES GetSuppressedDestination.

        SES matches regardless of case when it sends, but answers for the exact spelling only:
        asked are this one and its lower case. Raises Unavailable or Forbidden.
        """
        for spelling in dict.fromkeys((address, address.lower())):
            try:
                answer = await self._ses.ask(
                    "GetSuppressedDestination",
                    ("SuppressedDestination",),
                    EmailAddress=spelling,
                )
            except Missing:
                continue
            with reading("SES GetSuppressedDestination"):
                return str(answer["SuppressedDestination"]["Reason"])
        return None

    async def suppress(self, address: str) -> None:
        """Put an address on the account's list, as spelt: SES PutSuppressedDestination.

        Repeating it is harmless. Raises Unavailable, Uncertain, and Forbidden in AWS's sandbox.
        """
        await self._ses.ask("PutSuppressedDestination", EmailAddress=address, Reason=REASON)

    async def unsuppress(self, address: str) -> None:
        """Take one exact spelling off the account's list: SES DeleteSuppressedDestination.

        Harmless when it is not there. `suppressed_spellings` names all that have to go.
        Raises Unavailable, Uncertain or Forbidden.
        """
        try:
            await self._ses.ask("DeleteSuppressedDestination", EmailAddress=address)
        except Missing:
            return

    async def suppressed_spellings(self, address: str) -> Sequence[str]:
        """Return every spelling of an address on the list: SES ListSuppressedDestinations.

        Reads the whole list, a thousand a page and, by SES's pace, a page a second.
        Raises Unavailable or Forbidden; a page that is truncated fails it all.
        """
        wanted = address.casefold()
        spellings = await self.suppressed_addresses()
        return [spelling for spelling in spellings if spelling.casefold() == wanted]

    async def suppressed_addresses(self, since: datetime | None = None) -> Sequence[str]:
        """Return every spelling on the list: SES ListSuppressedDestinations, as above.

        With `since` only those that were put there, or put anew, at that time or later.
        """
        recent = {} if since is None else {"StartDate": since}
        found = await self._ses.every(
            "ListSuppressedDestinations", "SuppressedDestinationSummaries", PageSize=PAGE, **recent
        )
        with reading("SES ListSuppressedDestinations"):
            return [str(entry["EmailAddress"]) for entry in found]

    async def sending_enabled(self, configuration_set: str) -> bool:
        """Return whether mail through a set is sent: SES GetConfigurationSet.

        Raises Unavailable, Forbidden, or Missing when there is no such set.
        """
        answer = await self._ses.ask(
            "GetConfigurationSet",
            ("SendingOptions",),
            ConfigurationSetName=configuration_set,
        )
        with reading("SES GetConfigurationSet"):
            return bool(answer["SendingOptions"]["SendingEnabled"])

    async def set_sending(self, configuration_set: str, *, enabled: bool) -> None:
        """Let mail through a set be sent or not: SES PutConfigurationSetSendingOptions.

        Raises Unavailable, Uncertain, Forbidden, or Missing when there is no such set.
        """
        await self._ses.ask(
            "PutConfigurationSetSendingOptions",
            ConfigurationSetName=configuration_set,
            SendingEnabled=enabled,
        )

    async def identity(self, name: str) -> Identity | None:
        """Return a domain's or an address's identity, None if there is none: SES GetEmailIdentity.

        Raises Unavailable or Forbidden.
        """
        try:
            answer = await self._ses.ask(
                "GetEmailIdentity", ("VerifiedForSendingStatus",), EmailIdentity=name
            )
        except Missing:
            return None
        return Identity(
            name=name,
            configuration_set=answer.get("ConfigurationSetName"),
            verified=bool(answer["VerifiedForSendingStatus"]),
        )

    async def identities_under(self, domain: str) -> Sequence[str]:
        """Return the names of a domain's identity and all below it: SES ListEmailIdentities.

        Below are its subdomains and the addresses at all of them: their own default sets beat
        the domain's (ses-facts 5). Raises Unavailable or Forbidden.
        """
        names = await self.all_identities()
        return [name for name in names if _is_under(name.lower(), domain.lower())]

    async def all_identities(self) -> Sequence[str]:
        """Return the names of all identities of the account: SES ListEmailIdentities.

        Raises Unavailable or Forbidden.
        """
        found = await self._ses.every("ListEmailIdentities", "EmailIdentities", PageSize=PAGE)
        with reading("SES ListEmailIdentities"):
            return sorted(str(entry["IdentityName"]) for entry in found)

    async def account(self) -> Account:
        """Return how AWS sees the account: SES GetAccount. Raises Unavailable or Forbidden."""
        answer = await self._ses.ask("GetAccount", ACCOUNT)
        with reading("SES GetAccount"):
            return _account(answer)


def _account(answer: Answer) -> Account:
    quota = answer["SendQuota"]
    reasons = answer.get("SuppressionAttributes", {}).get("SuppressedReasons", ())
    return Account(
        production=bool(answer["ProductionAccessEnabled"]),
        enforcement=str(answer["EnforcementStatus"]),
        sending_enabled=bool(answer["SendingEnabled"]),
        max_24h=float(quota["Max24HourSend"]),
        sent_24h=float(quota["SentLast24Hours"]),
        max_per_second=float(quota["MaxSendRate"]),
        suppressed_reasons=frozenset(str(reason) for reason in reasons),
    )


def _is_under(name: str, domain: str) -> bool:
    host = name.rpartition("@")[2]
    return host == domain or host.endswith(f".{domain}")
