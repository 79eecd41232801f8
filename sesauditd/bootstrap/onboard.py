"""Builds what onboards domains: settings and clients to the workflow, its notes, its claims."""

from __future__ import annotations

import asyncio
import os
import platform
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.bootstrap.onboarding import administration, desired_by
from sesauditd.bootstrap.program import now
from sesauditd.errors import Busy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.aws.identities import Identities
    from sesauditd.aws.sets import Sets
    from sesauditd.bootstrap.onboarding import Administration
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.model.newcomer import Asked
    from sesauditd.model.plan import Plan
    from sesauditd.onboard.access_keys import KeyMaker, NewKey
    from sesauditd.onboard.batch import Batch
    from sesauditd.onboard.credentials import Credentials
    from sesauditd.onboard.onboarding import Onboarding
    from sesauditd.onboard.onboarding_ground import Ground
    from sesauditd.onboard.onboarding_stages import Adapters, Layout
    from sesauditd.onboard.onboarding_wait import Verification, Waiting
    from sesauditd.store.engine import Database
    from sesauditd.store.leases import Leases

CLAIM = "onboard"
"""How the leases of domains begin that somebody works on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarder:
    """Everything that onboarding domains needs, over one account and one database."""

    ground: Ground
    batch: Batch
    onboarding: Onboarding
    administration: Administration

    async def look(self) -> Plan:
        """Return what is in the way of every domain; raises Unavailable or Forbidden."""
        return await self.ground.look()

    async def verified(
        self, domains: Sequence[str], waiting: Waiting, on_found: Callable[[str], None]
    ) -> Mapping[str, Verification]:
        """Wait until SES has found the records of the domains, or the time is over."""
        from sesauditd.aws.identities import Identities
        from sesauditd.onboard.onboarding_wait import verified

        ses = Identities(self.administration.clients)
        return await verified(domains, ses, waiting, on_found)


@asynccontextmanager
async def onboarder(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    tempo: Tempo | None = None,
    take_over: bool = False,
) -> AsyncIterator[Onboarder]:
    """Open everything that onboarding needs; raises as `administration`.

    With `take_over` what stands under a domain's names without our tag becomes ours.
    """
    async with administration(settings, clock=clock, tempo=tempo) as opened:
        yield _onboarder(opened, take_over=take_over)


async def remembered(settings: Settings, domains: Sequence[str]) -> Mapping[str, Asked]:
    """Return what was asked for these domains, or how they are registered; needs no AWS."""
    from sesauditd.bootstrap.program import application
    from sesauditd.store.newcomers import Newcomers

    async with application(settings) as program:
        register = Newcomers(log=program.log, clock=program.clock)
        found = {domain: await register.remembered(domain) for domain in domains}
    return {domain: asked for domain, asked in found.items() if asked is not None}


def layout(opened: Administration, *, take_over: bool = False) -> Layout:
    """Return how the installation onboards; raises Refused for a topic of another account."""
    from sesauditd.onboard.onboarding_stages import Layout
    from sesauditd.onboard.ownership import Ownership

    settings = opened.program.settings
    account = desired_by(opened)
    return Layout(
        account=opened.account,
        topic_arn=account.topic_arn,
        mail_from_label=settings.onboarding.mail_from,
        dmarc_rua=settings.onboarding.dmarc_rua,
        ownership=Ownership(installation=opened.account.installation, take_over=take_over),
    )


def adapters(opened: Administration) -> Adapters:
    """Return the services that onboarding asks."""
    from sesauditd.aws.identities import Identities
    from sesauditd.aws.sets import Sets

    return _adapters(opened, Sets(opened.clients), Identities(opened.clients))


def _adapters(opened: Administration, sets: Sets, identities: Identities) -> Adapters:
    from sesauditd.aws.tenants import Tenants
    from sesauditd.aws.users import Users
    from sesauditd.aws.zones import Zones
    from sesauditd.onboard.dns import Resolver
    from sesauditd.onboard.onboarding_stages import Adapters

    users = Users(opened.clients)
    return Adapters(
        sets=sets,
        destinations=sets,
        identities=identities,
        senders=identities,
        users=users,
        policies=users,
        hosted=Zones(opened.clients),
        dns=Resolver(opened.program.settings.onboarding.resolver),
        tenants=Tenants(opened.clients),
    )


def key_maker(opened: Administration) -> KeyMaker:
    """Return what makes the access keys of domains' users."""
    from sesauditd.aws.users import Users
    from sesauditd.onboard.access_keys import PATIENCE_SECONDS, KeyMaker
    from sesauditd.store.access_keys import KeyNotes

    program = opened.program
    patience = opened.engine.patience_seconds
    return KeyMaker(
        keys=Users(opened.clients),
        notes=KeyNotes(database=program.database, clock=program.clock),
        # As patient as the engine, but with a person before the screen.
        patience_seconds=[min(pair) for pair in zip(patience, PATIENCE_SECONDS, strict=False)],
    )


