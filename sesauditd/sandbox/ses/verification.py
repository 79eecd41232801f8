"""How SES looks at the records of an identity, as a function of what DNS answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sesauditd.sandbox.ses.values import Check, Identity, MailFrom

Records: TypeAlias = Callable[[str, str], Sequence[str]]
"""What DNS holds for a name and a type: values as Route 53 writes them, none if there are none."""

PATIENCE = timedelta(hours=72)
"""How long SES looks for records before it says FAILED (ses-facts 6.1, step 6)."""


def checked(
    identity: Identity, records: Records, now: datetime, *, region: str, at_once: bool
) -> Identity:
    """Return an identity with its verification as the records are now.

    A domain is verified by its DKIM records, or by v1's TXT record; an address by a link in a
    mail, which nobody clicks here, so it stays as it was unless `at_once`.
    """
    mail_from = _mail_from(identity.mail_from, records, now, region=region, at_once=at_once)
    if not identity.is_domain:
        status = Check.SUCCESS if at_once else identity.verification
        return replace(identity, verification=status, mail_from=mail_from, checked_at=now)
    signed = at_once or (bool(identity.tokens) and _signed(identity, records))
    owned = signed or _owned(identity, records)
    started = identity.created_at
    last = identity.verified_at
    dkim = _status(identity.dkim, found=signed, waited=now - (last or started))
    verification = _status(identity.verification, found=owned, waited=now - (last or started))
    return replace(
        identity,
        dkim=dkim if identity.tokens else Check.NOT_STARTED,
        verification=verification,
        error=None if owned else _error(identity, records),
        checked_at=now,
        verified_at=now if owned else last,
        mail_from=mail_from,
    )


def _status(before: Check, *, found: bool, waited: timedelta) -> Check:
    """Return the next status; records lost later give 72 hours of grace (ses-facts 6.1)."""
    if found:
        return Check.SUCCESS
    if waited >= PATIENCE:
        return Check.FAILED
    if before in {Check.SUCCESS, Check.TEMPORARY_FAILURE}:
        return Check.TEMPORARY_FAILURE
    return Check.FAILED if before is Check.FAILED else Check.PENDING


def _signed(identity: Identity, records: Records) -> bool:
    """All three CNAMEs must be there, each to the identity's own zone (ses-facts 6.1, step 4)."""
    return all(
        bare(records(f"{token}._domainkey.{identity.name}", "CNAME"))
        == [f"{token}.{identity.hosted_zone}".lower()]
        for token in identity.tokens
    )


def _owned(identity: Identity, records: Records) -> bool:
    token = identity.ownership_token
    return token is not None and token in texts(records(f"_amazonses.{identity.name}", "TXT"))


def _error(identity: Identity, records: Records) -> str:
    names = [f"{token}._domainkey.{identity.name}" for token in identity.tokens]
    found = [bool(records(name, "CNAME")) for name in names]
    return "INVALID_VALUE" if found and all(found) else "HOST_NOT_FOUND"


def _mail_from(
    mail_from: MailFrom | None, records: Records, now: datetime, *, region: str, at_once: bool
) -> MailFrom | None:
    """FAILED stops the checking until MAIL FROM is put again (ses-facts 6.1, step 5)."""
    if mail_from is None or mail_from.status is Check.FAILED:
        return mail_from
    exchangers = [value.split()[-1] for value in records(mail_from.domain, "MX") if value.strip()]
    # Exactly one MX may stand there, or the set-up fails.
    ours = bare(exchangers) == [f"feedback-smtp.{region}.amazonses.com"]
    allowed = any(
        text.startswith("v=spf1") and "include:amazonses.com" in text.split()
        for text in texts(records(mail_from.domain, "TXT"))
    )
    found = at_once or (ours and allowed)
    waited = now - mail_from.asked_at
    return replace(mail_from, status=_status(mail_from.status, found=found, waited=waited))


def bare(names: Sequence[str]) -> Sequence[str]:
    """Return host names as they compare: lower case, without the last dot."""
    return [name.strip().lower().rstrip(".") for name in names]


def texts(values: Sequence[str]) -> Sequence[str]:
    """Return TXT values without their quotes, strings of one value joined."""
    return ["".join(value.split('"')[1::2]) if '"' in value else value for value in values]
