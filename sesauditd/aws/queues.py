"""SQS queues as an administrator sees and sets them; messages are the business of `queue`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.errors import Missing

if TYPE_CHECKING:
    from sesauditd.aws.clients import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFound:
    """A queue: where it is, its attributes as SQS writes them, and its tags."""

    url: str
    attributes: Mapping[str, str]
    tags: Mapping[str, str]


class Queues:
    """The SQS of one account and region."""

    def __init__(self, clients: Clients) -> None:
        self._sqs = clients.sqs

    async def queue(self, name: str) -> QueueFound | None:
        """Return a queue by its name, None if there is none.

        SQS GetQueueUrl, GetQueueAttributes, ListQueueTags. Raises Unavailable or Forbidden.
        """
        try:
            url = str(
                (await self._sqs.ask("GetQueueUrl", ("QueueUrl",), QueueName=name))["QueueUrl"]
            )
            found = await self._sqs.ask(
                "GetQueueAttributes", ("Attributes",), QueueUrl=url, AttributeNames=["All"]
            )
            # No tags at all, and SQS leaves the member out.
            tags = await self._sqs.ask("ListQueueTags", QueueUrl=url)
        except Missing:
            return None
        return QueueFound(
            url=url, attributes=dict(found["Attributes"]), tags=dict(tags.get("Tags") or {})
        )

    async def create(
        self, name: str, attributes: Mapping[str, str], tags: Mapping[str, str]
    ) -> None:
        """Make a standard queue: SQS CreateQueue. Harmless if it exists with these attributes.

        Raises Unavailable, Uncertain, Forbidden; Unavailable for a minute after a queue of this
        name was deleted.
        """
        await self._sqs.ask(
            "CreateQueue",
            ("QueueUrl",),
            QueueName=name,
            Attributes=dict(attributes),
            tags=dict(tags),
        )

    async def set(self, url: str, attributes: Mapping[str, str]) -> None:
        """Set attributes of a queue: SQS SetQueueAttributes. It shows within a minute.

        Raises Unavailable, Uncertain, Forbidden or Missing.
        """
        await self._sqs.ask("SetQueueAttributes", QueueUrl=url, Attributes=dict(attributes))

    async def tag(self, url: str, tags: Mapping[str, str]) -> None:
        """Add tags to a queue: SQS TagQueue. Raises Unavailable, Uncertain or Forbidden."""
        await self._sqs.ask("TagQueue", QueueUrl=url, Tags=dict(tags))
