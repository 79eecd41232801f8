"""Starts the sandbox: moto, the front and the mail server, on this loop or in a thread."""

from __future__ import annotations

import asyncio
import os
import threading
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from sesauditd.errors import Failed
from sesauditd.sandbox import parts as making
from sesauditd.sandbox import topic_attributes, upstream
from sesauditd.sandbox.admin import Admin
from sesauditd.sandbox.backend import moto_server
from sesauditd.sandbox.dns import dns_server
from sesauditd.sandbox.dns_page import DnsPage
from sesauditd.sandbox.front import LARGEST_BODY, Front
from sesauditd.sandbox.looking import Looking
from sesauditd.sandbox.mail.smtp import smtp_server
from sesauditd.sandbox.parts import Options, Parts
from sesauditd.sandbox.routing import Routes

if TYPE_CHECKING:
    from sesauditd.sandbox.authorization import Authorization
    from sesauditd.sandbox.clock import SandboxClock
    from sesauditd.sandbox.faults import Faults
    from sesauditd.sandbox.mail.office import Office
    from sesauditd.sandbox.recording import Recording
    from sesauditd.sandbox.ses.state import Ses
    from sesauditd.sandbox.zones import Zones

__all__ = ["Options", "Sandbox", "opened", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A sandbox that runs: where it is, and its parts for a look inside."""

    host: str
    port: int
    smtp_port: int
    dns_port: int
    region: str
    account_id: str
    clock: SandboxClock
    faults: Faults
    recording: Recording
    authorization: Authorization
    ses: Ses
    zones: Zones
    office: Office

    @property
    def url(self) -> str:
        """Return the address of the front: the `endpoint_url` of every service."""
        return f"http://{self.host}:{self.port}"


@asynccontextmanager
async def opened(options: Options) -> AsyncIterator[Sandbox]:
    """Run a sandbox on this loop while the block runs; raises Failed if a port is taken."""
    async with AsyncExitStack() as stack:
        moto_url = await stack.enter_async_context(moto_server())
        session = await stack.enter_async_context(upstream.session())
        parts = making.made(options)
        app = _application(options, parts, upstream.Upstream(session, moto_url, options.elsewhere))
        await stack.enter_async_context(_telling(parts.office))
        door = smtp_server(parts.office.smtp, host=options.host, port=options.smtp_port)
        with _taken(options.host, options.smtp_port):
            smtp_port = await stack.enter_async_context(door)
        resolving = dns_server(parts.zones.lookup, host=options.host, port=options.dns_port)
        with _taken(options.host, options.dns_port):
            dns_port = await stack.enter_async_context(resolving)
        with _taken(options.host, options.port):
            port = await stack.enter_async_context(_served(app, options))
        yield Sandbox(
            host=options.host,
            port=port,
            smtp_port=smtp_port,
            dns_port=dns_port,
            region=options.region,
            account_id=options.account_id,
            clock=parts.clock,
            faults=parts.faults,
            recording=parts.recording,
            authorization=parts.authorization,
            ses=parts.ses,
            zones=parts.zones,
            office=parts.office,
        )


@asynccontextmanager
async def start(options: Options) -> AsyncIterator[Sandbox]:
    """Run a sandbox in a thread of its own, so that a busy or blocking caller cannot stop it.

    One process runs one at a time, since moto keeps its state in the process.
    """
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


@contextmanager
def _taken(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed(
            f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}; name another port"
        ) from error


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


def _application(options: Options, parts: Parts, elsewhere: upstream.Upstream) -> web.Application:
    front = Front(
        answering=Routes(parts.api, elsewhere),
        guards=making.guards(options, parts),
        amendments=[
            parts.boundaries.amend,
            parts.queue_policies.amend,
            parts.zones.amend,
            topic_attributes.amend,
        ],
        faults=parts.faults,
        recording=parts.recording,
        clock=parts.clock,
    )
    app = web.Application(client_max_size=LARGEST_BODY)
    advance = parts.office.postman.advance
    Admin(parts.recording, parts.faults, parts.clock, advance).add_to(app)
    DnsPage(parts.zones).add_to(app)
    Looking(parts.ses, parts.boundaries, parts.office).add_to(app)
    app.router.add_route("*", "/{path:.*}", front.receive)
    return app


@asynccontextmanager
async def _telling(office: Office) -> AsyncIterator[None]:
    """Tell what became of mail, when it is due, while the block runs."""
    stop = asyncio.Event()
    # No task group: it would wrap the errors of the block, which are told to a person.
    task = asyncio.create_task(office.postman.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


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
