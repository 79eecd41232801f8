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

    from sesauditd.bootstrap.reloading import Course
    from sesauditd.daemon.supervisor import Service
    from sesauditd.daemon.watchdog import Progress, Watchdog

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


async def daemon(course: Course, *, clock: Callable[[], datetime]) -> None:
    """Run until SIGTERM or SIGINT, then finish what is in hand within 30 seconds.

    At SIGHUP too, and then all parts are put together anew from new settings, in the same
    process and under the same lock. AWS that is away at the start, and a database that is
    locked then, are waited for. Raises Refused for settings that cannot be right, Busy while
    another daemon works on the same database, Forbidden for credentials that AWS does not take,
    Broken when the database cannot be trusted any more.
    """
    from sesauditd.bootstrap.reloading import check_admissible
    from sesauditd.daemon.supervisor import hangups

    check_admissible(course.settings, course.environment)
    with alone(course.settings) as ended, hangups(course.asked):
        await check_database(course.settings, ended=ended)
        while await _goes_on(course, clock):
            log.info("daemon_reloads")


async def _goes_on(course: Course, clock: Callable[[], datetime]) -> bool:
    """Run with the settings of this moment; return whether to begin anew with those of then."""
    from sesauditd.daemon.supervisor import unless_stopped
    from sesauditd.errors import SesauditdError

    async with AsyncExitStack() as stack:
        try:
            running = await unless_stopped(_opened(stack, course, clock))
        except SesauditdError as error:
            course.go_back(error)
            return True
        if running is None:
            return False
        course.hold()
        return await supervised(running, course.environment, course)


async def _opened(stack: AsyncExitStack, course: Course, clock: Callable[[], datetime]) -> Live:
    """Open all parts, trying again for as long as what is in the way can go away by itself."""
    from sesauditd.daemon.backoff import Backoff, rest
    from sesauditd.errors import Busy, Unavailable

    backoff = Backoff()
    while True:
        try:
            return await stack.enter_async_context(live(course.settings, clock=clock))
        except (Busy, Unavailable) as error:
            log.warning("start_waits", reason=str(error))
        if await rest(course.asked, backoff.next_seconds()):
            course.renew()


async def supervised(
    running: Live, environment: Mapping[str, str], course: Course | None = None
) -> bool:
    """Let all parts work until a signal, telling systemd how they are.

    Return whether they ended only to begin anew with the new settings of the course.
    """
    from sesauditd import __version__
    from sesauditd.daemon.garbage import leave_what_is_there
    from sesauditd.daemon.supervisor import supervise
    from sesauditd.daemon.watchdog import Progress, Watchdog

    mark = Progress("jobs", JOBS_HANG_SECONDS)
    running.jobs.turned = mark.turned
    watchdog = Watchdog.from_environment(environment, [*running.poller.marks, mark])

    held = await running.lease.renew()
    leave_what_is_there()
    watchdog.ready()
    log.info("daemon_ready", version=__version__, lease_held=held)
    try:
        ended_by = await supervise(
            {
                **_services(running),
                "dashboard": _dashboard(running, watchdog.marks),
                "watchdog": watchdog.run,
                "farewell": _farewell(watchdog, course),
                **({} if course is None else {"course": course.run}),
            },
            stop=asyncio.Event(),
            grace_seconds=GRACE_SECONDS,
        )
    finally:
        await running.lease.release()
    goes_on = course is not None and course.is_new and not ended_by
    if not goes_on:
        log.info("daemon_stopped")
    return goes_on


def _farewell(watchdog: Watchdog, course: Course | None) -> Service:
    """Return what tells systemd of the end when it begins."""

    async def tell(stop: asyncio.Event) -> None:
        await stop.wait()
        watchdog.ending(to_reload=course is not None and course.is_new)

    return tell


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
    alerting = Duty(
        "alerts", metered("alerts", running.alerts.tick, meters), lambda: lease.held, ALERTS_SECONDS
    )
    keeping = Duty(
        "keeper", metered("keeper", running.keeper.tick, meters), lambda: lease.held, KEEPER_SECONDS
    )
    watching = Duty(
        "watch", metered("watch", running.intake.tick, meters), lambda: lease.held, WATCH_SECONDS
    )
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
