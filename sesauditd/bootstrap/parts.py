"""What the live program is made of, and at which tempo it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.aws.clients import Keys
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.worker import Keeper
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
    keeper: Keeper

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
