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
    misplaced,
    string_to_sign,
)
from tests.unit.ingest import sns
from tests.unit.ingest.samples import TOPIC

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
    assert misplaced(topic, url) is None


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
