"""AWS in memory: twins of the adapters that keep their contract and fail on cue."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sesauditd.aws.access import Document, Key
from sesauditd.aws.mail import Account, Identity
from sesauditd.aws.queue import BATCH, Depth, Message
from sesauditd.errors import Failed, Forbidden, Missing

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
ACCOUNT = "123456789012"
INLINE_LIMIT = 2048
MANAGED_LIMIT = 6144
MOST_ATTACHED = 10
"""Quotas of IAM: characters of a user inline and of one policy, policies attached to a user."""
IDLE_SECONDS = 0.005
"""How long a twin's long poll lasts when its queue is empty."""


class Failures:
    """What goes wrong next, by the name of a twin's method, and what was asked so far."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.changes: list[str] = []
        """Calls that change something, also those that failed: shadow mode makes none."""
        self._due: dict[str, list[tuple[Failed, bool]]] = defaultdict(list)

    def fail(self, method: str, error: Failed, *, times: int = 1, done: bool = False) -> None:
        """Make the next calls of a method fail; `done`: after they did their work."""
        self._due[method] += [(error, done)] * times

    def heal(self) -> None:
        """Let everything work again."""
        self._due.clear()

    @contextmanager
    def call(self, method: str, *, changes: bool = False) -> Iterator[None]:
        self.calls.append(method)
        if changes:
            self.changes.append(method)
        due = self._due.get(method)
        error, done = due.pop(0) if due else (None, False)
        if error is not None and not done:
            raise error
        yield
        if error is not None:
            raise error


@dataclass(slots=True, kw_only=True)
class Held:
    """A message as the twin of a queue holds it."""

    message_id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    receive_count: int = 0
    receipt: str = ""


class TwinQueue:
    """A standard queue: visibility, receive counts, stale receipts, dead letters."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: START,
        visibility_seconds: int = 120,
        most_receives: int = 10,
        with_dead_letters: bool = True,
    ) -> None:
        self.failures = Failures()
        self.dead: TwinQueue | None = None
        if with_dead_letters:
            self.dead = TwinQueue(clock=clock, with_dead_letters=False)
        self.held: dict[str, Held] = {}
        self.deleted: list[str] = []
        self._clock = clock
        self._visible_for = timedelta(seconds=visibility_seconds)
        self._most_receives = most_receives
        self._sent = 0
        self._received = 0
        self._arrived = asyncio.Event()

    def put(self, *bodies: str) -> list[str]:
        """Send messages and return their ids."""
        return [self._put(body) for body in bodies]

    def redeliver(self, message_id: str) -> None:
        """Show a message again at once, as a standard queue may; its old receipt stays out."""
        self.held[message_id].visible_at = self._clock()

    async def receive(self, wait_seconds: int = 20) -> Sequence[Message]:
        with self.failures.call("receive"):
            visible = self._visible()
            if not visible and wait_seconds:
                self._arrived.clear()
                try:
                    await asyncio.wait_for(self._arrived.wait(), IDLE_SECONDS)
                except TimeoutError:
                    return []
                visible = self._visible()
            return [self._deliver(held) for held in visible]

    async def acknowledge(self, receipts: Sequence[str]) -> Sequence[str]:
        with self.failures.call("acknowledge", changes=True):
            refused = []
            for receipt in receipts:
                held = self._of_receipt(receipt)
                if held is None and not self._was_deleted(receipt):
                    refused.append(receipt)
                elif held is not None and held.receipt == receipt:
                    del self.held[held.message_id]
                    self.deleted.append(held.message_id)
            return refused

    async def extend(self, receipts: Sequence[str], seconds: int) -> Sequence[str]:
        with self.failures.call("extend", changes=True):
            refused = []
            for receipt in receipts:
                held = self._of_receipt(receipt)
                if held is None or held.visible_at <= self._clock() or held.receipt != receipt:
                    refused.append(receipt)
                else:
                    held.visible_at = self._clock() + timedelta(seconds=seconds)
            self._arrived.set()
            return refused

    async def release(self, receipts: Sequence[str]) -> Sequence[str]:
        return await self.extend(receipts, 0)

    async def depth(self, now: datetime | None = None) -> Depth:
        with self.failures.call("depth"):
            hidden = [held for held in self.held.values() if held.visible_at > self._clock()]
            oldest = None
            if now is not None and self.held:
                first = min(held.sent_at for held in self.held.values())
                oldest = (now - first).total_seconds()
            waiting = len(self.held) - len(hidden)
            return Depth(waiting=waiting, in_flight=len(hidden), oldest_seconds=oldest)

    async def dead_letters(self) -> TwinQueue | None:
        return self.dead

    def _put(self, body: str) -> str:
        self._sent += 1
        message_id = f"message-{self._sent}"
        now = self._clock()
        self.held[message_id] = Held(message_id=message_id, body=body, sent_at=now, visible_at=now)
        self._arrived.set()
        return message_id

    def _visible(self) -> list[Held]:
        now = self._clock()
        for held in [held for held in self.held.values() if held.visible_at <= now]:
            if self.dead is not None and held.receive_count >= self._most_receives:
                del self.held[held.message_id]
                self.dead.held[held.message_id] = Held(
                    message_id=held.message_id,
                    body=held.body,
                    sent_at=held.sent_at,
                    visible_at=now,
                    receive_count=held.receive_count,
                )
        return [held for held in self.held.values() if held.visible_at <= now][:BATCH]

    def _deliver(self, held: Held) -> Message:
        self._received += 1
        held.receive_count += 1
        held.receipt = f"{held.message_id}/{self._received}"
        held.visible_at = self._clock() + self._visible_for
        return Message(
            message_id=held.message_id,
            receipt=held.receipt,
            body=held.body,
            sent_at=held.sent_at,
            receive_count=held.receive_count,
        )

    def _of_receipt(self, receipt: str) -> Held | None:
        return self.held.get(receipt.partition("/")[0])

    def _was_deleted(self, receipt: str) -> bool:
        return receipt.partition("/")[0] in self.deleted


