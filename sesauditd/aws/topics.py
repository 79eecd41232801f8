"""SNS topics and what is subscribed to them, as an administrator sees and sets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.aws.errors import reading
from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients

PENDING = "PendingConfirmation"
"""Stands for the ARN of a subscription that somebody has yet to confirm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic: its attributes as SNS writes them, and its tags."""

    attributes: Mapping[str, str]
    tags: Mapping[str, str]


class Topics:
    """The SNS of one account and region."""

    def __init__(self, clients: Clients) -> None:
        self._sns = clients.sns

    async def topic(self, arn: str) -> Topic | None:
        """Return a topic, None if there is none: SNS GetTopicAttributes, ListTagsForResource.

        Raises Unavailable or Forbidden.
        """
        try:
            found = await self._sns.ask("GetTopicAttributes", ("Attributes",), TopicArn=arn)
            tags = await self._sns.ask("ListTagsForResource", ("Tags",), ResourceArn=arn)
        except Missing:
            return None
        with reading("SNS ListTagsForResource"):
            named = {str(one["Key"]): str(one["Value"]) for one in tags["Tags"]}
        return Topic(attributes=dict(found["Attributes"]), tags=named)

    async def create(self, name: str, tags: Mapping[str, str]) -> None:
        """Make a standard topic: SNS CreateTopic. Harmless if it exists with the same tags.

        Raises Unavailable, Uncertain, Forbidden.
        """
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        await self._sns.ask("CreateTopic", ("TopicArn",), Name=name, Tags=listed)

    async def set(self, arn: str, attribute: str, value: str) -> None:
        """Set an attribute of a topic: SNS SetTopicAttributes.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._sns.ask(
            "SetTopicAttributes", TopicArn=arn, AttributeName=attribute, AttributeValue=value
        )

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a topic: SNS TagResource. Raises Unavailable, Uncertain, Forbidden."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        await self._sns.ask("TagResource", ResourceArn=arn, Tags=listed)

    async def subscription(self, topic: str, endpoint: str) -> Mapping[str, str] | None:
        """Return the attributes of a queue's subscription, None if there is none.

        SNS ListSubscriptionsByTopic, GetSubscriptionAttributes; the ARN stands among the
        attributes as `SubscriptionArn`. Raises Unavailable or Forbidden.
        """
        try:
            found = await self._sns.every(
                "ListSubscriptionsByTopic", "Subscriptions", TopicArn=topic
            )
            with reading("SNS ListSubscriptionsByTopic"):
                arns = [
                    str(one["SubscriptionArn"])
                    for one in found
                    if one["Protocol"] == "sqs" and one["Endpoint"] == endpoint
                ]
            if not arns or arns[0] == PENDING:
                return None
            answer = await self._sns.ask(
                "GetSubscriptionAttributes", ("Attributes",), SubscriptionArn=arns[0]
            )
        except Missing:
            return None
        return {**answer["Attributes"], "SubscriptionArn": arns[0]}

    async def subscribe(self, topic: str, endpoint: str, attributes: Mapping[str, str]) -> None:
        """Let a topic send to a queue of the same account: SNS Subscribe.

        Harmless if it does so with the same attributes. Raises Unavailable, Uncertain,
        Forbidden or Missing.
        """
        await self._sns.ask(
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=endpoint,
            Attributes=dict(attributes),
            ReturnSubscriptionArn=True,
        )

    async def set_subscription(self, arn: str, attribute: str, value: str) -> None:
        """Set an attribute of a subscription: SNS SetSubscriptionAttributes.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._sns.ask(
            "SetSubscriptionAttributes",
            SubscriptionArn=arn,
            AttributeName=attribute,
            AttributeValue=value,
        )
