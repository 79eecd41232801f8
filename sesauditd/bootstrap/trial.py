"""Builds the closed loop of one domain: settings and a login to what became of its mail."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sesauditd.bootstrap.checkup import examine_aws, registered_in, server_of
from sesauditd.bootstrap.program import application, now
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.tempo import Tempo
    from sesauditd.config.settings import Settings
    from sesauditd.onboard.credentials import Server
    from sesauditd.onboard.loop import Probe, Trace
    from sesauditd.onboard.submission import Login

TOKEN_BYTES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of each probe, and the sentence that names what is broken."""

    daemon_lives: bool
    traces: Sequence[Trace] = ()
    broken: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which domain is tried, how its site logs in and where, and how long is waited."""

    domain: str
    login: Login
    probes: Sequence[Probe]
    server: Server | None = None
    wait_seconds: float = 60.0


async def check_daemon(settings: Settings, domain: str) -> bool:
    """Return whether a daemon lives; raises Refused for a domain that is not registered."""
    async with application(settings) as program:
        await _owner(program, domain)
        return await _daemon_lives(program)


async def trial(
    settings: Settings,
    wanted: Wanted,
    *,
    clock: Callable[[], datetime],
    tempo: Tempo | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> Tried:
    """Send the probes, follow them to their rows, and look for the link that is broken.

    Nothing is sent without a living daemon. Raises Refused for a domain that is not
    registered, and without a region.
    """
    server = wanted.server or server_of(settings)
    if server is None:
        raise Refused("which region? Write region into [aws] of the configuration")
    async with application(settings, clock=clock) as program:
        await _owner(program, wanted.domain)
        if not await _daemon_lives(program):
            return Tried(daemon_lives=False)
        traces = await _traces(program, wanted, server, on_step)
        return Tried(
            daemon_lives=True,
            traces=traces,
            broken=await _broken(program, wanted, traces, tempo),
        )


async def _traces(
    program: Application, wanted: Wanted, server: Server, on_step: Callable[[], None]
) -> Sequence[Trace]:
    from sesauditd.onboard.loop import Trial
    from sesauditd.onboard.submission import hand_in
    from sesauditd.store.tracing import Tracing

    running = Trial(
        domain=wanted.domain,
        sender=f"wordpress@{wanted.domain}",
        token=secrets.token_hex(TOKEN_BYTES),
        hand_in=partial(hand_in, server, wanted.login),
        records=Tracing(program.database),
        clock=program.clock,
        on_step=on_step,
        wait_seconds=wanted.wait_seconds,
    )
    return await running.run(wanted.probes)


async def _broken(
    program: Application, wanted: Wanted, traces: Sequence[Trace], tempo: Tempo | None
) -> str | None:
    from sesauditd.onboard.diagnosis import broken_link, is_whole

    if is_whole(wanted.domain, traces):
        return None
    settings = program.settings
    own = [one for one in await registered_in(program) if one.name == wanted.domain]
    found = await examine_aws(
        settings, clock=program.clock, domains=own, database=program.database, tempo=tempo
    )
    return broken_link(
        wanted.domain,
        traces,
        found.findings,
        [user for one in found.domains for user in one.users],
        login=wanted.login.user,
        region=settings.aws.region or "",
    )


async def _owner(program: Application, domain: str) -> None:
    from sesauditd.store.register import owner_of

    async with program.database.read() as connection:
        await owner_of(connection, domain)


async def _daemon_lives(program: Application) -> bool:
    from sesauditd.store.leases import DAEMON, alive

    # A heartbeat is by the machine's clock, whatever the program's says.
    async with program.database.read() as connection:
        return await alive(connection, DAEMON, now())
