"""Builds what examines an installation: settings to everything that is looked at, and judged."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.pacing import shared
from sesauditd.bootstrap.program import NOTICES_SET, application
from sesauditd.bootstrap.tempo import Tempo
from sesauditd.errors import Failed, SesauditdError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.aws.clients import Clients
    from sesauditd.aws.pace import Turns
    from sesauditd.bootstrap.program import Application
    from sesauditd.config.settings import Settings
    from sesauditd.onboard.credentials import Server
    from sesauditd.onboard.doctor import Smtp
    from sesauditd.onboard.findings import Finding
    from sesauditd.onboard.looking import Looking, Registered, Resources
    from sesauditd.onboard.naming import Account
    from sesauditd.onboard.ownership import Ownership
    from sesauditd.onboard.sights import DatabaseSight, DomainSight, Expected
    from sesauditd.onboard.topics import Subscription, Topic
    from sesauditd.store.engine import Database

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What there is to say of AWS, and how the domains looked."""

    findings: Sequence[Finding]
    domains: Sequence[DomainSight] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How the database is, and what it says of domains; `database` is open, None if it fails."""

    sight: DatabaseSight
    registered: Sequence[Registered] = ()
    database: Database | None = None


async def examine(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    domains: Sequence[str] = (),
    server: Server | None = None,
    tempo: Tempo | None = None,
    on_domain: Told = lambda _name: None,
) -> Sequence[Finding]:
    """Return what there is to say of the whole installation; nothing of it raises.

    `domains` narrows the domains that are looked at; `server` stands in for that of [smtp].
    """
    from sesauditd.onboard import doctor

    smtp = await _smtp(server or server_of(settings))
    async with _stored(settings, clock) as stored:
        wanted = [one for one in stored.registered if not domains or one.name in domains]
        at_aws = await examine_aws(
            settings,
            clock=clock,
            domains=wanted,
            database=stored.database,
            tempo=tempo,
            on_domain=on_domain,
        )
    return [*doctor.machine(stored.sight, smtp), *at_aws.findings]


async def examine_aws(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    domains: Sequence[Registered],
    database: Database | None,
    tempo: Tempo | None = None,
    on_domain: Told = lambda _name: None,
) -> Examined:
    """Return what there is to say of AWS and of these domains there.

    SES is asked in turns with everybody who shares the database; without one, at a pace that
    nobody else knows of.
    """
    from sesauditd.aws.clients import connect, endpoint_conflicts
    from sesauditd.onboard import doctor
    from sesauditd.onboard.findings import Check, wrong

    tempo = tempo or Tempo()
    conflict = endpoint_conflicts(os.environ, settings.aws.endpoint_url)
    if conflict is not None:
        return Examined(findings=[wrong(Check.CONFIGURATION, "configuration", conflict, "")])
    if settings.aws.region is None:
        advice = 'Write region = "eu-central-1", or another, into [aws].'
        return Examined(findings=[wrong(Check.REGION, "region", "none is configured", advice)])
    async with connect(
        region=settings.aws.region,
        account_id=settings.aws.account_id or "",
        endpoint_url=settings.aws.endpoint_url,
        pace=_pace(database, settings.aws.region) if tempo.ses_control_paced else None,
        keys=tempo.keys,
    ) as clients:
        expected = _expected(settings, clients)
        looking = _looking(settings, clients, expected, clock)
        silence = await looking.silence()
        if silence is not None:
            return Examined(findings=doctor.silent(silence))
        seen = await looking.see(expected, domains, on_domain)
        found = doctor.aws(expected, seen, enforcing=settings.policy.mode == "enforce")
        return Examined(findings=found, domains=seen.domains)


def server_of(settings: Settings) -> Server | None:
    """Return the SMTP server that sites log in at, None without a region or a host."""
    from sesauditd.onboard.credentials import Server, host_of

    region = settings.aws.region
    host = settings.smtp.host or (host_of(region) if region else None)
    return None if host is None else Server(host=host, port=settings.smtp.port)


async def registered_in(program: Application) -> Sequence[Registered]:
    """Return the domains that are not offboarded, and which of them are stopped."""
    from sesauditd.onboard.looking import Registered
    from sesauditd.store.reports import people

    async with program.database.read() as connection:
        found = await people.all_domains(connection)
    return [
        Registered(name=one.name, iam_users=one.iam_users, stopped=one.stopped, tenancy=one.tenancy)
        for one in found
        if one.closed_at is None
    ]


@asynccontextmanager
async def _stored(settings: Settings, clock: Callable[[], datetime]) -> AsyncIterator[Stored]:
    from sesauditd.onboard.sights import DatabaseSight
    from sesauditd.store.health import health

    async with AsyncExitStack() as stack:
        try:
            program = await stack.enter_async_context(application(settings, clock=clock))
            found = await health(program.database, settings.database.url)
            seen = DatabaseSight(
                schema=found.schema, size_bytes=found.size_bytes, free_bytes=found.free_bytes
            )
            registered = await registered_in(program)
            stored = Stored(sight=seen, registered=registered, database=program.database)
        except SesauditdError as error:
            stored = Stored(sight=DatabaseSight(problem=str(error)))
        yield stored


def _pace(database: Database | None, region: str) -> Turns | None:
    from sesauditd.aws.clients import control_pace

    return control_pace() if database is None else shared(database, region, control_pace())


async def _smtp(server: Server | None) -> Smtp | None:
    from sesauditd.onboard.doctor import Smtp
    from sesauditd.onboard.submission import greeting

    if server is None:
        return None
    try:
        said = await greeting(server)
    except Failed as error:
        return Smtp(host=server.host, port=server.port, greeting=None, problem=str(error))
    return Smtp(host=server.host, port=server.port, greeting=said)


def _account(settings: Settings, clients: Clients) -> Account:
    from sesauditd.onboard.naming import Account

    return Account(
        prefix=settings.installation.prefix,
        installation=settings.installation.name,
        account_id=clients.account_id,
        region=clients.region,
        partition=clients.partition,
    )


def _expected(settings: Settings, clients: Clients) -> Expected:
    from sesauditd.model.addresses import canonical, domain_of
    from sesauditd.onboard.sights import Expected

    account, sender = _account(settings, clients), settings.notices.sender
    return Expected(
        prefix=account.prefix,
        account_id=settings.aws.account_id,
        region=clients.region,
        queue_url=settings.queue.url,
        topic_arns=settings.queue.topic_arns,
        bucket=settings.archive.bucket,
        notices_set=f"{account.prefix}-{NOTICES_SET}",
        sender_domain=domain_of(canonical(sender)) if sender else None,
        boundary_arn=account.boundary_arn,
        set_arn_start=account.arn("ses", "configuration-set/"),
        identity_arn_start=account.arn("ses", "identity/"),
    )


def _looking(
    settings: Settings, clients: Clients, expected: Expected, clock: Callable[[], datetime]
) -> Looking:
    from sesauditd.aws.inspection import Inspection
    from sesauditd.aws.sets import Sets
    from sesauditd.aws.tenants import Tenants
    from sesauditd.aws.tries import Subjects, Tries
    from sesauditd.onboard.looking import Looking

    inspection = Inspection(clients)
    resources = _resources(settings, clients, expected)

    async def tried(domains: Sequence[DomainSight]) -> dict[str, str | None]:
        users = [user.name for one in domains for user in one.users if user.user]
        subjects = Subjects(
            queue_url=expected.queue_url,
            dead_letters=resources.dead_letters,
            prefix=expected.prefix,
            user=users[0] if users else None,
        )
        return dict(await Tries(clients=clients, now=clock()).all(subjects))

    return Looking(
        inspection=inspection,
        users=inspection,
        sets=Sets(clients),
        tenants=Tenants(clients),
        resources=resources,
        tries=tried,
        clock=clock,
    )


def _resources(settings: Settings, clients: Clients, expected: Expected) -> Resources:
    from sesauditd.aws.buckets import Buckets
    from sesauditd.aws.queues import Queues
    from sesauditd.onboard.buckets import Bucket
    from sesauditd.onboard.looking import Resources
    from sesauditd.onboard.ownership import Ownership
    from sesauditd.onboard.queues import Queue

    ownership, prefix = Ownership(installation=settings.installation.name), expected.prefix
    return Resources(
        queue=Queue(
            queues=Queues(clients),
            queue=expected.queue_arn.rpartition(":")[2],
            why="",
            ownership=ownership,
        )
        if expected.queue_url
        else None,
        topics={arn: _topic(clients, expected, arn, ownership) for arn in expected.topic_arns},
        bucket=Bucket(
            buckets=Buckets(clients),
            bucket=expected.bucket,
            prefix=settings.archive.prefix,
            region=clients.region,
            installation_prefix=prefix,
            ownership=ownership,
        )
        if expected.bucket
        else None,
        dead_letters=f"{prefix}-dead-letters",
        undelivered=f"{prefix}-undelivered",
    )


def _topic(
    clients: Clients, expected: Expected, arn: str, ownership: Ownership
) -> tuple[Topic, Subscription]:
    from sesauditd.aws.topics import Topics
    from sesauditd.onboard.topics import Subscription, Topic

    topics = Topics(clients)
    return (
        Topic(topics=topics, topic=arn.rpartition(":")[2], arn=arn, ownership=ownership),
        Subscription(
            subscriptions=topics,
            topic_arn=arn,
            queue_arn=expected.queue_arn,
            dead_letters_arn="",
        ),
    )
