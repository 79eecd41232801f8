"""Builds what sets an account up: settings and clients to an engine, its resources, its steps."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.pacing import shared
from sesauditd.bootstrap.program import Application, application
from sesauditd.bootstrap.tempo import Tempo
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.aws.clients import Clients
    from sesauditd.config.settings import Settings
    from sesauditd.model.plan import Plan
    from sesauditd.onboard.engine import Applied, Engine, Stage, Watch
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.setup import Adapters, Desired
    from sesauditd.store.onboarding import StepLog

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Where AWS's own tools look for the region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The program with an administrator's way to one AWS account."""

    program: Application
    clients: Clients
    account: Account
    engine: Engine

    def steps(self, domain: str) -> StepLog:
        """Return where the steps of a domain, or of the account, are kept."""
        from sesauditd.store.onboarding import StepLog

        return StepLog(database=self.program.database, domain=domain, clock=self.program.clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Sets the account up."""

    engine: Engine
    stages: Sequence[Stage]
    steps: StepLog
    desired: Desired

    async def plan(self) -> Plan:
        """Return what would be changed, without one write; raises as the engine's plan."""
        return await self.engine.plan(self.stages)

    async def apply(self, plan: Plan, on_change: Watch) -> Applied:
        """Carry a plan out that was made a moment ago; raises as the engine's apply."""
        return await self.engine.apply(
            self.stages, steps=self.steps, on_change=on_change, seen=plan
        )

    def settings(self, applied: Applied) -> Mapping[tuple[str, str], str | Sequence[str]]:
        """Return what the configuration has to say, by section and key."""
        from sesauditd.onboard.setup import settings_of

        return settings_of(self.desired, applied.facts)


@asynccontextmanager
async def administration(
    settings: Settings, *, clock: Callable[[], datetime], tempo: Tempo | None = None
) -> AsyncIterator[Administration]:
    """Open the database and the way to AWS, and find out or check whose account it is.

    The account and the region may be missing in the settings: they are asked of AWS and taken
    from its own environment. Raises Refused for another account than the configured one.
    """
    from sesauditd.aws import account
    from sesauditd.aws.clients import connect, endpoint_conflicts, steady_pace

    conflict = endpoint_conflicts(os.environ, settings.aws.endpoint_url)
    if conflict is not None:
        raise Refused(conflict)
    tempo = tempo or Tempo()
    region = _region(settings)
    async with (
        application(settings, clock=clock) as program,
        connect(
            region=region,
            account_id=settings.aws.account_id or "",
            endpoint_url=settings.aws.endpoint_url,
            pace=shared(program.database, region, steady_pace())
            if tempo.ses_control_paced
            else None,
            keys=tempo.keys,
        ) as opened,
    ):
        clients = opened
        if settings.aws.account_id is None:
            clients = replace(opened, account_id=await account.caller(opened))
        else:
            await account.check(opened, settings.aws.account_id)
        yield administration_of(program, clients, tempo)


def administration_of(program: Application, clients: Clients, tempo: Tempo) -> Administration:
    """Return an administrator's way over a program and clients that are open."""
    from sesauditd.onboard.engine import PATIENCE_SECONDS, Engine
    from sesauditd.onboard.naming import Account

    installation, patience = program.settings.installation, tempo.patience_seconds
    return Administration(
        program=program,
        clients=clients,
        account=Account(
            prefix=installation.prefix,
            installation=installation.name,
            account_id=clients.account_id,
            region=clients.region,
            partition=clients.partition,
        ),
        engine=Engine(patience_seconds=PATIENCE_SECONDS if patience is None else patience),
    )


@asynccontextmanager
async def setup(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    tempo: Tempo | None = None,
    take_over: bool = False,
) -> AsyncIterator[Setup]:
    """Open everything that setting the account up needs; raises as `administration`.

    With `take_over` what stands under our names without our tag becomes ours.
    """
    async with administration(settings, clock=clock, tempo=tempo) as opened:
        yield await setup_of(opened, take_over=take_over)


def desired_by(opened: Administration) -> Desired:
    """Return the account as the settings want it; raises Refused for what cannot be right."""
    from sesauditd.onboard.setup import desired

    settings = opened.program.settings
    return desired(
        opened.account,
        queue_url=settings.queue.url,
        topic_arns=settings.queue.topic_arns,
        bucket=settings.archive.bucket,
        archive_prefix=settings.archive.prefix,
        sender=settings.notices.sender,
    )


async def setup_of(opened: Administration, *, take_over: bool = False) -> Setup:
    """Return what sets the account up, over an account that is open; writes nothing."""
    from sesauditd.onboard.ownership import Ownership
    from sesauditd.onboard.setup import stages
    from sesauditd.store.onboarding import ACCOUNT

    wanted = desired_by(opened)
    steps = opened.steps(ACCOUNT)
    ownership = Ownership(
        installation=opened.account.installation,
        take_over=take_over,
        begun=set(await steps.begun_creations()),
    )
    return Setup(
        engine=opened.engine,
        stages=stages(wanted, _adapters(opened.clients), ownership),
        steps=steps,
        desired=wanted,
    )


def _adapters(clients: Clients) -> Adapters:
    from sesauditd.aws.boundaries import Boundaries
    from sesauditd.aws.buckets import Buckets
    from sesauditd.aws.identities import Identities
    from sesauditd.aws.queues import Queues
    from sesauditd.aws.sets import Sets
    from sesauditd.aws.suppression import Suppression
    from sesauditd.aws.topics import Topics
    from sesauditd.onboard.setup import Adapters

    topics, sets = Topics(clients), Sets(clients)
    return Adapters(
        queues=Queues(clients),
        topics=topics,
        subscriptions=topics,
        buckets=Buckets(clients),
        suppression=Suppression(clients),
        policies=Boundaries(clients),
        sets=sets,
        destinations=sets,
        senders=Identities(clients),
    )


def _region(settings: Settings) -> str:
    """Return the region that is configured, else the one that AWS's own tools would use."""
    found = settings.aws.region or next(filter(None, map(os.environ.get, REGIONS)), None)
    if found is None:
        raise Refused(
            "which region? Write region into [aws] of the configuration, or set AWS_REGION"
        )
    return found
