"""Runs the daemon: one process lock, all parts under one supervisor, signs of life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from sesauditd.bootstrap.live import Live, live
from sesauditd.bootstrap.program import alone
from sesauditd.bootstrap.starting import check_database
from sesauditd.daemon.duty import Duty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sesauditd.config.settings import Settings
    from sesauditd.daemon.supervisor import Service
    from sesauditd.daemon.watchdog import Progress

GRACE_SECONDS = 26.0
"""After SIGTERM; systemd and people expect an end within 30 seconds."""
POST_SECONDS = 2.0
ALERTS_SECONDS = 5.0
EXECUTOR_SECONDS = 1.0
KEEPER_SECONDS = 30.0
WATCH_SECONDS = 1.0
JOBS_HANG_SECONDS = 600.0
"""The longest that one job may take without a sign of life."""

log = structlog.get_logger()


async def daemon(
    settings: Settings, environment: Mapping[str, str], *, clock: Callable[[], datetime]
) -> None:
    """Run until SIGTERM or SIGINT, then finish what is in hand within 30 seconds.

    AWS that is away at the start, and a database that is locked then, are waited for. Raises
    Refused for settings that cannot be right, Busy while another daemon works on the same
    database, Forbidden for credentials that AWS does not take, Broken when the database cannot
    be trusted any more.
    """
    from sesauditd.aws.clients import endpoint_conflicts
    from sesauditd.bootstrap.dashboard import entrance
    from sesauditd.daemon.supervisor import unless_stopped
    from sesauditd.errors import Refused

    conflict = endpoint_conflicts(environment, settings.aws.endpoint_url)
    if conflict is not None:
        raise Refused(conflict)
    entrance(settings)
    with alone(settings) as ended:
        await check_database(settings, ended=ended)
        async with AsyncExitStack() as stack:
            running = await unless_stopped(_opened(stack, settings, clock))
            if running is not None:
                await supervised(running, environment)


async def _opened(stack: AsyncExitStack, settings: Settings, clock: Callable[[], datetime]) -> Live:
    """Open all parts, trying again for as long as what is in the way can go away by itself."""
    from sesauditd.daemon.backoff import Backoff
    from sesauditd.errors import Busy, Unavailable

    backoff = Backoff()
    while True:
        try:
            return await stack.enter_async_context(live(settings, clock=clock))
        except (Busy, Unavailable) as error:
            log.warning("start_waits", reason=str(error))
        await asyncio.sleep(backoff.next_seconds())


async def supervised(running: Live, environment: Mapping[str, str]) -> None:
    """Let all parts work until a signal, telling systemd how they are."""
    from sesauditd import __version__
    from sesauditd.daemon.supervisor import supervise
    from sesauditd.daemon.watchdog import Progress, Watchdog

    mark = Progress("jobs", JOBS_HANG_SECONDS)
    running.jobs.turned = mark.turned
    watchdog = Watchdog.from_environment(environment, [*running.poller.marks, mark])

    async def farewell(stop: asyncio.Event) -> None:
        await stop.wait()
        watchdog.notifier.stopping()

    held = await running.lease.renew()
    watchdog.notifier.ready()
    log.info("daemon_ready", version=__version__, lease_held=held)
    try:
        await supervise(
            {
                **_services(running),
                "dashboard": _dashboard(running, watchdog.marks),
                "watchdog": watchdog.run,
                "farewell": farewell,
            },
            stop=asyncio.Event(),
            grace_seconds=GRACE_SECONDS,
        )
    finally:
        await running.lease.release()
    log.info("daemon_stopped")


def _services(running: Live) -> dict[str, Service]:
    """Return what works side by side, each until it is told to stop."""
    from sesauditd.bootstrap.metering import metered

    lease, jobs, meters = running.lease, running.jobs, running.meters
    executing = Duty(
        "executor",
        metered("executor", running.executor.tick, meters),
        # While the clock cannot be trusted nobody is stopped, blocked or let go.
        lambda: lease.held and jobs.trusts_clock(),
        EXECUTOR_SECONDS,
    )
    posting = Duty(
        "post", metered("post", running.post.tick, meters), lambda: lease.held, POST_SECONDS
    )
    alerting = Duty("alerts", running.alerts.tick, lambda: lease.held, ALERTS_SECONDS)
    keeping = Duty("keeper", running.keeper.tick, lambda: lease.held, KEEPER_SECONDS)
    watching = Duty("watch", running.intake.tick, lambda: lease.held, WATCH_SECONDS)
    return {
        "watch": watching.run,
        "intake": running.poller.run,
        "executor": executing.run,
        "jobs": jobs.run,
        "post": posting.run,
        "alerts": alerting.run,
        "keeper": keeping.run,
        "lease": lease.run,
    }


def _dashboard(running: Live, marks: Sequence[Progress]) -> Service:
    """Return what serves pages, health and metrics."""
    from sesauditd.bootstrap.dashboard import Dashboard, entrance

    at, gate = entrance(running.program.settings)
    return Dashboard(live=running, at=at, gate=gate, marks=marks).run
