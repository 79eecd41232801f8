"""Builds what works on AWS: the program with its queue, archive, levers, jobs and mail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.program import application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.aws.clients import Keys
    from sesauditd.bootstrap.program import Application
    from sesauditd.config.settings import Settings
    from sesauditd.daemon.lease import Lease
    from sesauditd.enforce.executor import Executor
    from sesauditd.ingest.poller import Poller
    from sesauditd.ingest.source import Pace
    from sesauditd.jobs.post import Post
    from sesauditd.jobs.schedule import Jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """What a test or a demo hastens; None keeps what the daemon does."""

    pace: Pace | None = None
    ses_control_paced: bool = True
    patience_seconds: tuple[float, ...] | None = None
    """Between looks whether a change at AWS holds."""
    mail_seconds: float = 1.0
    """Between two notices."""
    keys: Keys | None = None
    """An access key for an AWS of the demo's own; None lets AWS's own rules find one."""
    watches_clock: bool = True
    """Whether a wall clock that jumps pauses enforcement; the demo's jumps all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The program at work on one AWS account."""

    program: Application
    poller: Poller
    executor: Executor
    jobs: Jobs
    post: Post
    lease: Lease

    async def settle(self) -> None:
        """Read what the queue has, act on it and write notices, until nothing is left."""
        while (await self.poller.drain()).read:
            pass
        await self.executor.tick()
        await self.post.tick()

    async def ring(self) -> None:
        """Run the jobs that are owed now."""
        await self.lease.renew()
        await self.jobs.tick(self.program.clock())


@asynccontextmanager
async def live(
    settings: Settings, *, clock: Callable[[], datetime], tempo: Tempo | None = None
) -> AsyncIterator[Live]:
    """Open the database and the way to AWS, check whose account it is, put all together.

    Raises Refused for another account than the configured one.
    """
    from sesauditd.aws import account
    from sesauditd.aws.clients import connect, control_pace
    from sesauditd.bootstrap.assembly import assembled
    from sesauditd.config.readiness import check_runnable

    check_runnable(settings)
    tempo = tempo or Tempo()
    aws = settings.aws
    async with (
        application(settings, clock=clock) as program,
        connect(
            region=aws.region or "",
            account_id=aws.account_id or "",
            endpoint_url=aws.endpoint_url,
            pace=control_pace() if tempo.ses_control_paced else None,
            keys=tempo.keys,
        ) as clients,
    ):
        await account.check(clients, clients.account_id)
        yield await assembled(program, clients, tempo)