class TwinArchive:
    """A bucket with one prefix, whose objects are never overwritten."""

    def __init__(self, prefix: str = "sesauditd") -> None:
        self.failures = Failures()
        self.objects: dict[str, bytes] = {}
        self._prefix = prefix

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        key = f"{self._prefix}/{key_suffix}" if self._prefix else key_suffix
        with self.failures.call("keep", changes=True):
            if self.objects.setdefault(key, body) != body:
                raise Failed(f"S3 PutObject: {key} already holds other bytes; look at it")
            return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A mail that left through a twin."""

    message_id: str
    raw: bytes
    sender: str
    to: tuple[str, ...]
    configuration_set: str | None


@dataclass(slots=True, kw_only=True)
class TwinMail:
    """SES: a list with spellings, sets that can be off, identities, an account, an outbox."""

    failures: Failures = field(default_factory=Failures)
    sent: list[Sent] = field(default_factory=list)
    listed: dict[str, str] = field(default_factory=dict)
    """Why an address, as spelt, is on the account's list."""
    sets: dict[str, bool] = field(default_factory=dict)
    """Whether the mail through a set is sent."""
    identities: dict[str, Identity] = field(default_factory=dict)
    production: bool = True
    enforcement: str = "HEALTHY"
    sending: bool = True
    reasons: frozenset[str] = frozenset({"BOUNCE"})

    async def send(
        self, raw: bytes, sender: str, to: Sequence[str], configuration_set: str | None
    ) -> str:
        with self.failures.call("send", changes=True):
            message_id = f"sent-{len(self.sent) + 1}"
            self.sent.append(
                Sent(
                    message_id=message_id,
                    raw=raw,
                    sender=sender,
                    to=tuple(to),
                    configuration_set=configuration_set,
                )
            )
            return message_id

    async def suppressed(self, address: str) -> str | None:
        with self.failures.call("suppressed"):
            return self.listed.get(address, self.listed.get(address.lower()))

    async def suppress(self, address: str) -> None:
        with self.failures.call("suppress", changes=True):
            if not self.production:
                raise Forbidden("SES PutSuppressedDestination: needs production access")
            self.listed[address] = "BOUNCE"

    async def unsuppress(self, address: str) -> None:
        with self.failures.call("unsuppress", changes=True):
            self.listed.pop(address, None)

    async def suppressed_spellings(self, address: str) -> Sequence[str]:
        with self.failures.call("suppressed_spellings"):
            return [one for one in self.listed if one.casefold() == address.casefold()]

    async def suppressed_addresses(self, since: datetime | None = None) -> Sequence[str]:
        """Return all; a page of a thousand is a call."""
        del since
        for _ in range(1 + len(self.listed) // 1000):
            with self.failures.call("suppressed_addresses"):
                pass
        return list(self.listed)

    async def sending_enabled(self, configuration_set: str) -> bool:
        with self.failures.call("sending_enabled"):
            return self.sets[self._known(configuration_set)]

    async def set_sending(self, configuration_set: str, *, enabled: bool) -> None:
        with self.failures.call("set_sending", changes=True):
            self.sets[self._known(configuration_set)] = enabled

    async def identity(self, name: str) -> Identity | None:
        with self.failures.call("identity"):
            return self.identities.get(name)

    async def all_identities(self) -> Sequence[str]:
        with self.failures.call("all_identities"):
            return sorted(self.identities)

    async def identities_under(self, domain: str) -> Sequence[str]:
        with self.failures.call("identities_under"):
            hosts = {name: name.lower().rpartition("@")[2] for name in self.identities}
            return sorted(
                name
                for name, host in hosts.items()
                if host == domain.lower() or host.endswith(f".{domain.lower()}")
            )

    async def account(self) -> Account:
        with self.failures.call("account"):
            return Account(
                production=self.production,
                enforcement=self.enforcement,
                sending_enabled=self.sending,
                max_24h=200.0,
                sent_24h=float(len(self.sent)),
                max_per_second=1.0,
                suppressed_reasons=self.reasons,
            )

    def add_identity(self, name: str, configuration_set: str | None = None) -> None:
        """Make a verified identity and its set."""
        self.identities[name] = Identity(
            name=name, configuration_set=configuration_set, verified=True
        )
        if configuration_set is not None:
            self.sets.setdefault(configuration_set, True)

    def _known(self, configuration_set: str) -> str:
        if configuration_set not in self.sets:
            raise Missing(f"SES: there is no configuration set {configuration_set}")
        return configuration_set


@dataclass(slots=True, kw_only=True)
class TwinUser:
    """A user as the twin of IAM knows it."""

    keys: dict[str, bool] = field(default_factory=dict)
    inline: dict[str, Document] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)


