"""The topic that SES publishes feedback to, and the subscription that brings it to the queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Change, Verb
from sesauditd.onboard.naming import TAG
from sesauditd.onboard.ownership import KEY
from sesauditd.onboard.policies import statements_of, text_of

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Conflict, Document
    from sesauditd.onboard.ownership import Ownership

SIGNATURE_VERSION: Final = "2"
"""SHA-256; a topic's own default is SHA-1 (ses-facts 2.2)."""
NO_FILTER: Final = "{}"


class Found(Protocol):
    """A topic as SNS describes it."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return its attributes."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Return its tags."""
        ...


class Topics(Protocol):
    """The administration of topics."""

    async def topic(self, arn: str) -> Found | None:
        """Return a topic, None if there is none."""
        ...

    async def create(self, name: str, tags: Mapping[str, str]) -> None:
        """Make a topic."""
        ...

    async def set(self, arn: str, attribute: str, value: str) -> None:
        """Set an attribute of a topic."""
        ...

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to a topic."""
        ...


class Subscriptions(Protocol):
    """The administration of what is subscribed to a topic."""

    async def subscription(self, topic: str, endpoint: str) -> Mapping[str, str] | None:
        """Return the attributes of a queue's subscription, None if there is none."""
        ...

    async def subscribe(self, topic: str, endpoint: str, attributes: Mapping[str, str]) -> None:
        """Let a topic send to a queue."""
        ...

    async def set_subscription(self, arn: str, attribute: str, value: str) -> None:
        """Set an attribute of a subscription."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic; `statements` is what this installation needs, other statements stay."""

    topics: Topics
    topic: str
    arn: str
    ownership: Ownership
    statements: Mapping[str, JSON] = field(default_factory=dict)
    why: str = "SES publishes what became of each mail to it"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"SNS topic {self.topic}"

    async def observe(self) -> Document | None:
        """Return how the topic stands. Raises Unavailable or Forbidden."""
        found = await self.topics.topic(self.arn)
        if found is None:
            return None
        return {
            KEY: found.tags.get(TAG),
            "signature_version": found.attributes.get("SignatureVersion", "1"),
            "policy": statements_of(found.attributes.get("Policy")),
        }

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how the topic should stand: other people's statements stay in its policy."""
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return conflict
        policy = (observed or {}).get("policy")
        return {
            KEY: self.ownership.installation,
            "signature_version": SIGNATURE_VERSION,
            "policy": {**(policy if isinstance(policy, Mapping) else {}), **self.statements},
        }

    async def apply(self, change: Change) -> None:
        """Make the topic, or set of it what differs. Raises Failed."""
        before, after = change.before or {}, change.after or {}
        tags = {TAG: str(after[KEY])}
        if change.verb is Verb.CREATE:
            await self.topics.create(self.topic, tags)
        if before.get("policy") != after["policy"] and isinstance(after["policy"], Mapping):
            await self.topics.set(self.arn, "Policy", text_of(after["policy"]))
        if before.get("signature_version") != after["signature_version"]:
            await self.topics.set(self.arn, "SignatureVersion", str(after["signature_version"]))
        if change.verb is Verb.UPDATE and before.get(KEY) != after[KEY]:
            # Last, so that a topic that is half taken over is not taken for ours.
            await self.topics.tag(self.arn, tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The way from the topic to the queue, and where goes what cannot be delivered."""

    subscriptions: Subscriptions
    topic_arn: str
    queue_arn: str
    dead_letters_arn: str
    why: str = "brings the feedback from the topic to the queue"

    @property
    def name(self) -> str:
        """Return its name for people."""
        topic, queue = (arn.rpartition(":")[2] for arn in (self.topic_arn, self.queue_arn))
        return f"SNS subscription {topic} -> {queue}"

    async def observe(self) -> Document | None:
        """Return how the subscription stands. Raises Unavailable or Forbidden."""
        found = await self.subscriptions.subscription(self.topic_arn, self.queue_arn)
        if found is None:
            return None
        redrive = found.get("RedrivePolicy")
        chosen = found.get("FilterPolicy")
        return {
            "arn": found["SubscriptionArn"],
            "undelivered_to": _target(redrive),
            "raw": found.get("RawMessageDelivery") == "true",
            "filter": None if chosen in {None, "", NO_FILTER} else chosen,
        }

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how it should stand: with SNS's envelope, and nothing filtered out."""
        # A raw message has no topic's name, so nothing would say where it came from.
        wanted: Document = {"undelivered_to": self.dead_letters_arn, "raw": False, "filter": None}
        return {**(observed or {}), **wanted}

    async def apply(self, change: Change) -> None:
        """Subscribe the queue, or set of it what differs. Raises Failed."""
        before, after = change.before or {}, change.after or {}
        differing = {key: value for key, value in after.items() if before.get(key) != value}
        redrive = json.dumps({"deadLetterTargetArn": after["undelivered_to"]})
        if change.verb is Verb.CREATE:
            await self.subscriptions.subscribe(
                self.topic_arn, self.queue_arn, {"RedrivePolicy": redrive}
            )
            return
        values = {"undelivered_to": redrive, "raw": "false", "filter": NO_FILTER}
        names = {
            "undelivered_to": "RedrivePolicy",
            "raw": "RawMessageDelivery",
            "filter": "FilterPolicy",
        }
        for key in differing:
            await self.subscriptions.set_subscription(str(before["arn"]), names[key], values[key])


def _target(redrive: str | None) -> str | None:
    """Return where SNS puts what it cannot deliver, None if it puts it nowhere."""
    target = json.loads(redrive or "{}").get("deadLetterTargetArn")
    return None if target is None else str(target)
