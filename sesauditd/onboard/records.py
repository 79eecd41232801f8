"""The records that a domain needs to send through SES, as DNS says them (ses-facts 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from sesauditd.model.addresses import spelling
from sesauditd.model.dns_text import quoted
from sesauditd.model.zones import RecordSet
from sesauditd.onboard import dmarc

if TYPE_CHECKING:
    from sesauditd.onboard.dns import Dns

TTL_SECONDS: Final = 300
"""Of records that we make: a mistake is over soon; what stands there keeps its own."""
SPF: Final = "v=spf1 include:amazonses.com ~all"
"""Of the MAIL FROM name alone: the domain's own SPF plays no part in what SES sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What SES wants to find of an identity's DKIM; the zone varies by Region and identity."""

    tokens: tuple[str, ...]
    hosted_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record, its value as DNS says it: names without a last dot, texts without quotes."""

    name: str
    kind: str
    value: str

    @property
    def key(self) -> str:
        """Return name and type, as which its set goes in documents."""
        return f"{self.name} {self.kind}"

    @property
    def written(self) -> str:
        """Return the value as Route 53 and zone files write it."""
        return quoted(self.value.encode()) if self.kind == "TXT" else self.value

    @property
    def whole_set(self) -> RecordSet:
        """Return the set that holds nothing else."""
        values = (self.written,)
        return RecordSet(name=self.name, kind=self.kind, ttl=TTL_SECONDS, values=values)


def dkim(domain: str, signing: Signing) -> tuple[Record, ...]:
    """Return the aliases by which receivers find the keys that SES signs with."""
    return tuple(
        Record(
            name=f"{token}._domainkey.{domain}".lower(),
            kind="CNAME",
            value=f"{token}.{signing.hosted_zone}".lower().rstrip("."),
        )
        for token in signing.tokens
    )


def mail_from(name: str, region: str) -> tuple[Record, ...]:
    """Return the records of a MAIL FROM name: exactly one MX, and an SPF of its own.

    Bounces go to SES, and SPF passes for the domain itself (ses-facts 6.1, step 5; 6.2).
    """
    exchanger = f"10 feedback-smtp.{region}.amazonses.com"
    return (
        Record(name=name, kind="MX", value=exchanger),
        Record(name=name, kind="TXT", value=SPF),
    )


def dmarc_record(domain: str, rua: str | None) -> Record:
    """Return a DMARC record that asks for nothing but, where `rua` is given, reports.

    `pct` is not among it: RFC 9989 took it away.
    """
    # Commas, exclamation marks and semicolons mean something in the list (RFC 9990).
    reports = f"; rua=mailto:{quote(spelling(rua), safe='@+-._')}" if rua else ""
    return Record(name=f"_dmarc.{domain}", kind="TXT", value=f"v=DMARC1; p=none{reports}")


async def needed(
    domain: str,
    signing: Signing | None,
    *,
    mail_from_name: str,
    region: str,
    rua: str | None,
    dns: Dns,
) -> tuple[Record, ...]:
    """Return every record that a domain elsewhere needs, DMARC if there is none yet.

    Those for DKIM only where `signing` is known. Raises Unavailable when DNS does not say
    whether there is a policy.
    """
    signed = () if signing is None else dkim(domain, signing)
    records = (*signed, *mail_from(mail_from_name, region))
    found = await dmarc.found(domain, dns)
    return records if found else (*records, dmarc_record(domain, rua))


def keys(records: Sequence[Record]) -> Sequence[str]:
    """Return the names and types of records, each once."""
    return tuple(dict.fromkeys(one.key for one in records))
