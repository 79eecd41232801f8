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
_FILE = re.compile(r"/SimpleNotificationService-[0-9a-f]{32,64}\.pem")
_CHINA = "cn-"
_ADDRESS = re.compile(
    r"(?P<scheme>[^:/?#]*)://(?P<host>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)", re.DOTALL
)
_SNS = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_S3 = re.compile(r"(^|\.)s3[.-]")
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
    renewed: Certificate | None = None
    """Another one that lay under the same name at another time: an archive holds both."""


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
    Raises Unreadable for a type that SNS does not sign, for a field that is no text, and for
    a line break in another field than Message, which SNS never writes: with one, the end of a
    signed message could be passed off as the field behind it.
    """
    kind = envelope.get("Type")
    fields = SIGNED_FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise Unreadable("no SNS envelope, so nothing is signed")
    written = {
        name: _text(envelope, name)
        for name in fields
        if name not in OPTIONAL or envelope.get(name) is not None
    }
    for name, value in written.items():
        if name != "Message" and "\n" in value:
            raise Unreadable(f"an SNS envelope with a line break in its {name}")
    return "".join(f"{name}\n{value}\n" for name, value in written.items()).encode()


def misplaced(topic: str, url: str) -> str | None:
    """Return why SNS does not offer a certificate of the topic's region there; None if it does.

    Scheme, host and path must be SNS's own to the letter, with nothing before or behind them.
    The usual looser rule also fits `sns.s3-us-west-2.amazonaws.com`, a bucket that anybody
    can own (faults.md 1.2). The words hold nothing of the address, which a stranger may have
    written.
    """
    region = topic.split(":")[3]
    host = f"sns.{region}.amazonaws.com{'.cn' if region.startswith(_CHINA) else ''}"
    parts = _ADDRESS.fullmatch(url)
    if parts is None:
        return "a certificate without an address"
    if parts["scheme"] != "https":
        return "a certificate that is not to be had over https"
    if parts["host"] != host:
        return f"a certificate {_strange(parts['host'])}"
    if parts["rest"]:
        return "a certificate whose address has a query or a fragment"
    if _FILE.fullmatch(parts["path"]) is None:
        return "a certificate whose path is none that SNS gives"
    return None


def certificate_in(pem: bytes) -> Certificate:
    """Return the certificates in a PEM file; raises Unreadable if it holds none of RSA.

    Who issued it is not looked at: SNS hands over the leaf alone, and it was fetched over TLS
    from SNS's own host, so that an authority would say nothing that TLS has not said.
    """
    try:
        files = x509.load_pem_x509_certificates(pem)
        keys = [(one, one.public_key()) for one in files]
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise Unreadable("what SNS offers there is no certificate") from error
    found: Certificate | None = None
    for one, key in reversed(keys):
        if isinstance(key, RSAPublicKey):
            since, until = one.not_valid_before_utc, one.not_valid_after_utc
            found = Certificate(key=key, valid_from=since, valid_until=until, renewed=found)
    if found is None:
        raise Unreadable("the certificate there is not of RSA")
    return found


def flaw(claim: Claim, certificate: Certificate) -> str | None:
    """Return why the certificate does not vouch for the claim; None if it does.

    Validity is compared with the time that SNS signed, not with now: a backlog or a replay
    is as good as it was.
    """
    if not certificate.valid_from <= claim.sent_at <= certificate.valid_until:
        found: str | None = "signed outside the validity of its certificate"
    else:
        found = _unfit(claim, certificate.key)
    if found is not None and certificate.renewed is not None:
        return flaw(claim, certificate.renewed)
    return found


def _unfit(claim: Claim, key: RSAPublicKey) -> str | None:
    try:
        key.verify(claim.signature, claim.signed, PKCS1v15(), _HASHES[claim.version]())
    except InvalidSignature:
        return "the signature does not fit the message"
    return None


def _strange(host: str) -> str:
    """Return in words what is wrong with a host; most of these were tried on other programs."""
    if "@" in host:
        return "whose address names a user"
    if ":" in host:
        return "whose address names a port"
    if _S3.search(host):
        return "in a bucket of S3, which anybody can own"
    if _SNS.fullmatch(host):
        return "of another region than the topic's"
    return "at a host that is not SNS"


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
