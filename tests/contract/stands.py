"""The same furniture around an adapter and around its twin, so that one test fits both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from sesauditd.aws.access import Access
from sesauditd.aws.archive import Archive
from sesauditd.aws.mail import Mail
from sesauditd.aws.queue import Queue
from sesauditd.aws.transport import Plain
from tests.support.twins import TwinAccess, TwinArchive, TwinMail, TwinQueue

if TYPE_CHECKING:
    from datetime import datetime

    from sesauditd.aws.access import Document, Key
    from sesauditd.aws.clients import Clients
    from sesauditd.aws.mail import Account, Identity
    from sesauditd.aws.queue import Depth, Message
    from sesauditd.sandbox.running import Sandbox

_numbers = count(1)


class AnyQueue(Protocol):
    """What a queue promises."""

    async def receive(self, wait_seconds: int = 20) -> Sequence[Message]: ...
    async def acknowledge(self, receipts: Sequence[str]) -> Sequence[str]: ...
    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]: ...
    async def release(self, receipts: Sequence[str]) -> Sequence[str]: ...
    async def depth(self, now: datetime | None = None) -> Depth: ...
    async def dead_letters(self) -> AnyQueue | None: ...


class AnyArchive(Protocol):
    """What an archive promises."""

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str: ...


class AnyMail(Protocol):
    """What SES promises."""

    async def send(
        self, raw: bytes, sender: str, to: Sequence[str], configuration_set: str | None
    ) -> str: ...
    async def suppressed(self, address: str) -> str | None: ...
    async def suppress(self, address: str) -> None: ...
    async def unsuppress(self, address: str) -> None: ...
    async def suppressed_spellings(self, address: str) -> Sequence[str]: ...
    async def suppressed_addresses(self, since: datetime | None = None) -> Sequence[str]: ...
    async def sending_enabled(self, configuration_set: str) -> bool: ...
    async def set_sending(self, configuration_set: str, *, enabled: bool) -> None: ...
    async def identity(self, name: str) -> Identity | None: ...
    async def all_identities(self) -> Sequence[str]: ...

    async def identities_under(self, domain: str) -> Sequence[str]: ...
    async def account(self) -> Account: ...


class AnyAccess(Protocol):
    """What IAM promises."""

    async def account(self) -> str: ...
    async def inline_policy(self, user: str, name: str) -> Document | None: ...
    async def put_inline(self, user: str, name: str, document: Document) -> None: ...
    async def delete_inline(self, user: str, name: str) -> None: ...
    async def keys(self, user: str) -> Sequence[Key]: ...
    async def set_key(self, user: str, key_id: str, *, active: bool) -> None: ...
    async def policy(self, arn: str) -> Document | None: ...
    async def put_policy(
        self, name: str, path: str, document: Document, tags: Mapping[str, str]
    ) -> str: ...
    async def delete_policy(self, arn: str) -> None: ...
    async def attached(self, user: str) -> Sequence[str]: ...
    async def attach(self, user: str, arn: str) -> None: ...
    async def detach(self, user: str, arn: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A sandbox that runs, and the clients that talk to it."""

    sandbox: Sandbox
    clients: Clients


class QueueStand(Protocol):
    """A queue, and the way into it."""

    queue: AnyQueue

    async def put(self, *bodies: str) -> None: ...


class TwinQueueStand:
    """The twin of a queue."""

    def __init__(self, most_receives: int) -> None:
        self._twin = TwinQueue(most_receives=most_receives)
        self.queue: AnyQueue = self._twin

    async def put(self, *bodies: str) -> None:
        self._twin.put(*bodies)


class SandboxQueueStand:
    """The adapter on a queue of the sandbox."""

    def __init__(self, world: World, clients: Clients, url: str) -> None:
        self._sqs = world.clients.sqs
        self._url = url
        self.queue: AnyQueue = Queue(clients, url, visibility_seconds=120)

    async def put(self, *bodies: str) -> None:
        for body in bodies:
            await self._sqs.ask("SendMessage", QueueUrl=self._url, MessageBody=body)


