"""Serves the dashboard beside the daemon, in a thread with a loop and connections of its own.

Counting a large customer takes longer than the daemon's loop may stand still, and whether that
loop stands still is what a health check asks.
"""

from __future__ import annotations

import asyncio
import errno
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from sesauditd.bootstrap.program import now
from sesauditd.bootstrap.scraping import Books
from sesauditd.daemon.backoff import rest
from sesauditd.errors import SesauditdError
from sesauditd.store.engine import Database
from sesauditd.web.access import Gate, Place, gate, place
from sesauditd.web.app import Site
from sesauditd.web.health import Pulse
from sesauditd.web.meters import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.bootstrap.parts import Live
    from sesauditd.config.settings import Settings
    from sesauditd.daemon.watchdog import Progress

AGAIN_SECONDS = 30.0
"""Between tries to take a port that is in use, or to serve after it broke."""
COUNTED_SECONDS = 60.0
"""Between two looks whether the ranking has to be counted anew."""
CALM = 50.0
"""Counting rests so many times as long as it took, so that it never takes much of a processor."""
FAREWELL_SECONDS = 2.0
"""What answers under way may take when the daemon ends."""

log = structlog.get_logger()


def entrance(settings: Settings) -> tuple[Place, Gate]:
    """Return where the dashboard listens and who may look; raises Refused as `gate` does."""
    at = place(settings.web.bind)
    return at, gate(at, settings.web.token_file)


def not_listening(error: OSError) -> str:
    """Return in words why nobody can be listened to there, and what to do."""
    match error.errno:
        case errno.EADDRINUSE:
            return "another program listens there: set another port in web.bind, or stop it"
        case errno.EADDRNOTAVAIL | errno.EINVAL:
            return "this machine has no such address: set one of its own in web.bind"
        case errno.EACCES:
            return "that port is kept for root: set one from 1024 on in web.bind"
        case _:
            return str(error)


@dataclass(slots=True, kw_only=True)
class Dashboard:
    """The service that serves; its trouble is logged and never ends the daemon."""

    live: Live
    at: Place
    gate: Gate
    marks: Sequence[Progress]
    """Of the loops that have to turn over."""
    url: str | None = field(default=None, init=False)
    """Where it can be looked at, once it is served."""
    _complained: bool = field(default=False, init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until stopped."""
        while not stop.is_set():
            halt: Future[object] = Future()
            serving = asyncio.create_task(asyncio.to_thread(self._thread, halt))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                halt.cancel()
                stopping.cancel()
                await asyncio.wait({serving})
            if not stop.is_set():
                await rest(stop, AGAIN_SECONDS)

    def _thread(self, halt: Future[object]) -> None:
        try:
            asyncio.run(self._serve(halt))
        except OSError as error:
            self._complain(not_listening(error))
        except SesauditdError as error:
            self._complain(str(error))
        except Exception:
            # The daemon guards people's mail; what only shows it must not end it.
            log.exception("dashboard_broke")
        finally:
            self.url = None

    def _complain(self, reason: str) -> None:
        if not self._complained:
            log.warning(
                "dashboard_not_served", bind=f"{self.at.host}:{self.at.port}", reason=reason
            )
        self._complained = True

    async def _serve(self, halt: Future[object]) -> None:
        database = Database.open(self.live.program.settings.database.url)
        books = self._books(database)
        try:
            site = Site(books=books, pulse=self.pulse, gate=self.gate, metrics_type=CONTENT_TYPE)
            runner = web.AppRunner(
                site.application(), access_log=None, shutdown_timeout=FAREWELL_SECONDS
            )
            await runner.setup()
            try:
                await web.TCPSite(runner, self.at.host or None, self.at.port).start()
                await self._begin(books)
                self._served(runner.addresses[0][1])
                await self._count(books, halt)
            finally:
                await runner.cleanup()
        finally:
            await books.close()
            await database.close()

    async def _begin(self, books: Books) -> None:
        """Count what every look needs; until then pages say that they cannot know yet."""
        try:
            await books.rank()
            await books.warm_up()
        except SesauditdError as error:
            log.warning("ranking_failed", reason=str(error))

    def _served(self, port: int) -> None:
        self._complained = False
        self.url = self.at.url(port)
        log.info("dashboard_ready", url=self.url, token=self.gate.token is not None)

    async def _count(self, books: Books, halt: Future[object]) -> None:
        """Keep fresh what takes long to count, until told to halt."""
        loop = asyncio.get_running_loop()
        halted: asyncio.Future[object] = asyncio.wrap_future(halt)
        due = loop.time()
        try:
            while not halted.done():
                try:
                    await books.count_wanted()
                    if loop.time() >= due:
                        begun = loop.time()
                        await books.rank()
                        took = loop.time() - begun
                        due = loop.time() + max(COUNTED_SECONDS, CALM * took)
                except SesauditdError as error:
                    log.warning("ranking_failed", reason=str(error))
                    due = loop.time() + COUNTED_SECONDS
                looked: asyncio.Future[object] = asyncio.create_task(_told(books.wanted))
                await asyncio.wait(
                    {halted, looked},
                    timeout=max(due - loop.time(), 0),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                looked.cancel()
        finally:
            halted.cancel()

    def pulse(self) -> Pulse:
        """Return how the daemon is; asked from the dashboard's thread, it only reads."""
        live = self.live
        health = live.poller.health
        return Pulse(
            hanging=tuple(sorted(mark.name for mark in self.marks if mark.overdue)),
            paused_because=health.paused_because,
            receiving_fails=health.receiving_fails,
            holds_lease=live.lease.held,
            trusts_clock=live.jobs.trusts_clock(),
        )

    def _books(self, database: Database) -> Books:
        program = self.live.program
        return Books(
            database=database,
            settings=program.settings,
            policies=program.policies,
            clock=program.clock,
            machine_clock=now,
            meters=self.live.meters,
            pulse=self.pulse,
            in_hand=lambda: self.live.poller.health.in_hand,
        )


async def _told(event: asyncio.Event) -> object:
    """Wait for an event."""
    return await event.wait()