def login(opened: Administration) -> Callable[[str, NewKey], Credentials]:
    """Return what turns a domain's new key into the login of its sites."""
    from sesauditd.onboard.credentials import Credentials, Server, host_of, smtp_password

    smtp, region = opened.program.settings.smtp, opened.account.region
    server = Server(host=smtp.host or host_of(region), port=smtp.port)

    def derived(domain: str, key: NewKey) -> Credentials:
        password = smtp_password(key.secret, region)
        return Credentials(domain=domain, server=server, user=key.id, password=password)

    return derived


@asynccontextmanager
async def claimed(database: Database, domain: str) -> AsyncIterator[None]:
    """Hold a domain against other processes that would set it up or take it down.

    Raises Busy while another one has it. What a process of this machine held that has died is
    free at once, that of another machine after half a minute.
    """
    from sesauditd.daemon.lease import Lease
    from sesauditd.store.leases import Leases

    leases, name = Leases(database), f"{CLAIM}:{domain}"
    owner = f"{platform.node()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
    await _free_of_the_dead(database, leases, name)
    lease = Lease(leases=leases, name=name, owner=owner, clock=now, is_short=True)
    if not await lease.renew():
        raise Busy(f"another sesauditd works on {domain} just now: run this again in a minute")
    stop = asyncio.Event()
    beating = asyncio.create_task(lease.run(stop))
    try:
        yield
    finally:
        stop.set()
        await beating
        await lease.release()


async def _free_of_the_dead(database: Database, leases: Leases, name: str) -> None:
    from sesauditd.store.leases import holder

    async with database.read() as connection:
        found = await holder(connection, name, now())
    node, _, rest = (found or "").partition("/")
    process = rest.partition("/")[0]
    if node != platform.node() or not process.isdigit():
        return
    with suppress(PermissionError):
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            await leases.release(name, found or "")


def _onboarder(opened: Administration, *, take_over: bool) -> Onboarder:
    from sesauditd.aws.identities import Identities
    from sesauditd.aws.sets import Sets
    from sesauditd.onboard.batch import Batch
    from sesauditd.onboard.onboarding import Onboarding
    from sesauditd.store.newcomers import Newcomers

    program = opened.program
    sets, identities = Sets(opened.clients), Identities(opened.clients)
    laid_out = layout(opened, take_over=take_over)
    onboarding = Onboarding(
        engine=opened.engine,
        layout=laid_out,
        adapters=_adapters(opened, sets, identities),
        register=Newcomers(log=program.log, clock=program.clock),
        keys=key_maker(opened),
        steps=opened.steps,
        claim=lambda domain: claimed(program.database, domain),
    )
    return Onboarder(
        ground=_ground(opened, laid_out.topic_arn),
        batch=Batch(
            one=onboarding,
            login=login(opened),
            listings=(sets.names.listed, identities.names.listed),
        ),
        onboarding=onboarding,
        administration=opened,
    )


def _ground(opened: Administration, topic_arn: str) -> Ground:
    from sesauditd.aws.access import Access
    from sesauditd.aws.mail import Mail
    from sesauditd.aws.topics import Topics
    from sesauditd.onboard.onboarding_ground import Ground

    clients = opened.clients
    return Ground(
        account=opened.account,
        topic_arn=topic_arn,
        topic=Topics(clients).topic,
        policy=Access(clients).policy,
        ses=Mail(clients).account,
    )
