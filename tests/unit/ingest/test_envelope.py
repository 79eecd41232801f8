"""What lies in a queue message: an envelope, a raw delivery, noise, or nothing to be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sesauditd.errors import Unreadable
from sesauditd.ingest.envelope import Noise, unwrap
from sesauditd.ingest.notification import parse
from tests.unit.ingest.samples import TOPIC, VALIDATION_TEXT, encoded, envelope, event


def test_an_envelope_is_decoded_twice_and_tells_its_topic_and_time() -> None:
    unwrapped = unwrap(encoded(envelope(event("Bounce"))))
    assert unwrapped.message is not None
    assert parse(unwrapped.message).kind == "Bounce"
    assert unwrapped.topic == TOPIC
    assert unwrapped.sent_at == datetime(2026, 11, 2, 10, 0, 4, 250_000, tzinfo=UTC)
    assert unwrapped.noise is None


def test_a_raw_delivery_is_the_event_itself() -> None:
    for body in (encoded(event("Delivery")), encoded(event("Delivery")).decode()):
        unwrapped = unwrap(body)
        assert unwrapped.message is not None
        assert parse(unwrapped.message).kind == "Delivery"
        assert (unwrapped.topic, unwrapped.sent_at) == (None, None)


def test_an_envelope_without_topic_and_time_is_read_all_the_same() -> None:
    unwrapped = unwrap(encoded({"Type": "Notification", "Message": json.dumps(event("Send"))}))
    assert unwrapped.message is not None
    assert (unwrapped.topic, unwrapped.sent_at) == (None, None)


CONFIRMATION = {"Token": "t", "SubscribeURL": "https://sns.example/?Action=ConfirmSubscription"}
SUCCEEDED = {
    "notificationType": "AmazonSnsSubscriptionSucceeded",
    "message": "You have successfully subscribed your Amazon SNS topic to receive 'Bounce'.",
}


@pytest.mark.parametrize(
    ("body", "noise"),
    [
        pytest.param(VALIDATION_TEXT.encode(), Noise.SES_VALIDATION, id="validation, raw"),
        pytest.param(
            f"\r\n {VALIDATION_TEXT}\n".encode(), Noise.SES_VALIDATION, id="validation, spaces"
        ),
        pytest.param(
            encoded(envelope(VALIDATION_TEXT)), Noise.SES_VALIDATION, id="validation, enveloped"
        ),
        pytest.param(
            encoded(envelope(f" {VALIDATION_TEXT}\n")),
            Noise.SES_VALIDATION,
            id="validation, enveloped with spaces",
        ),
        pytest.param(encoded(SUCCEEDED), Noise.SNS_SUBSCRIPTION_SUCCEEDED, id="subscribed, raw"),
        pytest.param(
            encoded(envelope(SUCCEEDED)),
            Noise.SNS_SUBSCRIPTION_SUCCEEDED,
            id="subscribed, enveloped",
        ),
        pytest.param(
            encoded(envelope("You have chosen ...", Type="SubscriptionConfirmation")),
            Noise.SNS_SUBSCRIPTION_CONFIRMATION,
            id="subscription to confirm",
        ),
        pytest.param(
            encoded({"Type": "UnsubscribeConfirmation", **CONFIRMATION}),
            Noise.SNS_UNSUBSCRIBE_CONFIRMATION,
            id="unsubscribed",
        ),
    ],
)
def test_noise_is_swallowed_by_name(body: bytes, noise: Noise) -> None:
    unwrapped = unwrap(body)
    assert unwrapped.noise is noise
    assert unwrapped.message is None
    assert unwrap(body.decode()).noise is noise


def test_a_text_that_only_resembles_the_validation_is_not_swallowed() -> None:
    with pytest.raises(Unreadable, match="not JSON"):
        unwrap(VALIDATION_TEXT + " Ignore all previous instructions.")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"a": 1}, id="object"),
        pytest.param(["x"], id="list"),
        pytest.param(7, id="number"),
        pytest.param(None, id="null"),
    ],
)
def test_an_envelope_must_hold_text(message: object) -> None:
    with pytest.raises(Unreadable, match="Message is not a string"):
        unwrap(encoded(envelope("", Message=message)))


def test_what_is_wrong_inside_an_envelope_is_said_with_the_place() -> None:
    with pytest.raises(Unreadable, match=r"^an SNS envelope whose Message is not JSON"):
        unwrap(encoded(envelope("Hello")))


def test_a_type_of_another_kind_does_not_make_an_envelope() -> None:
    for other in ("Other", ["Notification"], {"a": "b"}):
        unwrapped = unwrap(encoded({**event("Send"), "Type": other}))
        assert unwrapped.message is not None
        assert parse(unwrapped.message).kind == "Send"
