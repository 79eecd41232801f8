"""Topics and queues as moto keeps them in this process."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from moto.sns.models import Topic, sns_backends
from moto.sqs.models import Message, Queue, sqs_backends

from sesauditd.errors import Missing

ARN_PARTS = 5
"""Parts of an ARN after `arn`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A queue that hears of a topic; `dead_letters` is the ARN of its own queue for what failed."""

    arn: str
    protocol: str
    endpoint: str
    raw: bool
    dead_letters: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFacts:
    """What publishing asks of a topic."""

    policy: str
    signature_version: str
    subscriptions: Sequence[Subscription]


class Topics(Protocol):
    """Where topics are."""

    def topic(self, arn: str) -> TopicFacts | None:
        """Return a topic, None if there is none."""
        ...


class Queues(Protocol):
    """Where queues are."""

    def policy(self, arn: str) -> str | None:
        """Return a queue's policy; raises Missing if there is no such queue."""
        ...

    def put(self, arn: str, body: str) -> None:
        """Put a message into a queue; raises Missing if there is none."""
        ...


class MotoTopics:
    """Reads moto's own objects, without a client for each message."""

    def topic(self, arn: str) -> TopicFacts | None:
        """Return a topic, None if there is none."""
        place = place_of(arn)
        if place is None or place.region not in sns_backends[place.account]:
            return None
        backend = sns_backends[place.account][place.region]
        found: Topic | None = backend.topics.get(arn)
        if found is None:
            return None
        subscriptions = [
            Subscription(
                arn=one.arn,
                protocol=one.protocol,
                endpoint=one.endpoint,
                raw=str(one.attributes.get("RawMessageDelivery", "")).lower() == "true",
                dead_letters=dead_letters(one.attributes),
            )
            for one in tuple(backend.subscriptions.values())
            if one.topic is found
        ]
        # moto keeps an attribute that it does not know under the name in lower case.
        version = str(getattr(found, "signature_version", "1"))
        return TopicFacts(
            policy=found.policy, signature_version=version, subscriptions=subscriptions
        )


class MotoQueues:
    """Reads and fills moto's own objects; moto locks a queue's list of messages itself."""

    def policy(self, arn: str) -> str | None:
        """Return a queue's policy.

        Raises:
            Missing: there is no such queue.
        """
        policy = self._queue(arn).policy
        return None if policy is None else str(policy)

    def put(self, arn: str, body: str) -> None:
        """Put a message into a queue.

        Raises:
            Missing: there is no such queue.
        """
        queue = self._queue(arn)
        message = Message(str(uuid.uuid4()), body)
        message.mark_sent(delay_seconds=int(getattr(queue, "delay_seconds", 0)))
        # Past moto's own send_message, which looks at every message of the queue each time.
        queue.add_message(message)

    def _queue(self, arn: str) -> Queue:
        place = place_of(arn)
        if place is not None and place.region in sqs_backends[place.account]:
            found = sqs_backends[place.account][place.region].queues.get(place.name)
            if isinstance(found, Queue):
                return found
        raise Missing(f"there is no queue {arn}")


class Place(NamedTuple):
    """Where an ARN points to."""

    region: str
    account: str
    name: str


def place_of(arn: str) -> Place | None:
    """Return where an ARN points to, None if it is none."""
    _, *place = arn.split(":", ARN_PARTS)
    return Place(*place[2:]) if len(place) == ARN_PARTS else None


def dead_letters(attributes: Mapping[str, object]) -> str | None:
    """Return the ARN of the queue for what a subscription could not deliver, None without one."""
    policy = attributes.get("RedrivePolicy")
    if not policy:
        return None
    found = json.loads(policy) if isinstance(policy, str) else policy
    return str(found["deadLetterTargetArn"]) if isinstance(found, Mapping) else None
