"""Passes messages of SES on to subscribed queues, as SNS does (ses-facts 2)."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from sesauditd.errors import Missing
from sesauditd.sandbox import policies
from sesauditd.sandbox.mail.events import stamp

if TYPE_CHECKING:
    from sesauditd.sandbox.mail.queues import Queues, Subscription, TopicFacts, Topics
    from sesauditd.sandbox.mail.signing import Signer

log = structlog.get_logger()


class Press:
    """Publishes to topics; `lost` counts by reason what nobody will ever get."""

    def __init__(self, topics: Topics, queues: Queues, signer: Signer, account_id: str) -> None:
        self._topics = topics
        self._queues = queues
        self._signer = signer
        self._account_id = account_id
        self.published = 0
        self.lost: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()

    def publish(
        self, topic_arn: str, message: str, *, source_arn: str, subject: str | None, at: datetime
    ) -> bool:
        """Return False if SES may not publish to that topic, or there is none."""
        topic = self._topics.topic(topic_arn)
        if topic is None:
            return self._refused("there is no such topic", topic_arn)
        taken = policies.topic_takes(
            topic.policy, topic_arn=topic_arn, source_arn=source_arn, account_id=self._account_id
        )
        if not taken.allowed:
            return self._refused("the topic's policy refuses it", topic_arn)
        self.published += 1
        queues = [one for one in topic.subscriptions if one.protocol == "sqs"]
        signed: dict[str, str] = {}
        for subscription in queues:
            if not subscription.raw and not signed:
                signed = self._signed(topic_arn, topic, message, subject, at)
            body = message if subscription.raw else _enveloped(signed, subscription)
            self._deliver(subscription, topic_arn, body)
        return True

    def _deliver(self, subscription: Subscription, topic_arn: str, body: str) -> None:
        """A client error is not tried again: dead letters, or lost (ses-facts 2.3)."""
        for queue in (subscription.endpoint, subscription.dead_letters):
            if queue is not None and self._put(queue, topic_arn, body):
                return
        self._count("no queue took it", subscription.endpoint)

    def _put(self, queue: str, topic_arn: str, body: str) -> bool:
        try:
            policy = self._queues.policy(queue)
            taken = policies.queue_takes(policy, queue_arn=queue, topic_arn=topic_arn)
            if taken.allowed:
                self._queues.put(queue, body)
        except Missing:
            return False
        return taken.allowed

    def _refused(self, why: str, topic_arn: str) -> bool:
        self._count(why, topic_arn)
        return False

    def _count(self, why: str, where: str) -> None:
        """One line a place and reason is enough: there may be thousands of messages."""
        self.lost[why] += 1
        if (why, where) not in self._told:
            self._told.add((why, where))
            log.warning("sandbox_message_lost", where=where, why=why)

    def _signed(
        self, topic_arn: str, topic: TopicFacts, message: str, subject: str | None, at: datetime
    ) -> dict[str, str]:
        """Return what all subscribers get; the message in it is a text (ses-facts 2.1)."""
        envelope = {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": topic_arn,
            **({"Subject": subject} if subject else {}),
            "Message": message,
            "Timestamp": stamp(at),
            "SignatureVersion": topic.signature_version,
        }
        envelope["Signature"] = self._signer.signature(envelope, topic.signature_version)
        envelope["SigningCertURL"] = self._signer.certificate_url
        return envelope


def _enveloped(signed: Mapping[str, str], subscription: Subscription) -> str:
    region = subscription.arn.split(":")[3]
    url = f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe"
    whole = {**signed, "UnsubscribeURL": f"{url}&SubscriptionArn={subscription.arn}"}
    return json.dumps(whole, indent=2, separators=(",", " : "))
