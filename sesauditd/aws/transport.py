"""How messages come out of a queue and are settled there: by aiobotocore's own client, or lean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from sesauditd.aws.errors import reading
from sesauditd.errors import Unavailable, Uncertain

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer, Api

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as SQS delivered it; `receipt` is good for this delivery only."""

    message_id: str
    receipt: str
    body: str
    sent_at: datetime
    receive_count: int


class Transport(Protocol):
    """The operations of SQS that a daemon uses all day; parameters are named as SQS names them."""

    async def receive(self, parameters: Mapping[str, Any]) -> Sequence[Message]:
        """Return what ReceiveMessage delivers; raises Unavailable, Forbidden or Missing."""
        ...

    async def settle(self, operation: str, parameters: Mapping[str, Any]) -> AbstractSet[str]:
        """Return the ids of the entries that a batch operation took.

        Repeating one is harmless, so a lost answer is Unavailable; raises also Forbidden or
        Missing.
        """
        ...


def sent_at(milliseconds: int) -> datetime:
    """Return the moment of a SentTimestamp; raises OverflowError where no year is left for it."""
    return EPOCH + timedelta(milliseconds=milliseconds)


@dataclass(frozen=True, slots=True)
class Plain:
    """By aiobotocore's client, which takes a JSON answer that was cut off for an empty one."""

    sqs: Api

    async def receive(self, parameters: Mapping[str, Any]) -> Sequence[Message]:
        """Return what ReceiveMessage delivers; raises Unavailable, Forbidden or Missing."""
        answer = await self.sqs.ask("ReceiveMessage", **parameters)
        with reading("SQS ReceiveMessage"):
            return [_message(found) for found in answer.get("Messages", ())]

    async def settle(self, operation: str, parameters: Mapping[str, Any]) -> AbstractSet[str]:
        """Return the ids of the entries that a batch operation took."""
        try:
            answer = await self.sqs.ask(operation, **parameters)
        except Uncertain as error:
            # Repeating is harmless, so there is nothing to look up: it is asked again.
            raise Unavailable(str(error)) from error
        with reading(f"SQS {operation}"):
            return {str(entry["Id"]) for entry in answer.get("Successful", ())}


def _message(found: Answer) -> Message:
    attributes = found["Attributes"]
    return Message(
        message_id=found["MessageId"],
        receipt=found["ReceiptHandle"],
        body=found["Body"],
        sent_at=sent_at(int(attributes["SentTimestamp"])),
        receive_count=int(attributes["ApproximateReceiveCount"]),
    )
