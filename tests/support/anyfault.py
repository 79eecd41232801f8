"""The whole program between twins of AWS, in one process, that can be killed and started anew."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

from sesauditd.daemon import failpoint
from sesauditd.daemon.backoff import Backoff
from sesauditd.errors import SesauditdError, Unavailable
from sesauditd.ingest.poller import Poller
from sesauditd.ingest.source import Pace
from sesauditd.ingest.trust import QueuePolicy
from sesauditd.jobs.pacing import Pacer
from sesauditd.jobs.post import Post
from sesauditd.store import notices
from tests.support import feedback
from tests.support.enforcing import Enforcing
from tests.support.notices import COMPOSER
from tests.support.oracles import COUNTED, ROLLED_UP
from tests.support.running import running
from tests.support.twins import TwinAccess, TwinArchive, TwinMail, TwinQueue

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sesauditd.errors import Failed
    from sesauditd.notices.alarms import Alarm

TOPIC = json.loads(feedback.sns("noise"))["TopicArn"]
DOMAINS = {"a.example": "k", "b.example": "k", "other.example": "m"}
USERS = {"k": "site-k", "m": "site-m"}
MANY_RECEIVES = 10_000
"""Kills count as receives; how the queue gives up is tried elsewhere."""
DUE = """
SELECT kind, state FROM actions WHERE state IN ('requested', 'attempted', 'pending', 'unknown')
"""
PACE = Pace(batch_seconds=0.0, wait_seconds=0, release_seconds=0.1)


class PowerCutError(BaseException):
    """The end of the process: nothing catches it."""


@dataclass(slots=True)
class AnyFault:
    """One daemon after the other on one database, and what was sent to it."""

    folder: Path
    now: list[datetime]
    queue: TwinQueue = field(init=False)
    archive: TwinArchive = field(default_factory=TwinArchive)
    mail: TwinMail = field(default_factory=TwinMail)
    access: TwinAccess = field(default_factory=TwinAccess)
    sent: list[str] = field(default_factory=list)
    one: Enforcing = field(init=False)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.queue = TwinQueue(clock=lambda: self.now[0], most_receives=MANY_RECEIVES)

    async def open(self) -> None:
        """Start the program as after a crash: nothing is remembered but what is stored."""
        program = await self.stack.enter_async_context(running(self.folder))
        program.now[:] = self.now
        self.now = program.now
        self.one = Enforcing(program, mail=self.mail, access=self.access)
        for domain, customer in DOMAINS.items():
            if domain not in self.mail.identities:
                await self.one.adopt(domain, customer, USERS[customer])

    async def close(self) -> None:
        """End the program."""
        await self.stack.aclose()

    def put(self, body: str) -> None:
        """Send a message."""
        self.sent.append(body)
        self.queue.put(body)

    async def work(self) -> None:
        """Let each part do what is owed once; what fails is left to the next time."""
        for part in (self._drain, self.one.executor.tick, self._post().tick):
            with suppress(SesauditdError):
                await part()

    async def die_at(self, point: str) -> bool:
        """Work until a failpoint is reached; return whether it was, and start anew."""
        failpoint._wanted, failpoint._times = point, "1"
        failpoint._reached.clear()
        real, failpoint._die = failpoint._die, self._cut
        try:
            await self.work()
        except PowerCutError:
            await self.restart()
            return True
        finally:
            failpoint._wanted, failpoint._die = "", real
        return False

    async def restart(self) -> None:
        """End the program and start another on what it left."""
        self.heal()
        await self.close()
        await self.open()

    def fail(self, method: str, error: Failed, *, done: bool) -> None:
        """Let the next call of a method fail, before or after its work."""
        for twin in (self.queue, self.archive, self.mail, self.access):
            if hasattr(twin, method):
                twin.failures.fail(method, error, done=done)

    def heal(self) -> None:
        """Let everything work again."""
        for twin in (self.queue, self.archive, self.mail, self.access):
            twin.failures.heal()

    async def settle(self) -> None:
        """Let hours pass without faults, until nothing is owed."""
        self.heal()
        for _ in range(4):
            self.now[0] += timedelta(hours=7)
            await self.work()

    # What has to be true.

    async def check(self) -> None:
        """Ask for conservation, uniqueness, audit and safety, whatever is still to be done."""
        archived = self._archived()
        rows = await self.rows("SELECT sha256 FROM events UNION SELECT sha256 FROM quarantine")
        stored = {row["sha256"].hex() for row in rows}
        waiting = Counter(one.body for one in self.queue.held.values())
        for body, times in Counter(self.sent).items():
            if waiting[body] < times:
                assert body in archived, "deleted, and not archived"
                assert hashlib.sha256(body.encode()).hexdigest() in stored, "deleted, not stored"
        assert await self._sorted(ROLLED_UP) == await self._sorted(COUNTED)
        mails = Counter(message_from_bytes(one.raw)["Message-ID"] for one in self.mail.sent)
        assert [one for one, times in mails.items() if times > 1] == []
        tried = await self.rows("SELECT * FROM actions WHERE attempted_at IS NOT NULL")
        assert [one["id"] for one in tried if one["before"] is None] == []
        off, listed = self._stopped(), set(self.mail.listed)
        assert off <= {one["domain"] for one in tried} | self._domains_of(tried)
        assert {one.lower() for one in listed} <= {one["recipient"] for one in tried}

    async def check_settled(self) -> None:
        """Ask, after the faults, whether all is done, and AWS is what the store says."""
        await self.check()
        assert self.queue.held == {}
        assert self.queue.dead is not None
        assert self.queue.dead.held == {}
        assert await self.rows(DUE) == []
        unsent = "SELECT kind FROM notices WHERE state IN ('requested', 'attempted')"
        assert await self.rows(unsent) == []
        holds = "SELECT * FROM actions WHERE state = 'done' AND kind IN ('{}', '{}')"
        held = await self.rows(holds.format("disable_domain", "terminate_customer"))
        disabled = {one["domain"] for one in held if one["kind"] == "disable_domain"}
        assert self._stopped() == disabled | self._domains_of(held)
        ended = {one["customer"] for one in held if one["kind"] == "terminate_customer"}
        inactive = {who for who, user in USERS.items() if False in self._keys(user)}
        assert inactive == ended
        listed = "SELECT * FROM blocks WHERE lifted_at IS NULL AND lever = 'account_list'"
        assert {one.lower() for one in self.mail.listed} == {
            one["recipient"] for one in await self.rows(listed)
        }

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        async with self.one.program.application.database.read() as connection:
            found = await connection.exec_driver_sql(query)
            return [dict(row) for row in found.mappings()]

    async def _sorted(self, query: str) -> list[tuple[Any, ...]]:
        return sorted(tuple(row.values()) for row in await self.rows(query))

    def _archived(self) -> set[str]:
        return {
            json.loads(line)["body"]
            for packed in self.archive.objects.values()
            for line in gzip.decompress(packed).splitlines()
        }

    def _stopped(self) -> set[str]:
        sets = {name: one.configuration_set for name, one in self.mail.identities.items()}
        return {name for name, its in sets.items() if its and not self.mail.sets[its]}

    def _domains_of(self, actions: list[dict[str, Any]]) -> set[str]:
        ended = {one["customer"] for one in actions if one["kind"] == "terminate_customer"}
        return {name for name, customer in DOMAINS.items() if customer in ended}

    def _keys(self, user: str) -> list[bool]:
        return list(self.access.users[user].keys.values())

    # The parts.

    async def _drain(self) -> object:
        return await self._poller().drain()

    def _poller(self) -> Poller:
        return Poller(
            queue=self.queue,
            archive=self.archive,
            recorder=self.one.program.application.pipeline,
            trust=QueuePolicy(frozenset({TOPIC})),
            clock=lambda: self.now[0],
            pace=PACE,
            backoff=lambda: Backoff(first_seconds=0.0, most_seconds=0.0),
        )

    def _post(self) -> Post:
        return Post(
            notices.Outbox(self.one.program.application.database, ["ops@host.example"]),
            self.mail,
            COMPOSER,
            lambda: self.now[0],
            alarm=_heard,
            pacer=Pacer(seconds=0),
        )

    def _cut(self) -> None:
        # The dead give nothing back: their messages wait for the timeout.
        self.queue.failures.fail("extend", Unavailable("dead"), times=10)
        raise PowerCutError


async def _heard(_alarm: Alarm) -> None:
    """Take note of an alarm that nobody here asks for."""
