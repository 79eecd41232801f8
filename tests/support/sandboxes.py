"""Sandboxes for tests: in this process, or as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp

from sesauditd.sandbox import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sesauditd.sandbox.running import Sandbox

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
"""The operator's own credentials: what IAM does not know is root."""


@asynccontextmanager
async def sandbox(**options: Any) -> AsyncIterator[Sandbox]:
    """Run a sandbox in this process, in a thread of its own, its clock standing at NOW.

    Options are those of `sesauditd.sandbox.running.Options`. One at a time in a process.
    """
    given = {"clock": lambda: NOW, **options}
    async with running.start(running.Options(**given)) as started:
        yield started


@dataclass(frozen=True, slots=True)
class Alone:
    """A sandbox that is a process of its own; `facts` is what it printed."""

    process: asyncio.subprocess.Process
    facts: dict[str, Any]

    @property
    def url(self) -> str:
        """Return the address of its front."""
        return str(self.facts["url"])

    async def admin(self, method: str, page: str, document: Any = None) -> Any:
        """Ask one of its own pages, such as `faults`, and return the JSON document."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}/_sandbox/{page}", json=document) as response,
        ):
            response.raise_for_status()
            return await response.json()


@asynccontextmanager
async def sandbox_alone(*domains: str, arguments: tuple[str, ...] = ()) -> AsyncIterator[Alone]:
    """Run `sesauditd sandbox` as a process, furnished for the domains, and end it by SIGTERM."""
    furnished = [part for domain in domains for part in ("--furnish", domain)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sesauditd", "sandbox", "--port", "0", "--smtp-port", "0", "--json"),
        *furnished,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield Alone(process, json.loads(await _document(process.stdout)))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _document(stream: asyncio.StreamReader) -> str:
    """Read one indented JSON document, which ends with a brace at the beginning of a line."""
    lines: list[str] = []
    while not lines or lines[-1] != "}":
        line = await stream.readline()
        assert line, f"the sandbox ended early: {lines}"
        lines.append(line.decode().rstrip("\n"))
    return "\n".join(lines)
