"""The queues that setup makes: one for feedback, and two for what went wrong on the way."""

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

KEPT_SECONDS: Final = 14 * 24 * 3600
"""The longest that SQS keeps a message (ses-facts 2.3)."""


class Found(Protocol):
    """A queue as SQS describes it."""

    @property
    def url(self) -> str:
        """Return where it is."""
        ...

    @property
    def attributes(self) -> Mapping[str, str]:
        """Return its attributes."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Return its tags."""
        ...


class Queues(Protocol):
    """The administration of SQS."""

    async def queue(self, name: str) -> Found | None:
        """Return a queue, None if there is none."""
        ...

    async def create(
        self, name: str, attributes: Mapping[str, str], tags: Mapping[str, str]
    ) -> None:
        """Make a queue."""
        ...

    async def set(self, url: str, attributes: Mapping[str, str]) -> None:
        """Set attributes of a queue."""
        ...

    async def tag(self, url: str, tags: Mapping[str, str]) -> None:
        """Add tags to a queue."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue that keeps messages for 14 days.

    `redrive` and `statements` are what this installation needs; other statements stay.
    """

    queues: Queues
    queue: str
    why: str
    ownership: Ownership
    redrive: Document | None = None
    statements: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"SQS queue {self.queue}"

    async def observe(self) -> Document | None:
        """Return how the queue stands. Raises Unavailable or Forbidden."""
        found = await self.queues.queue(self.queue)
        if found is None:
            return None
        redrive = found.attributes.get("RedrivePolicy")
        return {
            KEY: found.tags.get(TAG),
            "url": found.url,
            "kept_seconds": int(found.attributes["MessageRetentionPeriod"]),
            "redrive": _redrive(redrive) if redrive else None,
            "policy": statements_of(found.attributes.get("Policy")),
        }

    def wanted(self, observed: Document | None) -> Document | Conflict | None:
        """Return how the queue should stand: other people's statements stay in its policy."""
        conflict = self.ownership.conflict(self.name, observed)
        if conflict is not None:
            return conflict
        standing = observed or {}
        policy = standing.get("policy")
        return {
            **standing,
            KEY: self.ownership.installation,
            "kept_seconds": KEPT_SECONDS,
            "redrive": self.redrive or standing.get("redrive"),
            "policy": {**(policy if isinstance(policy, Mapping) else {}), **self.statements},
        }

    async def apply(self, change: Change) -> None:
        """Make the queue, or set of it what differs. Raises Failed."""
        before, after = change.before or {}, change.after or {}
        differing = {key: value for key, value in after.items() if before.get(key) != value}
        tags = {TAG: str(after[KEY])}
        if change.verb is Verb.CREATE:
            await self.queues.create(self.queue, _attributes(differing), tags)
            return
        url = str(before["url"])
        if attributes := _attributes(differing):
            await self.queues.set(url, attributes)
        if KEY in differing:
            # Last, so that a queue that is half taken over is not taken for ours.
            await self.queues.tag(url, tags)


def redrive_to(arn: str, receives: int) -> Document:
    """Return where messages go that were received so many times in vain."""
    return {"to": arn, "receives": receives}


def _redrive(text: str) -> Document:
    given = json.loads(text)
    return redrive_to(str(given["deadLetterTargetArn"]), int(given["maxReceiveCount"]))


def _attributes(values: Document) -> dict[str, str]:
    """Return the attributes of SQS that stand for these values of a document."""
    attributes: dict[str, str] = {}
    if (kept := values.get("kept_seconds")) is not None:
        attributes["MessageRetentionPeriod"] = str(kept)
    if isinstance(redrive := values.get("redrive"), Mapping):
        moved = {"deadLetterTargetArn": redrive["to"], "maxReceiveCount": redrive["receives"]}
        attributes["RedrivePolicy"] = json.dumps(moved)
    if isinstance(policy := values.get("policy"), Mapping) and policy:
        attributes["Policy"] = text_of(policy)
    return attributes
