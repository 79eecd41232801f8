"""What the live program is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.worker import Keeper
    from sesauditd.daemon.lease import Lease
    from sesauditd.enforce.executor import Executor
    from sesauditd.ingest.poller import Poller
    from sesauditd.jobs.alerts import Alerts
    from sesauditd.jobs.intake import IntakeWatch
    from sesauditd.jobs.post import Post
    from sesauditd.jobs.schedule import Jobs
    from sesauditd.web.meters import Meters


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The program at work on one AWS account."""

    program: Application
    poller: Poller
    executor: Executor
    jobs: Jobs
    post: Post
    alerts: Alerts
    lease: Lease
    keeper: Keeper
    meters: Meters
    intake: IntakeWatch

    async def settle(self) -> None:
        """Read what the queue has, act on it and write notices, until nothing is left."""
        await self.poller.drain()
        await self.executor.tick()
        await self.post.tick()
        await self.alerts.tick()

    async def ring(self) -> None:
        """Run the jobs that are owed now."""
        await self.lease.renew()
        await self.jobs.tick(self.program.clock())