async def queue_stand(kind: str, world: World, *, most_receives: int = 10) -> QueueStand:
    if kind == "twin":
        return TwinQueueStand(most_receives)
    number = next(_numbers)
    dead, region, account = f"dead-{number}", world.sandbox.region, world.sandbox.account_id
    policy = {
        "deadLetterTargetArn": f"arn:aws:sqs:{region}:{account}:{dead}",
        "maxReceiveCount": most_receives,
    }
    await world.clients.sqs.ask("CreateQueue", QueueName=dead)
    made = await world.clients.sqs.ask(
        "CreateQueue",
        QueueName=f"queue-{number}",
        Attributes={"RedrivePolicy": json.dumps(policy)},
    )
    return SandboxQueueStand(world, transported(kind, world.clients), made["QueueUrl"])


def transported(kind: str, clients: Clients) -> Clients:
    """Return clients that receive and delete as `kind` says: lean unless by aiobotocore's own."""
    return replace(clients, messages=Plain(clients.sqs)) if kind == "aiobotocore" else clients


async def archive_stand(kind: str, world: World) -> AnyArchive:
    if kind == "twin":
        return TwinArchive(prefix="logs")
    bucket = f"archive-{next(_numbers)}"
    where = {"LocationConstraint": world.sandbox.region}
    await world.clients.s3.ask("CreateBucket", Bucket=bucket, CreateBucketConfiguration=where)
    return Archive(world.clients, bucket, "logs")


class MailStand(Protocol):
    """SES, and how an operator sets it up."""

    mail: AnyMail

    async def add_identity(self, name: str, configuration_set: str) -> None: ...
    def leave_production(self) -> None: ...


class TwinMailStand:
    """The twin of SES."""

    def __init__(self) -> None:
        self._twin = TwinMail()
        self.mail: AnyMail = self._twin

    async def add_identity(self, name: str, configuration_set: str) -> None:
        self._twin.add_identity(name, configuration_set)

    def leave_production(self) -> None:
        self._twin.production = False


class SandboxMailStand:
    """The adapter on the SES of the sandbox, emptied."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ses = world.sandbox.ses
        self._ses.switches.verify_at_once = True
        self._ses.account = replace(self._ses.account, production=True)
        self._ses.identities.clear()
        self._ses.sets.clear()
        self._ses.suppression.clear()
        self.mail: AnyMail = Mail(world.clients)

    async def add_identity(self, name: str, configuration_set: str) -> None:
        ask = self._world.clients.sesv2.ask
        if configuration_set not in self._ses.sets:
            await ask("CreateConfigurationSet", ConfigurationSetName=configuration_set)
        await ask("CreateEmailIdentity", EmailIdentity=name, ConfigurationSetName=configuration_set)

    def leave_production(self) -> None:
        self._ses.account = replace(self._ses.account, production=False)


def mail_stand(kind: str, world: World) -> MailStand:
    return TwinMailStand() if kind == "twin" else SandboxMailStand(world)


class AccessStand(Protocol):
    """IAM, and how users get into it."""

    access: AnyAccess

    async def add_user(self, name: str) -> str: ...


class TwinAccessStand:
    """The twin of IAM."""

    def __init__(self) -> None:
        self._twin = TwinAccess()
        self.access: AnyAccess = self._twin

    async def add_user(self, name: str) -> str:
        key = f"AKIA{next(_numbers):016}"
        self._twin.add_user(name, key)
        return key


class SandboxAccessStand:
    """The adapter on the IAM of the sandbox."""

    def __init__(self, world: World) -> None:
        self._iam = world.clients.iam
        self.access: AnyAccess = Access(world.clients)

    async def add_user(self, name: str) -> str:
        await self._iam.ask("CreateUser", UserName=name, Path="/sesaudit/")
        made: Any = await self._iam.ask("CreateAccessKey", UserName=name)
        return str(made["AccessKey"]["AccessKeyId"])


def access_stand(kind: str, world: World) -> AccessStand:
    return TwinAccessStand() if kind == "twin" else SandboxAccessStand(world)
