"""Starts the sandbox: moto, SES, the front and the mail server, on this loop or its own."""

from __future__ import annotations

import asyncio
import threading
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from sesauditd.sandbox import upstream
from sesauditd.sandbox.admin import Admin
from sesauditd.sandbox.authorization import Authorization
from sesauditd.sandbox.backend import HOST, moto_server
from sesauditd.sandbox.boundaries import Boundaries
from sesauditd.sandbox.callers import Callers
from sesauditd.sandbox.clock import SandboxClock
from sesauditd.sandbox.faults import Faults
from sesauditd.sandbox.front import LARGEST_BODY, Front, Guard
from sesauditd.sandbox.limits import Limits
from sesauditd.sandbox.pace import Pace, TokenBucket
from sesauditd.sandbox.recording import Recording
from sesauditd.sandbox.zones import Zones

ACCOUNT_ID = "123456789012"
REGION = "eu-central-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox is to be.

    `port` 0 takes a free one. `elsewhere` names another emulator's URL for a service ("sqs").
    `ses_calls_per_second` holds SES's control plane to a rate (ses-facts 9), None lets it run.
    `ignore_case` says whether SES honours IgnoreCase operators (ses-facts 4.1, [?]).
    """

    clock: Callable[[], datetime]
    host: str = HOST
    port: int = 0
    smtp_port: int = 0
    region: str = REGION
    account_id: str = ACCOUNT_ID
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    ses_calls_per_second: float | None = None
    ignore_case: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A sandbox that runs: where it is, and its parts for a look inside."""

    host: str
    port: int
    smtp_port: int
    region: str
    account_id: str
    clock: SandboxClock
    faults: Faults
    recording: Recording
    authorization: Authorization

    @property
    def url(self) -> str:
        """Return the address of the front: the `endpoint_url` of every service."""
        return f"http://{self.host}:{self.port}"


@asynccontextmanager
async def opened(options: Options) -> AsyncIterator[Sandbox]:
    """Run a sandbox on this loop while the block runs."""
    clock = SandboxClock(options.clock)
    faults, recording = Faults(), Recording()
    boundaries = Boundaries(options.account_id)
    authorization = Authorization(
        options.account_id, boundaries=boundaries.by_user, ignore_case=options.ignore_case
    )
    async with AsyncExitStack() as stack:
        moto_url = await stack.enter_async_context(moto_server())
        session = await stack.enter_async_context(upstream.session())
        front = Front(
            answering=upstream.Upstream(session, moto_url, options.elsewhere),
            guards=_guards(options, authorization, boundaries),
            amend=boundaries.amend,
            faults=faults,
            recording=recording,
            clock=clock,
        )
        app = web.Application(client_max_size=LARGEST_BODY)
        Admin(recording, faults, clock).add_to(app)
        app.router.add_route("*", "/{path:.*}", front.receive)
        port = await stack.enter_async_context(_served(app, options))
        yield Sandbox(
            host=options.host,
            port=port,
            smtp_port=0,
            region=options.region,
            account_id=options.account_id,
            clock=clock,
            faults=faults,
            recording=recording,
            authorization=authorization,
        )


@asynccontextmanager
async def start(options: Options) -> AsyncIterator[Sandbox]:
    """Run a sandbox in a thread of its own, so that a busy or blocking caller cannot stop it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    begun: Future[Sandbox] = Future()
    stop = asyncio.Event()
    held = _elsewhere(_hold(options, begun, stop), loop)
    try:
        await _either(asyncio.wrap_future(begun), held)
        if begun.done():
            yield begun.result()
            loop.call_soon_threadsafe(stop.set)
        await held
    finally:
        loop.call_soon_threadsafe(stop.set)
        await asyncio.wait({held})
        await _elsewhere(loop.shutdown_default_executor(), loop)
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()


def _guards(
    options: Options, authorization: Authorization, boundaries: Boundaries
) -> Sequence[Guard]:
    """Return what stands before the emulators, in order."""
    account_id = options.account_id
    guards: list[Guard] = [
        Callers(authorization).stop,
        Limits(account_id).stop,
        boundaries.stop,
        Zones(account_id).stop,
    ]
    if options.ses_calls_per_second is not None:
        guards.insert(0, Pace(TokenBucket(options.ses_calls_per_second)).stop)
    return guards


async def _hold(options: Options, begun: Future[Sandbox], stop: asyncio.Event) -> None:
    async with opened(options) as sandbox:
        begun.set_result(sandbox)
        await stop.wait()


async def _either(begun: asyncio.Future[Sandbox], held: asyncio.Future[None]) -> None:
    waiting: set[asyncio.Future[Sandbox] | asyncio.Future[None]] = {begun, held}
    await asyncio.wait(waiting, return_when=FIRST_COMPLETED)


def _elsewhere(
    work: Coroutine[object, object, None], loop: asyncio.AbstractEventLoop
) -> asyncio.Future[None]:
    return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


@asynccontextmanager
async def _served(app: web.Application, options: Options) -> AsyncIterator[int]:
    """Listen while the block runs, and yield the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port)
        await site.start()
        _host, port, *_ = runner.addresses[0]
        yield port
    finally:
        await runner.cleanup()
