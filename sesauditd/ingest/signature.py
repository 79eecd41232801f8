"""Whether SNS signed an envelope: what is signed, by which certificate, and if it fits."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sesauditd.errors import Unreadable
from sesauditd.ingest.fields import moment

if TYPE_CHECKING:
    from datetime import datetime

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED_FIELDS = {
    "Notification": NOTIFICATION,
    "SubscriptionConfirmation": CONFIRMATION,
    "UnsubscribeConfirmation": CONFIRMATION,
}
"""Which fields SNS signs, in this order, by the type of the envelope (ses-facts.md 2.2)."""
OPTIONAL = frozenset({"Subject"})

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}
"""By SignatureVersion; topics still begin with 1 (ses-facts.md 2.2)."""
_FILE = r"/SimpleNotificationService-[0-9a-f]{32,64}\.pem"
_CHINA = "cn-"
_DECODER = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What an envelope says about itself; nothing of it is believed yet."""

    topic: str
    certificate_url: str
    signed: bytes
    """The text that SNS signed, if SNS did."""
    signature: bytes
    version: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The part of a certificate by which signatures are checked."""

    key: RSAPublicKey
    valid_from: datetime
    valid_until: datetime


def claim_of(body: bytes) -> Claim:
    """Return what the body of a queue message claims; raises Unreadable if nothing is signed."""
    try:
        envelope = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Unreadable("no SNS envelope, so nothing is signed") from error
    signed = string_to_sign(envelope)
    version = _text(envelope, "SignatureVersion")
    if version not in _HASHES:
        raise Unreadable("an SNS envelope with a SignatureVersion other than 1 and 2")
    sent_at = moment(_text(envelope, "Timestamp"))
    if sent_at is None:
        raise Unreadable("an SNS envelope whose Timestamp is no time")
    return Claim(
        topic=_text(envelope, "TopicArn"),
        certificate_url=_text(envelope, "SigningCertURL"),
        signed=signed,
        signature=_decoded(_text(envelope, "Signature")),
        version=version,
        sent_at=sent_at,
    )


def string_to_sign(envelope: dict[str, Any]) -> bytes:
    """Return the text that SNS signs: the name and value of each signed field, a line each.

    https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    Raises Unreadable for a type that SNS does not sign and for a field that is no text.
    """
    kind = envelope.get("Type")
    fields = SIGNED_FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise Unreadable("no SNS envelope, so nothing is signed")
    signed = [
        f"{name}\n{_text(envelope, name)}\n"
        for name in fields
        if name not in OPTIONAL or envelope.get(name) is not None
    ]
    return "".join(signed).encode()


def is_certificate_of(topic: str, url: str) -> bool:
    """Return whether SNS itself, in the region of the topic, offers a certificate at the URL.

    The usual looser rule also fits `sns.s3-us-west-2.amazonaws.com`, a bucket that anybody
    can own (faults.md 1.2).
    """
    region = topic.split(":")[3]
    host = f"sns.{region}.amazonaws.com{'.cn' if region.startswith(_CHINA) else ''}"
    return re.fullmatch(f"https://{re.escape(host)}{_FILE}", url) is not None


def certificate_in(pem: bytes) -> Certificate:
    """Return the certificate in a PEM file; raises Unreadable if it is none, or not of RSA.

    Who issued it is not looked at: SNS hands over the leaf alone, and it was fetched over TLS
    from SNS's own host.
    """
    try:
        found = x509.load_pem_x509_certificate(pem)
        key = found.public_key()
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise Unreadable("what SNS offers there is no certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise Unreadable("the certificate there is not of RSA")
    return Certificate(
        key=key, valid_from=found.not_valid_before_utc, valid_until=found.not_valid_after_utc
    )


def flaw(claim: Claim, certificate: Certificate) -> str | None:
    """Return why the certificate does not vouch for the claim; None if it does.

    Validity is compared with the time that SNS signed, not with now: a backlog or a replay
    is as good as it was.
    """
    if not certificate.valid_from <= claim.sent_at <= certificate.valid_until:
        return "signed outside the validity of its certificate"
    try:
        certificate.key.verify(claim.signature, claim.signed, PKCS1v15(), _HASHES[claim.version]())
    except InvalidSignature:
        return "the signature does not fit the message"
    return None


def _text(envelope: dict[str, Any], name: str) -> str:
    value = envelope.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"an SNS envelope whose {name} is missing or no text")
    return value


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("an SNS envelope whose Signature is not base64") from error
