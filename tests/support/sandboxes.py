"""Sandboxes for tests: in this process, or as a process of its own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

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
