"""Builds what works on AWS: the program with its queue, archive, levers, jobs and mail."""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.pacing import shared
from sesauditd.bootstrap.parts import Live
from sesauditd.bootstrap.program import Application, application, now
from sesauditd.bootstrap.telling import alerting, post_of
from sesauditd.bootstrap.tempo import Tempo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.aws.archive import Archive
    from sesauditd.aws.clients import Clients
    from sesauditd.aws.mail import Mail
    from sesauditd.aws.queue import Queue
    from sesauditd.bootstrap.worker import Keeper
    from sesauditd.config.settings import Settings
    from sesauditd.daemon.lease import Lease
    from sesauditd.enforce.executor import Executor
    from sesauditd.ingest.poller import Poller
    from sesauditd.ingest.trust import Trust
    from sesauditd.notices.siren import Siren
    from sesauditd.web.meters import Meters

__all__ = ["Live", "Tempo", "live"]


@asynccontextmanager
async def live(
    settings: Settings, *, clock: Callable[[], datetime], tempo: Tempo | None = None
) -> AsyncIterator[Live]:
    """Open the database and the way to AWS, check whose account it is, put all together.

    Raises Refused for another account than the configured one, and for a database that is older
    than its archive.
    """
    from sesauditd.aws import account
    from sesauditd.aws.clients import connect, control_pace
    from sesauditd.bootstrap.older import check_not_older
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
            pace=shared(program.database, aws.region or "", control_pace())
            if tempo.ses_control_paced
            else None,
            keys=tempo.keys,
            lean=settings.queue.lean,
        ) as clients,
    ):
        await account.check(clients, clients.account_id)
        await check_not_older(program, clients)
        yield _assembled(program, clients, tempo)


def _assembled(program: Application, clients: Clients, tempo: Tempo) -> Live:
    from sesauditd.aws.mail import Mail
    from sesauditd.bootstrap.housekeeping import Housekeeping
    from sesauditd.bootstrap.metering import MeteredQueue
    from sesauditd.bootstrap.watching import intake_watch
    from sesauditd.web.meters import Meters

    settings = program.settings
    meters = Meters()
    queue = MeteredQueue(
        clients,
        settings.queue.url or "",
        visibility_seconds=settings.queue.visibility_seconds,
    )
    queue.meters = meters
    lease = _lease(program)
    siren, alerts = alerting(program)
    mail = Mail(clients)
    poller = _poller(program, clients, queue, meters, tempo)
    housekeeping = Housekeeping(
        program=program,
        clients=clients,
        mail=mail,
        queue=queue,
        siren=siren,
        paused=lambda: poller.health.paused_because or poller.health.receiving_fails,
        elapsed=_awake_or_asleep if tempo.watches_clock else None,
    )
    return Live(
        program=program,
        poller=poller,
        executor=_executor(program, clients, mail, tempo),
        jobs=housekeeping.jobs(lambda: lease.held),
        post=post_of(program, mail, siren, tempo),
        alerts=alerts,
        lease=lease,
        keeper=_keeper(program, clients, siren, tempo),
        meters=meters,
        intake=intake_watch(program, siren, housekeeping.paused),
    )


def _keeper(program: Application, clients: Clients, siren: Siren, tempo: Tempo) -> Keeper:
    from sesauditd.bootstrap.worker import Keeper
    from sesauditd.jobs import alarms
    from sesauditd.store.watch import Memory

    told = alarms.Alarms(siren=siren, book=Memory(program.database))
    return Keeper(program=program, clients=clients, alarms=told, tempo=tempo, clock=program.clock)


def _lease(program: Application) -> Lease:
    from sesauditd.daemon.lease import Lease
    from sesauditd.store.engine import file_of
    from sesauditd.store.leases import DAEMON, Leases

    # On SQLite the process lock proves that nobody else lives, so after a crash the next
    # process need not wait for the lease to go stale.
    alone = file_of(program.settings.database.url) is not None
    owner = platform.node() if alone else f"{platform.node()}-{os.getpid()}-{uuid.uuid4().hex}"
    # Other processes look at the heartbeat by the machine's clock, also in a demo.
    return Lease(leases=Leases(program.database), name=DAEMON, owner=owner, clock=now)


def _awake_or_asleep() -> float:
    """Return seconds on a clock that nobody sets, the machine's sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _poller(
    program: Application, clients: Clients, queue: Queue, meters: Meters, tempo: Tempo
) -> Poller:
    from sesauditd.aws.archive import Archive
    from sesauditd.bootstrap.metering import MeteredArchive, MeteredRecorder
    from sesauditd.ingest.poller import Poller
    from sesauditd.ingest.source import Pace

    settings = program.settings
    archive = Archive(clients, settings.archive.bucket or "", settings.archive.prefix)
    return Poller(
        queue=queue,
        archive=MeteredArchive(archive, meters),
        recorder=MeteredRecorder(program.pipeline, meters),
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
