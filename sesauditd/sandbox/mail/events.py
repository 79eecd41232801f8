"""Events as SES writes them, for event destinations and for identity topics (ses-facts 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from enum import StrEnum
from typing import TypeAlias

from sesauditd.sandbox.mail.letter import Letter, decoded

Value: TypeAlias = (
    Mapping[str, "Value"] | Sequence["Value"] | Sequence[str] | str | int | float | bool | None
)
Event: TypeAlias = dict[str, Value]

HEADERS_AT_MOST = 10 * 1024
"""Bytes of headers that an event carries; more are cut off (ses-facts 1.2)."""
REGION_CODES = {
    "us-east-1": "0100",
    "us-west-2": "0101",
    "eu-west-1": "0102",
    "eu-central-1": "0107",
}
"""How message ids begin; other Regions are given the first one's here."""


class Kind(StrEnum):
    """The types that this sandbox makes, as `eventType` names them."""

    SEND = "Send"
    REJECT = "Reject"
    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"
    DELIVERY = "Delivery"
    DELAY = "DeliveryDelay"

    @property
    def setting(self) -> str:
        """The name by which an event destination asks for it."""
        return "DELIVERY_DELAY" if self is Kind.DELAY else self.value.upper()

    @property
    def key(self) -> str:
        """The key under which an event holds what belongs to its type."""
        return "deliveryDelay" if self is Kind.DELAY else self.value.lower()


IDENTITY_KINDS = frozenset({Kind.BOUNCE, Kind.COMPLAINT, Kind.DELIVERY})
"""Identity topics are told of nothing else, so of no virus (ses-facts 1.1)."""
CONNECTED = frozenset({Kind.BOUNCE, Kind.DELIVERY})
"""Only once SES connected out there is an outgoing address (ses-facts 1.2)."""
WITHOUT_HEADERS = frozenset({Kind.DELAY})
"""AWS's sample of this type has no headers (ses-facts 1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that SES took: what each of its events says in `mail`."""

    message_id: str
    sent_at: datetime
    source: str
    identity: str
    identity_arn: str
    account_id: str
    recipients: tuple[str, ...]
    letter: Letter
    caller: str
    source_ip: str
    operation: str
    configuration_set: str | None
    tenant: str | None = None
    tags: Mapping[str, Sequence[str]]

    @property
    def author(self) -> str:
        """The address of the From header, or of the envelope if there is none."""
        return self.letter.author or parseaddr(self.source)[1]

    @property
    def from_domain(self) -> str:
        """The author's domain."""
        return self.author.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What became of a message for some recipients; `body` is the event's own object.

    `outgoing_ip` is where SES connected from, `remote_ip` whom it talked to, None if it did not.
    """

    kind: Kind
    at: datetime
    recipients: tuple[str, ...]
    body: Mapping[str, Value]
    outgoing_ip: str | None = None
    remote_ip: str | None = None


def published(mail: Accepted, happening: Happening) -> Event:
    """Return the event for event destinations: with headers and tags."""
    about = _plain(mail)
    if happening.kind not in WITHOUT_HEADERS:
        about |= _headers(mail)
    about["tags"] = _tags(mail, happening)
    body: Event = dict(happening.body)
    if happening.kind is Kind.DELIVERY and happening.remote_ip is not None:
        body["remoteMtaIp"] = happening.remote_ip
    return {"eventType": str(happening.kind), "mail": about, happening.kind.key: body}


def notified(mail: Accepted, happening: Happening, *, with_headers: bool) -> Event:
    """Return the same for an identity's topic: no tags, the caller and the peer's address.

    Headers are there only if the identity's setting asks for them (ses-facts 1.1).
    """
    about = _plain(mail)
    about |= {"sourceIp": mail.source_ip, "callerIdentity": mail.caller}
    if with_headers:
        about |= _headers(mail)
    body: Event = {
        key: value for key, value in happening.body.items() if key != "complaintSubType" or value
    }
    if happening.remote_ip is not None:
        body["remoteMtaIp"] = happening.remote_ip
    return {"notificationType": str(happening.kind), happening.kind.key: body, "mail": about}


def stamp(moment: datetime) -> str:
    """Return a time of UTC as SES writes it, to the millisecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def identifier(region: str, moment: datetime, chance: str) -> str:
    """Return an id of a message or of feedback; `chance` is a UUID (shape by AWS's samples)."""
    code = REGION_CODES.get(region, REGION_CODES["us-east-1"])
    return f"{code}{int(moment.timestamp() * 1000):012x}-{chance}-000000"


def _plain(mail: Accepted) -> Event:
    return {
        "timestamp": stamp(mail.sent_at),
        "source": mail.source,
        "sourceArn": mail.identity_arn,
        "sendingAccountId": mail.account_id,
        "messageId": mail.message_id,
        "destination": list(mail.recipients),
    }


def _headers(mail: Accepted) -> Event:
    kept: list[Value] = []
    size = 0
    for name, value in mail.letter.headers:
        size += len(name) + len(value) + 4
        if size > HEADERS_AT_MOST:
            break
        kept.append({"name": name, "value": value})
    truncated = len(kept) < len(mail.letter.headers)
    return {"headersTruncated": truncated, "headers": kept, "commonHeaders": _common(mail)}


def _common(mail: Accepted) -> Event:
    lists = {"replyTo": "Reply-To", "to": "To", "cc": "Cc"}
    found: Event = {"from": mail.letter.mailboxes("From")}
    date = mail.letter.header("Date")
    if date is not None:
        found["date"] = date
    found |= {
        key: named for key, header in lists.items() if (named := mail.letter.mailboxes(header))
    }
    found["messageId"] = mail.message_id
    subject = mail.letter.header("Subject")
    if subject is not None:
        found["subject"] = decoded(subject)
    return found


def _tags(mail: Accepted, happening: Happening) -> Event:
    """The tags that SES adds by itself come first; a message's own cannot be called so."""
    own: Event = {
        "ses:operation": [mail.operation],
        "ses:configuration-set": [mail.configuration_set or ""],
        "ses:source-ip": [mail.source_ip],
        "ses:from-domain": [mail.from_domain],
        "ses:caller-identity": [mail.caller],
    }
    if happening.kind in CONNECTED and happening.outgoing_ip is not None:
        own["ses:outgoing-ip"] = [happening.outgoing_ip]
    if mail.tenant is not None:
        own["ses:tenant-name"] = [mail.tenant]
    return {**{name: list(values) for name, values in mail.tags.items()}, **own}
