"""Topics and queues of another emulator, which is asked over HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.exceptions import ClientError

from sesauditd.errors import Missing
from sesauditd.sandbox.mail.queues import Subscription, TopicFacts, dead_letters, place_of

if TYPE_CHECKING:
    from botocore.client import BaseClient

FRESH_SECONDS = 1.0
"""How long an answer about a topic or a queue is believed; messages come in hundreds."""
OPERATOR = "test"
"""The credentials of the sandbox's operator, to whom topics and queues belong."""


class RemoteTopics:
    """Asks another emulator's SNS; one client for all threads."""

    def __init__(self, url: str, region: str) -> None:
        self._client: Any = _client("sns", url, region)
        self._known: dict[str, tuple[float, TopicFacts | None]] = {}

    def topic(self, arn: str) -> TopicFacts | None:
        """Return a topic, None if there is none."""
        asked_at, found = self._known.get(arn, (-FRESH_SECONDS, None))
        now = time.monotonic()
        if now - asked_at >= FRESH_SECONDS:
            found = self._asked(arn)
            self._known[arn] = (now, found)
        return found

    def _asked(self, arn: str) -> TopicFacts | None:
        try:
            held = self._client.get_topic_attributes(TopicArn=arn)["Attributes"]
            pages = self._client.get_paginator("list_subscriptions_by_topic")
            listed = [one for page in pages.paginate(TopicArn=arn) for one in page["Subscriptions"]]
        except ClientError:
            return None
        return TopicFacts(
            policy=held.get("Policy", ""),
            signature_version=held.get("SignatureVersion", "1"),
            subscriptions=[self._subscription(one) for one in listed],
        )

    def _subscription(self, listed: dict[str, str]) -> Subscription:
        arn = listed["SubscriptionArn"]
        held = self._client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        return Subscription(
            arn=arn,
            protocol=listed["Protocol"],
            endpoint=listed["Endpoint"],
            raw=held.get("RawMessageDelivery", "").lower() == "true",
            dead_letters=dead_letters(held),
        )


class RemoteQueues:
    """Asks another emulator's SQS; one client for all threads."""

    def __init__(self, url: str, region: str) -> None:
        self._client: Any = _client("sqs", url, region)
        self._policies: dict[str, tuple[float, str | None]] = {}

    def policy(self, arn: str) -> str | None:
        """Return a queue's policy.

        Raises:
            Missing: there is no such queue.
        """
        asked_at, found = self._policies.get(arn, (-FRESH_SECONDS, None))
        now = time.monotonic()
        if now - asked_at >= FRESH_SECONDS:
            found = self._asked(arn)
            self._policies[arn] = (now, found)
        return found

    def put(self, arn: str, body: str) -> None:
        """Put a message into a queue.

        Raises:
            Missing: there is no such queue.
        """
        try:
            self._client.send_message(QueueUrl=self._url(arn), MessageBody=body)
        except ClientError as error:
            raise Missing(f"there is no queue {arn}: {error}") from error

    def _asked(self, arn: str) -> str | None:
        url = self._url(arn)
        try:
            found = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        except ClientError as error:
            raise Missing(f"there is no queue {arn}: {error}") from error
        policy = found.get("Attributes", {}).get("Policy")
        return None if policy is None else str(policy)

    def _url(self, arn: str) -> str:
        place = place_of(arn)
        if place is None:
            raise Missing(f"{arn} is no queue")
        return f"{self._client.meta.endpoint_url}/{place.account}/{place.name}"


def _client(service: str, url: str, region: str) -> BaseClient:
    return botocore.session.Session().create_client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=OPERATOR,
        aws_secret_access_key=OPERATOR,
    )
