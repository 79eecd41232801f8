from __future__ import annotations

import json
from typing import Any

import pytest

TOPIC = "arn:aws:sns:eu-central-1:123456789012:feedback"


def test_a_domain_is_verified_by_its_text_record(world: Any, v1: Any, v2: Any) -> None:
    token = v1.verify_domain_identity(Domain="example.com")["VerificationToken"]
    assert v1.verify_domain_identity(Domain="Example.com")["VerificationToken"] == token

    def status() -> str:
        asked = ["example.com", "unknown.org"]
        found = v1.get_identity_verification_attributes(Identities=asked)
        (one,) = found["VerificationAttributes"].values()
        return str(one["VerificationStatus"])

    assert status() == "Pending"
    world.dns.held["_amazonses.example.com", "TXT"] = [f'"{token}"']
    assert status() == "Success"
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["VerificationStatus"] == "SUCCESS"
    assert found["DkimAttributes"]["Status"] == "NOT_STARTED"


def test_dkim_tokens_are_the_same_in_both_versions(v1: Any, v2: Any) -> None:
    tokens = v1.verify_domain_dkim(Domain="example.com")["DkimTokens"]
    found = v2.get_email_identity(EmailIdentity="example.com")
    assert found["DkimAttributes"]["Tokens"] == tokens
    assert v1.verify_domain_dkim(Domain="example.com")["DkimTokens"] == tokens


def test_a_notification_topic_is_greeted_in_json(world: Any, v1: Any) -> None:
    v1.verify_domain_identity(Domain="example.com")
    wanted = {"Identity": "example.com", "NotificationType": "Bounce"}
    v1.set_identity_notification_topic(**wanted, SnsTopic=TOPIC)
    v1.set_identity_headers_in_notifications_enabled(**wanted, Enabled=True)
    ((topic, message, source),) = world.board.published
    assert topic == TOPIC
    assert json.loads(message)["notificationType"] == "AmazonSnsSubscriptionSucceeded"
    assert source.endswith(":identity/example.com")
    asked = v1.get_identity_notification_attributes(Identities=["example.com", "unknown.org"])
    (held,) = asked["NotificationAttributes"].values()
    assert held["BounceTopic"] == TOPIC
    assert held["ComplaintTopic"] == ""
    assert held["HeadersInBounceNotificationsEnabled"] is True
    assert held["HeadersInDeliveryNotificationsEnabled"] is False
    v1.set_identity_notification_topic(**wanted)
    v1.set_identity_headers_in_notifications_enabled(**wanted, Enabled=False)
    identity = world.ses.identity("example.com")
    assert identity.topics == {}
    assert identity.with_headers == frozenset()


def test_a_closed_topic_is_refused(world: Any, v1: Any, refused: Any) -> None:
    v1.verify_domain_identity(Domain="example.com")
    world.board.closed.add(TOPIC)
    code = refused(
        v1.set_identity_notification_topic,
        Identity="example.com",
        NotificationType="Bounce",
        SnsTopic=TOPIC,
    )
    assert code == "InvalidParameterValue"


def test_feedback_mails_end_only_with_both_topics(v1: Any, refused: Any) -> None:
    v1.verify_domain_identity(Domain="example.com")
    off = {"Identity": "example.com", "ForwardingEnabled": False}
    put = v1.set_identity_feedback_forwarding_enabled
    assert refused(put, **off) == "InvalidParameterValue"
    for kind in ("Bounce", "Complaint"):
        v1.set_identity_notification_topic(
            Identity="example.com", NotificationType=kind, SnsTopic=TOPIC
        )
    put(**off)
    asked = v1.get_identity_notification_attributes(Identities=["example.com"])
    assert asked["NotificationAttributes"]["example.com"]["ForwardingEnabled"] is False


def test_an_unknown_identity_and_a_wrong_domain_are_refused(v1: Any, refused: Any) -> None:
    code = refused(
        v1.set_identity_feedback_forwarding_enabled,
        Identity="unknown.org",
        ForwardingEnabled=True,
    )
    assert code == "InvalidParameterValue"
    assert refused(v1.verify_domain_identity, Domain="x") == "InvalidParameterValue"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_accounts_switch_is_seen(v1: Any, v2: Any, enabled: bool) -> None:
    v2.put_account_sending_attributes(SendingEnabled=enabled)
    assert v1.get_account_sending_enabled()["Enabled"] is enabled
