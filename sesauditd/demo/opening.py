"""Puts the stage up: the sandbox, what `setup` and `onboard` will make there, the daemon."""

from __future__ import annotations

import asyncio
import random
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp

from sesauditd.demo import world
from sesauditd.demo.clock import DemoClock
from sesauditd.demo.mailing import HOST
from sesauditd.demo.theatre import Theatre
from sesauditd.errors import Failed, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.bootstrap.live import Tempo
    from sesauditd.demo.folder import Setting
    from sesauditd.sandbox.furnish import Furnished
    from sesauditd.sandbox.running import Sandbox

OPERATOR = "you@host.example"
EVENTS = ("REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY")
"""Not the sends: deliveries are counted as well, and half the notifications suffice."""
BATCH_SECONDS = 0.05
DASHBOARD_PORT = 8080
GARBAGE = "%PDF-1.7 this is no notification, and nobody knows how it came here"


@asynccontextmanager
async def opened(setting: Setting, *, port: int = 0, smtp_port: int = 0) -> AsyncIterator[Theatre]:
    """Open the theatre at the beginning of the story, with three customers on board.

    Raises Refused where the extra `sandbox` is not installed.
    """
    try:
        from sesauditd.sandbox import running
    except ImportError as error:
        raise Refused(
            f"the demo needs the extra 'sandbox' ({error.name} is missing): "
            "pip install 'sesauditd[sandbox]'"
        ) from error
    clock = DemoClock(setting.start)
    options = running.Options(clock=clock, port=port, smtp_port=smtp_port)
    async with running.start(options) as sandbox:
        furnished = await asyncio.to_thread(_furnished, sandbox)
        _configure(setting, sandbox, furnished)
        async with _performing(setting, sandbox, furnished, clock) as theatre:
            await _adopt(theatre, setting)
            await asyncio.to_thread(_garbage, sandbox, furnished)
            yield theatre


def _furnished(sandbox: Sandbox) -> Furnished:
    from sesauditd.sandbox.furnish import furnish

    return furnish(
        sandbox.url,
        [sender.domain for one in world.CUSTOMERS for sender in one.senders],
        region=sandbox.region,
        account_id=sandbox.account_id,
        events=EVENTS,
    )


@asynccontextmanager
async def _performing(
    setting: Setting, sandbox: Sandbox, furnished: Furnished, clock: DemoClock
) -> AsyncIterator[Theatre]:
    """Put the daemon beside the sandbox, alone on the demo's database."""
    from sesauditd.bootstrap.live import live
    from sesauditd.config import load
    from sesauditd.daemon.lock import held, lock_file

    # The environment is left out: the demo is the same wherever it is played.
    settings = load(setting.config, {})
    with held(lock_file(setting.database)):
        async with (
            aiohttp.ClientSession(sandbox.url) as admin,
            live(settings, clock=clock, tempo=_tempo()) as daemon,
        ):
            yield Theatre(
                live=daemon,
                furnished=furnished,
                smtp_port=sandbox.smtp_port,
                admin=admin,
                clock=clock,
                draw=random.Random(setting.seed),  # noqa: S311
            )


def _tempo() -> Tempo:
    from sesauditd.aws.clients import Keys
    from sesauditd.bootstrap.live import Tempo
    from sesauditd.ingest.source import Pace
    from sesauditd.sandbox.operator import ROOT_KEY

    return Tempo(
        pace=Pace(batch_seconds=BATCH_SECONDS),
        ses_control_paced=False,
        patience_seconds=(BATCH_SECONDS,),
        mail_seconds=0.0,
        watches_clock=False,
        keys=Keys(key_id=ROOT_KEY, secret=ROOT_KEY),
    )


def _configure(setting: Setting, sandbox: Sandbox, furnished: Furnished) -> None:
    """Write the configuration that the daemon, and commands afterwards, go by."""
    from sesauditd.sandbox.instructions import configuration

    bind = f"{HOST}:{_free_port()}"
    with setting.config.open("a", encoding="utf-8") as file:
        file.write(f"\n{configuration(furnished, sandbox, [OPERATOR])}\n")
        file.write(f'\n[web]\nbind = "{bind}"\n')


def _free_port() -> int:
    """Return the dashboard's usual port, another one where that is taken."""
    for port in (DASHBOARD_PORT, 0):
        with socket.socket() as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind((HOST, port))
            except OSError:
                continue
            return int(trying.getsockname()[1])
    raise Failed(f"no port of {HOST} is free for the dashboard")


async def _adopt(theatre: Theatre, setting: Setting) -> None:
    from sesauditd.store.register import Adoption

    first_act = next(week.monday for week in setting.weeks if week.act)
    await theatre.live.program.adopt(
        [
            Adoption(
                domain=sender.domain,
                customer=one.name,
                contact=one.contact,
                iam_user=theatre.furnished.logins[sender.domain].user,
                since=one.since or first_act,
            )
            for one in world.CUSTOMERS
            for sender in one.senders
        ]
    )


def _garbage(sandbox: Sandbox, furnished: Furnished) -> None:
    """Put something into the queue that is no notification."""
    from sesauditd.sandbox.operator import operator

    with operator(sandbox.url, region=furnished.region, account_id=furnished.account_id) as asking:
        asking.ask("sqs", "SendMessage", QueueUrl=furnished.queue_url, MessageBody=GARBAGE)
