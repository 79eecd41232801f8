"""SQS's busy operations without the weight of a general client: typed, and signed by form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from sesauditd.aws.attempts import Calling
from sesauditd.aws.errors import FIRST_REDIRECT, TROUBLE, Stake, reading, translated
from sesauditd.aws.line import opened
from sesauditd.aws.signing import signer_of
from sesauditd.aws.transport import Message, sent_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiobotocore.client import AioBaseClient

    from sesauditd.aws.line import Line
    from sesauditd.aws.signing import Credentials, Signer


class _Attributes(msgspec.Struct):
    sent: int = msgspec.field(name="SentTimestamp")
    count: int = msgspec.field(name="ApproximateReceiveCount")


class _Found(msgspec.Struct):
    message_id: str = msgspec.field(name="MessageId")
    receipt: str = msgspec.field(name="ReceiptHandle")
    body: str = msgspec.field(name="Body")
    attributes: _Attributes = msgspec.field(name="Attributes")


class _Received(msgspec.Struct):
    messages: list[_Found] | None = msgspec.field(name="Messages", default=None)


class _Entry(msgspec.Struct):
    id: str = msgspec.field(name="Id")


class _Settled(msgspec.Struct):
    done: list[_Entry] | None = msgspec.field(name="Successful", default=None)


_T = TypeVar("_T")
# SQS writes numbers as strings.
_RECEIVED: Final = msgspec.json.Decoder(_Received, strict=False)
_SETTLED: Final = msgspec.json.Decoder(_Settled, strict=False)


@dataclass(frozen=True, slots=True)
class Lean:
    """SQS over its JSON protocol, by the address, retries and credentials of aiobotocore's client.

    What botocore reads leniently is not read so: an answer that was cut off is no empty one, but
    Unavailable. As botocore, it does not look at MD5OfBody: TLS protects the way.
    """

    client: AioBaseClient
    signer: Signer
    line: Line
    events: str
    """What botocore's events call the service."""
    target: str
    """What X-Amz-Target says before the name of an operation."""
    read_seconds: float

    async def receive(self, parameters: Mapping[str, Any]) -> Sequence[Message]:
        """Return what ReceiveMessage delivers; raises Unavailable, Forbidden or Missing."""
        body = await self._ask("ReceiveMessage", parameters, parameters["WaitTimeSeconds"])
        with reading("SQS ReceiveMessage"):
            return [_message(found) for found in _decoded(_RECEIVED, body).messages or ()]

    async def settle(self, operation: str, parameters: Mapping[str, Any]) -> AbstractSet[str]:
        """Return the ids of the entries that a batch operation took."""
        body = await self._ask(operation, parameters)
        with reading(f"SQS {operation}"):
            return {entry.id for entry in _decoded(_SETTLED, body).done or ()}

    async def _ask(
        self, operation: str, parameters: Mapping[str, Any], wait_seconds: float = 0
    ) -> bytes:
        try:
            return await self._persist(
                operation, msgspec.json.encode(parameters), wait_seconds + self.read_seconds
            )
        except TROUBLE as error:
            # Nothing is at stake: each of these operations may be repeated.
            failure = translated(error, f"SQS {operation}", Stake.NOTHING)
            raise failure from (error if isinstance(error, BotoCoreError | ClientError) else None)

    async def _persist(self, operation: str, body: bytes, read_seconds: float) -> bytes:
        """Ask until there is an answer, or the client's rules of retrying say to give up."""
        calling = Calling(self.client, self.events, operation)
        while True:
            # Signed anew for each attempt: after a long pause the last signature is too old.
            headers = await self.signer.signed(self.target + operation, body)
            try:
                answer = await self.line.post(headers, body, read_seconds)
            except BotoCoreError as fault:
                await calling.lost(fault)
                continue
            if answer.status < FIRST_REDIRECT:
                await calling.done(answer)
                return answer.body
            await calling.refused(answer)


@asynccontextmanager
async def lean_of(
    client: AioBaseClient,
    credentials: Credentials | None,
    *,
    ca_bundle: str | None,
    connect_seconds: float,
    read_seconds: float,
) -> AsyncIterator[Lean]:
    """Open the lean transport beside the client of SQS whose address and rules it takes.

    `read_seconds` is for how long nothing may come after the wait of a long poll is over.
    """
    signer = signer_of(client, credentials)
    async with opened(signer.url, ca_bundle, connect_seconds) as line:
        model = client.meta.service_model
        target = model.metadata["targetPrefix"] + "."
        yield Lean(client, signer, line, model.service_id.hyphenize(), target, read_seconds)


def _decoded(decoder: msgspec.json.Decoder[_T], body: bytes) -> _T:
    """Return an answer as a value; raises ValueError, which repeats nothing, for what is none.

    What msgspec refuses is read once more by the library that botocore reads with: half of a
    surrogate pair is no JSON to msgspec, and one such message would hold nine others up.
    """
    try:
        return decoder.decode(body)
    except msgspec.DecodeError:
        try:
            return msgspec.convert(json.loads(body), decoder.type, strict=False)
        except (msgspec.ValidationError, ValueError, RecursionError):
            raise ValueError from None


def _message(found: _Found) -> Message:
    return Message(
        message_id=found.message_id,
        receipt=found.receipt,
        body=found.body,
        sent_at=sent_at(found.attributes.sent),
        receive_count=found.attributes.count,
    )
