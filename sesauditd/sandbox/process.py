"""The sandbox as a process of its own: until a signal ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import TypeAlias

from sesauditd.sandbox.furnish import Furnished, furnish
from sesauditd.sandbox.running import Options, Sandbox, opened

Started: TypeAlias = Callable[[Sandbox, Furnished | None], None]


async def run(options: Options, domains: Sequence[str], started: Started) -> None:
    """Run a sandbox until SIGINT or SIGTERM; with domains, an account is furnished for them.

    `started` is called once everything answers. Raises Failed if a port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with opened(options) as sandbox:
        started(sandbox, await _furnished(sandbox, domains))
        await stop.wait()


async def _furnished(sandbox: Sandbox, domains: Sequence[str]) -> Furnished | None:
    if not domains:
        return None
    return await asyncio.to_thread(
        furnish, sandbox.url, domains, region=sandbox.region, account_id=sandbox.account_id
    )
