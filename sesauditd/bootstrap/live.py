"""Builds what works on AWS: the program with its queue, archive, levers, jobs and mail."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from sesauditd.bootstrap.program import NOTICES_SET, Application, application, now
from sesauditd.daemon.duty import Duty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sesauditd.aws.archive import Archive
    from sesauditd.aws.clients import Clients, Keys
    from sesauditd.aws.mail import Mail
    from sesauditd.aws.queue import Queue
    from sesauditd.config.settings import Settings
    from sesauditd.daemon.lease import Lease
    from sesauditd.enforce.executor import Executor
    from sesauditd.ingest.poller import Poller
    from sesauditd.ingest.source import Pace
    from sesauditd.ingest.trust import Trust
    from sesauditd.jobs.post import Post
    from sesauditd.jobs.schedule import Jobs
    from sesauditd.notices.alarms import Alarms

LEASE = "daemon"
GRACE_SECONDS = 28.0
"""After SIGTERM; systemd and people expect an end within 30 seconds."""
POST_SECONDS = 2.0
EXECUTOR_SECONDS = 1.0

log = structlog.get_logger()


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
        yield await _assembled(program, clients, tempo)


async def daemon(
    settings: Settings, environment: Mapping[str, str], *, clock: Callable[[], datetime]
) -> None:
    """Run until SIGTERM or SIGINT, then finish what is in hand within 30 seconds.

    Raises Refused for settings that cannot be right, Busy while another daemon works on the
    same database, Broken when the database cannot be trusted any more.
    """
    from sesauditd.aws.clients import endpoint_conflicts
    from sesauditd.daemon.lock import held, lock_file
    from sesauditd.errors import Refused
    from sesauditd.store.engine import file_of

    conflict = endpoint_conflicts(environment, settings.aws.endpoint_url)
    if conflict is not None:
        raise Refused(conflict)
    with ExitStack() as stack:
        file = file_of(settings.database.url)
        if file is not None:
            stack.enter_context(held(lock_file(file)))
        async with live(settings, clock=clock) as running:
            await supervised(running, environment)


async def supervised(running: Live, environment: Mapping[str, str]) -> None:
    """Let all parts work until a signal, telling systemd how they are."""
    from sesauditd import __version__
    from sesauditd.daemon.supervisor import supervise
    from sesauditd.daemon.watchdog import Progress, Watchdog

    lease = running.lease
    jobs_mark = Progress("jobs", 600)
    watchdog = Watchdog.from_environment(environment, [*running.poller.marks, jobs_mark])
    executing = Duty("executor", running.executor.tick, lambda: lease.held, EXECUTOR_SECONDS)
    posting = Duty("post", running.post.tick, lambda: lease.held, POST_SECONDS)

    async def ring(stop: asyncio.Event) -> None:
        running.jobs.turned = jobs_mark.turned
        await running.jobs.run(stop)
        jobs_mark.ended()

    await lease.renew()
    watchdog.notifier.ready()
    log.info("daemon_ready", version=__version__, lease_held=lease.held)
    try:
        await supervise(
            {
                "intake": running.poller.run,
                "executor": executing.run,
                "jobs": ring,
                "post": posting.run,
                "lease": lease.run,
                "watchdog": watchdog.run,
            },
            stop=asyncio.Event(),
            grace_seconds=GRACE_SECONDS,
        )
    finally:
        watchdog.notifier.stopping()
        await lease.release()
    log.info("daemon_stopped")


async def _assembled(program: Application, clients: Clients, tempo: Tempo) -> Live:
    from sesauditd.aws.mail import Mail
    from sesauditd.aws.queue import Queue
    from sesauditd.bootstrap.housekeeping import Housekeeping
    from sesauditd.daemon.lease import Lease
    from sesauditd.notices.alarms import Alarms
    from sesauditd.store.leases import Leases

    settings = program.settings
    queue = Queue(
        clients,
        settings.queue.url or "",
        visibility_seconds=settings.queue.visibility_seconds,
    )
    lease = Lease(
        leases=Leases(program.database),
        name=LEASE,
        owner=f"{os.getpid()}-{uuid.uuid4().hex[:8]}",
        # Other processes look at the heartbeat by the machine's clock, also in a demo.
        clock=now,
    )
    alarms = Alarms(
        settings.alerts.command,
        settings.alerts.webhook,
        settings.alerts.apprise,
        installation=settings.installation.name,
    )
    mail = Mail(clients)
    poller = _poller(program, clients, queue, tempo)
    housekeeping = Housekeeping(
        program=program,
        clients=clients,
        mail=mail,
        queue=queue,
        siren=alarms,
        paused=lambda: poller.health.paused_because,
        elapsed=time.monotonic if tempo.watches_clock else None,
    )
    return Live(
        program=program,
        poller=poller,
        executor=_executor(program, clients, mail, tempo),
        jobs=await housekeeping.jobs(lambda: lease.held),
        post=_post(program, mail, alarms, tempo),
        lease=lease,
    )


def _poller(program: Application, clients: Clients, queue: Queue, tempo: Tempo) -> Poller:
    from sesauditd.aws.archive import Archive
    from sesauditd.ingest.poller import Poller
    from sesauditd.ingest.source import Pace

    settings = program.settings
    archive = Archive(clients, settings.archive.bucket or "", settings.archive.prefix)
    return Poller(
        queue=queue,
        archive=archive,
        recorder=program.pipeline,
        trust=_trust(settings, archive),
        clock=program.clock,
        pace=tempo.pace
        or Pace(
            receivers=settings.queue.receivers,
            visibility_seconds=settings.queue.visibility_seconds,
        ),
    )


def _trust(settings: Settings, archive: Archive) -> Trust:
    from sesauditd.config import Trust as Trusted
    from sesauditd.ingest.certificates import Certificates
    from sesauditd.ingest.fetching import HttpsFetcher
    from sesauditd.ingest.trust import QueuePolicy, Signatures

    topics = frozenset(settings.queue.topic_arns)
    if settings.queue.trust is Trusted.QUEUE_POLICY:
        return QueuePolicy(topics)
    return Signatures(topics, Certificates(fetcher=HttpsFetcher(), archive=archive))


def _executor(program: Application, clients: Clients, mail: Mail, tempo: Tempo) -> Executor:
    from sesauditd.aws.access import Access
    from sesauditd.enforce.executor import PATIENCE_SECONDS, Executor
    from sesauditd.enforce.levers import Levers
    from sesauditd.enforce.naming import Names
    from sesauditd.store.executions import Executions

    installation = program.settings.installation
    names = Names(
        prefix=installation.prefix,
        installation=installation.name,
        account_id=clients.account_id,
        region=clients.region,
    )
    return Executor(
        outbox=Executions(program.database),
        levers=Levers.at(names, mail, Access(clients)),
        clock=program.clock,
        patience_seconds=(
            PATIENCE_SECONDS if tempo.patience_seconds is None else tempo.patience_seconds
        ),
    )


def _post(program: Application, mail: Mail, alarms: Alarms, tempo: Tempo) -> Post:
    from sesauditd.jobs.post import Post
    from sesauditd.model.addresses import canonical
    from sesauditd.notices.compose import Composer
    from sesauditd.store.notices import Outbox

    settings = program.settings
    written = settings.notices
    composer = written.sender and Composer(
        sender=canonical(written.sender),
        reply_to=written.reply_to,
        installation=settings.installation.name,
        configuration_set=f"{settings.installation.prefix}-{NOTICES_SET}",
    )
    return Post(
        Outbox(program.database, written.operators),
        mail,
        composer or None,
        program.clock,
        alarm=alarms.sound,
        seconds_between=tempo.mail_seconds,
    )
