from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography import x509
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from sesauditd.errors import Missing
from sesauditd.ingest.signature import certificate_in, claim_of, flaw, misplaced
from sesauditd.sandbox.mail.publish import Press
from sesauditd.sandbox.mail.queues import MotoQueues, MotoTopics
from sesauditd.sandbox.mail.signing import Signer
from tests.support.mailing import REGION, START

SIGNER = Signer(REGION)
_accounts = itertools.count(710_000_000_000)


def allow(service: str, action: str, resource: str, condition: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Cloud:
    """One account of moto with a topic; queues are added by name."""

    account: str = field(default_factory=lambda: str(next(_accounts)))

    def __post_init__(self) -> None:
        self.sns = sns_backends[self.account][REGION]
        self.sqs = sqs_backends[self.account][REGION]
        self.topic = self.sns.create_topic("feedback")
        self.source = f"arn:aws:ses:{REGION}:{self.account}:configuration-set/sesaudit-shop"
        self.topic.policy = allow(
            "ses.amazonaws.com",
            "sns:Publish",
            self.topic.arn,
            {"ArnLike": {"AWS:SourceArn": self.source.replace("shop", "*")}},
        )
        self.press = Press(MotoTopics(), MotoQueues(), SIGNER, self.account)

    def queue(self, name: str, *, open_to_topic: bool = True) -> str:
        queue = self.sqs.create_queue(name, {})
        if open_to_topic:
            condition = {"ArnEquals": {"aws:SourceArn": self.topic.arn}}
            queue.policy = allow("sns.amazonaws.com", "sqs:SendMessage", queue.queue_arn, condition)
        return str(queue.queue_arn)

    def subscribe(self, queue: str, **attributes: str) -> None:
        subscription = self.sns.subscribe(self.topic.arn, queue, "sqs")
        for name, value in attributes.items():
            self.sns.set_subscription_attributes(subscription.arn, name, value)

    def publish(self, message: str = "{}", source: str | None = None) -> bool:
        return self.press.publish(
            self.topic.arn, message, source_arn=source or self.source, subject="Event", at=START
        )

    def bodies(self, name: str) -> list[str]:
        return [one.body for one in self.sqs.receive_message(name, 10, 0, 30)]


def test_a_subscribed_queue_gets_an_envelope() -> None:
    cloud = Cloud()
    cloud.subscribe(cloud.queue("q"))
    assert cloud.publish('{"eventType": "Send"}')
    (body,) = cloud.bodies("q")
    envelope = json.loads(body)
    assert list(envelope) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
    ]
    assert envelope["Type"] == "Notification"
    assert envelope["Message"] == '{"eventType": "Send"}'
    assert envelope["Timestamp"] == "2026-11-02T09:00:00.000Z"


def test_raw_delivery_leaves_the_message_alone() -> None:
    cloud = Cloud()
    cloud.subscribe(cloud.queue("q"), RawMessageDelivery="true")
    cloud.publish('{"eventType": "Send"}')
    assert cloud.bodies("q") == ['{"eventType": "Send"}']


@pytest.mark.parametrize("version", ["1", "2"])
def test_the_signature_is_true_and_the_certificate_is_where_it_says(version: str) -> None:
    cloud = Cloud()
    if version == "2":
        cloud.sns.set_topic_attribute(cloud.topic.arn, "signature_version", "2")
    cloud.subscribe(cloud.queue("q"))
    cloud.publish("Grüße\nin two lines")
    (body,) = cloud.bodies("q")
    claim = claim_of(body.encode())
    assert claim.version == version
    assert misplaced(cloud.topic.arn, claim.certificate_url) is None
    assert claim.certificate_url.endswith(SIGNER.certificate_path)
    assert flaw(claim, certificate_in(SIGNER.certificate_pem)) is None
    forged = body.replace("two lines", "one line")
    assert flaw(claim_of(forged.encode()), certificate_in(SIGNER.certificate_pem)) is not None
    assert len(base64.b64decode(json.loads(body)["Signature"])) == 256


def test_the_certificate_is_issued_by_the_sandboxs_own_authority() -> None:
    leaf = x509.load_pem_x509_certificate(SIGNER.certificate_pem)
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(SIGNER.root_pem))


@pytest.mark.parametrize(
    "source",
    ["arn:aws:ses:eu-central-1:1:configuration-set/other", "arn:aws:ses:eu-central-1:1:identity/x"],
)
def test_a_topic_that_does_not_let_the_source_in_gets_nothing(source: str) -> None:
    cloud = Cloud()
    cloud.subscribe(cloud.queue("q"))
    assert not cloud.publish(source=source)
    assert cloud.bodies("q") == []
    assert cloud.press.lost == {"the topic's policy refuses it": 1}


@pytest.mark.parametrize(
    "arn",
    ["feedback", "arn:aws:sns:nowhere:1:x", f"arn:aws:sns:{REGION}:710999999999:missing"],
    ids=["no-arn", "no-region", "no-topic"],
)
def test_what_is_no_topic_gets_nothing(arn: str) -> None:
    cloud = Cloud()
    assert not cloud.press.publish(arn, "x", source_arn=cloud.source, subject=None, at=START)
    assert cloud.press.lost == {"there is no such topic": 1}


def test_a_topics_default_policy_does_not_let_ses_in() -> None:
    cloud = Cloud()
    plain = cloud.sns.create_topic("plain").arn
    assert not cloud.press.publish(plain, "x", source_arn=cloud.source, subject=None, at=START)


def test_a_closed_queue_loses_its_copy_and_the_others_get_theirs() -> None:
    cloud = Cloud()
    cloud.subscribe(cloud.queue("shut", open_to_topic=False))
    cloud.subscribe(cloud.queue("open"))
    cloud.subscribe(f"arn:aws:sqs:{REGION}:{cloud.account}:missing")
    assert cloud.publish()
    assert cloud.bodies("shut") == []
    assert len(cloud.bodies("open")) == 1
    assert cloud.press.lost == {"no queue took it": 2}


@pytest.mark.parametrize("arn", ["feedback", "arn:aws:sqs:nowhere:1:x"])
def test_what_is_no_queue_is_missing(arn: str) -> None:
    with pytest.raises(Missing):
        MotoQueues().policy(arn)


@pytest.mark.parametrize(("open_to_topic", "kept"), [(True, 1), (False, 0)])
def test_what_a_queue_refused_goes_to_the_subscriptions_dead_letters(
    open_to_topic: bool, kept: int
) -> None:
    cloud = Cloud()
    dead = cloud.queue("dead", open_to_topic=open_to_topic)
    redrive = json.dumps({"deadLetterTargetArn": dead})
    cloud.subscribe(cloud.queue("shut", open_to_topic=False), RedrivePolicy=redrive)
    cloud.publish()
    assert len(cloud.bodies("dead")) == kept
    assert cloud.press.lost.total() == 1 - kept