class TwinAccess:
    """IAM: users, keys, inline and managed policies."""

    def __init__(self) -> None:
        self.failures = Failures()
        self.users: dict[str, TwinUser] = {}
        self.policies: dict[str, Document] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def add_user(self, name: str, *keys: str) -> None:
        """Make a user with active keys."""
        self.users[name] = TwinUser(keys=dict.fromkeys(keys, True))

    async def account(self) -> str:
        with self.failures.call("account"):
            return ACCOUNT

    async def inline_policy(self, user: str, name: str) -> Document | None:
        with self.failures.call("inline_policy"):
            known = self.users.get(user)
            return None if known is None else known.inline.get(name)

    async def inline_policies(self, user: str) -> Sequence[str]:
        with self.failures.call("inline_policies"):
            return sorted(self._user(user).inline)

    async def put_inline(self, user: str, name: str, document: Document) -> None:
        with self.failures.call("put_inline", changes=True):
            known = self._user(user).inline
            if sum(map(_size, {**known, name: document}.values())) > INLINE_LIMIT:
                raise Forbidden(f"IAM PutUserPolicy: no room at {user}", "LimitExceeded")
            known[name] = _copied(document)

    async def delete_inline(self, user: str, name: str) -> None:
        with self.failures.call("delete_inline", changes=True):
            if user in self.users:
                self.users[user].inline.pop(name, None)

    async def keys(self, user: str) -> Sequence[Key]:
        with self.failures.call("keys"):
            known = self._user(user).keys
            return [Key(id=key_id, active=active) for key_id, active in known.items()]

    async def set_key(self, user: str, key_id: str, *, active: bool) -> None:
        with self.failures.call("set_key", changes=True):
            known = self._user(user).keys
            if key_id not in known:
                raise Missing(f"IAM UpdateAccessKey: there is no key {key_id}")
            known[key_id] = active

    async def policy(self, arn: str) -> Document | None:
        with self.failures.call("policy"):
            return self.policies.get(arn)

    async def put_policy(
        self, name: str, path: str, document: Document, tags: Mapping[str, str]
    ) -> str:
        arn = f"arn:aws:iam::{ACCOUNT}:policy{path}{name}"
        with self.failures.call("put_policy", changes=True):
            if _size(document) > MANAGED_LIMIT:
                raise Forbidden(f"IAM CreatePolicy: {name} is too long", "LimitExceeded")
            self.policies[arn] = _copied(document)
            self.tags.setdefault(arn, dict(tags))
            return arn

    async def delete_policy(self, arn: str) -> None:
        with self.failures.call("delete_policy", changes=True):
            for user in self.users.values():
                if arn in user.attached:
                    user.attached.remove(arn)
            self.policies.pop(arn, None)
            self.tags.pop(arn, None)

    async def attached(self, user: str) -> Sequence[str]:
        with self.failures.call("attached"):
            return list(self._user(user).attached)

    async def attach(self, user: str, arn: str) -> None:
        with self.failures.call("attach", changes=True):
            if arn not in self.policies:
                raise Missing(f"IAM AttachUserPolicy: there is no policy {arn}")
            attached = self._user(user).attached
            if arn not in attached:
                if len(attached) >= MOST_ATTACHED:
                    raise Forbidden(f"IAM AttachUserPolicy: ten at {user}", "LimitExceeded")
                attached.append(arn)

    async def detach(self, user: str, arn: str) -> None:
        with self.failures.call("detach", changes=True):
            if user in self.users and arn in self.users[user].attached:
                self.users[user].attached.remove(arn)

    def _user(self, name: str) -> TwinUser:
        if name not in self.users:
            raise Missing(f"IAM: there is no user {name}")
        return self.users[name]


def _size(document: Document) -> int:
    return len("".join(json.dumps(document, separators=(",", ":")).split()))


def _copied(document: Document) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(document))
    return copied
