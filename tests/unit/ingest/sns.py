"""A signing SNS in miniature: its own key, its own certificate, real cryptography."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from sesauditd.errors import SesauditdError
from tests.unit.ingest.samples import TOPIC, Json, encoded, envelope, event

URL = (
    "https://sns.eu-west-1.amazonaws.com/"
    "SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem"
)
VALID_FROM = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
VALID_UNTIL = dt.datetime(2027, 2, 1, tzinfo=dt.UTC)
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Return a key that stays the same throughout the tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, since: dt.datetime = VALID_FROM
) -> bytes:
    """Return a certificate signed by an authority of our own."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(since)
        .not_valid_after(since + (VALID_UNTIL - VALID_FROM))
        .sign(key("authority"), hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


@cache
def certificate() -> bytes:
    """Return the certificate of the true key."""
    return pem_of(key("SNS"))


def text_signed(fields: Json) -> bytes:
    """Return what SNS signs, written down anew after its guide."""
    if fields["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    return "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()


def signed(fields: Json, *, version: str = "2", by: str = "SNS") -> Json:
    """Return the envelope with a signature over what stands in it."""
    signature = key(by).sign(text_signed(fields), padding.PKCS1v15(), _HASHES[version]())
    return {
        **fields,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
    }


def notification(number: int = 1, **changes: Any) -> Json:
    """Return an envelope that is not signed yet, around a bounce of its own."""
    bounce = event("Bounce", feedbackId=f"feedback-{number}")
    return envelope(bounce, **{"SigningCertURL": URL, **changes})


def body(number: int = 1, *, version: str = "2", **changes: Any) -> bytes:
    """Return the body of a truly signed message."""
    return encoded(signed(notification(number, **changes), version=version))


def confirmation(kind: str = "SubscriptionConfirmation") -> Json:
    """Return an envelope that is no notification, not signed yet."""
    return {
        "Type": kind,
        "MessageId": "m-1",
        "Token": "2336412f37f",
        "TopicArn": TOPIC,
        "Message": "You have chosen to subscribe to the topic.",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription",
        "Timestamp": "2026-11-02T10:00:04.250Z",
        "SigningCertURL": URL,
    }


@dataclass
class Library:
    """A fetcher over a dictionary that writes down what it is asked for."""

    files: dict[str, bytes | SesauditdError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        found = self.files[url]
        if isinstance(found, SesauditdError):
            raise found
        return found


def library() -> Library:
    """Return a fetcher that knows the true certificate alone."""
    return Library(files={URL: certificate()})
