"""What SNS signs and where its certificates lie, each rule by itself."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sesauditd.errors import Unreadable
from sesauditd.ingest.signature import (
    certificate_in,
    claim_of,
    flaw,
    is_certificate_of,
    string_to_sign,
)
from tests.unit.ingest import sns
from tests.unit.ingest.samples import TOPIC, encoded

ARABIC = "\u0661" * 32
HASH = "7506a1e35b36ef5a444dd1a8e7cc3ed8"
HOST = "https://sns.eu-west-1.amazonaws.com"
FILE = f"SimpleNotificationService-{HASH}.pem"
CHINESE_TOPIC = "arn:aws-cn:sns:cn-north-1:123456789012:feedback"


def test_a_notification_is_signed_by_these_fields_in_this_order() -> None:
    assert (
        string_to_sign(
            {
                "Type": "Notification",
                "MessageId": "m-1",
                "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t",
                "Subject": "S",
                "Message": 'line one\nline "two" \u00e9',
                "Timestamp": "2026-11-02T10:00:04.250Z",
                "SignatureVersion": "1",
                "UnsubscribeURL": "not signed",
            }
        )
        == (
            'Message\nline one\nline "two" \u00e9\nMessageId\nm-1\nSubject\nS\n'
            "Timestamp\n2026-11-02T10:00:04.250Z\n"
            "TopicArn\narn:aws:sns:eu-west-1:123456789012:t\nType\nNotification\n"
        ).encode()
    )


@pytest.mark.parametrize("absent", [{}, {"Subject": None}], ids=["missing", "null"])
def test_a_subject_that_is_not_there_is_not_signed(absent: dict[str, Any]) -> None:
    fields = {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": "t",
        "Message": "x",
        "Timestamp": "z",
    }
    assert string_to_sign(fields | absent) == (
        b"Message\nx\nMessageId\nm\nTimestamp\nz\nTopicArn\nt\nType\nNotification\n"
    )


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_confirmation_is_signed_with_its_token_and_address(kind: str) -> None:
    fields = {
        "Type": kind,
        "MessageId": "m",
        "TopicArn": "t",
        "Message": "x",
        "Timestamp": "z",
        "Token": "k",
        "SubscribeURL": "u",
    }
    assert string_to_sign(fields).decode() == (
        f"Message\nx\nMessageId\nm\nSubscribeURL\nu\nTimestamp\nz\nToken\nk\nTopicArn\nt\n"
        f"Type\n{kind}\n"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"Type": "Other"}, "nothing is signed", id="type"),
        pytest.param({"Type": ["Notification"]}, "nothing is signed", id="type is a list"),
        pytest.param({"Message": 7}, "Message is missing or no text", id="message"),
        pytest.param({"Subject": 7}, "Subject is missing or no text", id="subject"),
        pytest.param({"MessageId": None}, "MessageId is missing", id="id"),
        pytest.param({"TopicArn": None}, "TopicArn is missing", id="topic"),
        pytest.param({"Signature": None}, "Signature is missing", id="signature"),
        pytest.param({"Signature": "not base64!"}, "not base64", id="base64"),
        pytest.param({"Signature": "Zm9v\n"}, "not base64", id="base64 with a newline"),
        pytest.param({"SignatureVersion": "3"}, "other than 1 and 2", id="version"),
        pytest.param({"SignatureVersion": 2}, "SignatureVersion is missing", id="version number"),
        pytest.param({"SigningCertURL": None}, "SigningCertURL is missing", id="url"),
        pytest.param({"Timestamp": "yesterday"}, "no time", id="time"),
    ],
)
def test_an_envelope_that_claims_nothing_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        claim_of(encoded(sns.signed(sns.notification()) | changes))


@pytest.mark.parametrize(
    "text", [b"", b"x", b"[]", b"7", b"\xff", b'{"a":' * 5000, b'{"Type": "\\ud800"}']
)
def test_what_is_no_envelope_claims_nothing(text: bytes) -> None:
    with pytest.raises(Unreadable, match="nothing is signed"):
        claim_of(text)


@pytest.mark.parametrize(
    ("topic", "url"),
    [
        pytest.param(TOPIC, f"{HOST}/{FILE}", id="usual"),
        pytest.param(TOPIC, f"{HOST}/SimpleNotificationService-{HASH * 2}.pem", id="long hash"),
        pytest.param(CHINESE_TOPIC, f"https://sns.cn-north-1.amazonaws.com.cn/{FILE}", id="China"),
    ],
)
def test_sns_keeps_its_certificates_here(topic: str, url: str) -> None:
    assert is_certificate_of(topic, url)


FORGED_URLS = [
    pytest.param(f"http://sns.eu-west-1.amazonaws.com/{FILE}", id="no TLS"),
    pytest.param(f"HTTPS://sns.eu-west-1.amazonaws.com/{FILE}", id="scheme in capitals"),
    pytest.param(f"https://sns.s3.amazonaws.com/{FILE}", id="bucket named sns"),
    pytest.param(f"https://sns.s3-us-west-2.amazonaws.com/{FILE}", id="old S3 host"),
    pytest.param(f"https://sns.s3-eu-west-1.amazonaws.com/{FILE}", id="old S3 host at home"),
    pytest.param(f"https://s3.amazonaws.com/sns/{FILE}", id="S3 path"),
    pytest.param(f"https://sns.us-east-1.amazonaws.com/{FILE}", id="other region"),
    pytest.param(f"https://sns.eu-west-1.amazonaws.com.cn/{FILE}", id="China for others"),
    pytest.param(f"https://sns.eu-west-1.amazonaws.com.evil.example/{FILE}", id="longer host"),
    pytest.param(f"https://evil.example/sns.eu-west-1.amazonaws.com/{FILE}", id="host in the path"),
    pytest.param(f"https://xsns.eu-west-1.amazonaws.com/{FILE}", id="prefix of the host"),
    pytest.param(f"https://sns-eu-west-1.amazonaws.com/{FILE}", id="dash for dot"),
    pytest.param(f"https://snsxeu-west-1xamazonawsxcom/{FILE}", id="dots are dots"),
    pytest.param(f"https://sns.eu-west-1.amazonaws.com:443/{FILE}", id="port"),
    pytest.param(f"https://sns.eu-west-1.amazonaws.com:8443/{FILE}", id="other port"),
    pytest.param(f"https://a@sns.eu-west-1.amazonaws.com/{FILE}", id="user"),
    pytest.param(f"https://sns.eu-west-1.amazonaws.com@evil.example/{FILE}", id="host as user"),
    pytest.param(f"{HOST}//{FILE}", id="two slashes"),
    pytest.param(f"{HOST}/x/../{FILE}", id="dots in the path"),
    pytest.param(f"{HOST}/%2e%2e/{FILE}", id="encoded dots"),
    pytest.param(f"{HOST}/{FILE}?x=1", id="query"),
    pytest.param(f"{HOST}/{FILE}#x", id="fragment"),
    pytest.param(f"{HOST}/{FILE}\n", id="newline"),
    pytest.param(f"{HOST}/{FILE}\r\nHost: evil.example", id="header"),
    pytest.param(f" {HOST}/{FILE}", id="space before"),
    pytest.param(f"{HOST}/{FILE}\x00", id="NUL"),
    pytest.param(f"{HOST}/x.pem", id="any file"),
    pytest.param(f"{HOST}/SimpleNotificationService-.pem", id="no hash"),
    pytest.param(f"{HOST}/SimpleNotificationService-{HASH[:-1]}.pem", id="short hash"),
    pytest.param(f"{HOST}/SimpleNotificationService-{HASH[:-1]}G.pem", id="no hex"),
    pytest.param(f"{HOST}/SimpleNotificationService-{HASH.upper()}.pem", id="hex in capitals"),
    pytest.param(f"{HOST}/SimpleNotificationService-{HASH}xpem", id="dot of the file"),
    pytest.param(f"{HOST}/SimpleNotificationService-{ARABIC}.pem", id="Arabic digits"),
    pytest.param(f"https://s\u0578s.eu-west-1.amazonaws.com/{FILE}", id="letter like another"),
    pytest.param(f"https://sns.eu-west-1.amazonaws\u3002com/{FILE}", id="ideographic dot"),
    pytest.param(f"https://sns.eu\u2010west-1.amazonaws.com/{FILE}", id="other dash"),
    pytest.param("", id="empty"),
]


@pytest.mark.parametrize("url", FORGED_URLS)
def test_nothing_else_is_a_place_of_certificates(url: str) -> None:
    assert not is_certificate_of(TOPIC, url)


@pytest.mark.parametrize(
    "pem",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="page"),
        pytest.param(sns.certificate()[:200], id="cut"),
        pytest.param(sns.pem_of(ec.generate_private_key(ec.SECP256R1())), id="not RSA"),
    ],
)
def test_what_is_no_certificate_of_rsa_is_refused(pem: bytes) -> None:
    with pytest.raises(Unreadable, match="certificate"):
        certificate_in(pem)


@pytest.mark.parametrize(
    ("sent", "fits"),
    [
        pytest.param("2026-01-01T00:00:00Z", True, id="first moment"),
        pytest.param("2025-12-31T23:59:59Z", False, id="before"),
        pytest.param("2027-02-01T00:00:01Z", False, id="after"),
    ],
)
def test_a_certificate_vouches_for_its_own_time_only(sent: str, fits: bool) -> None:
    claim = claim_of(sns.body(Timestamp=sent))
    assert (flaw(claim, certificate_in(sns.certificate())) is None) == fits
