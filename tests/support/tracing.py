"""System calls of a running process that fail or kill it, by strace."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.daemons import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HIT = "(INJECTED"


@dataclass(frozen=True, slots=True)
class Trace:
    """What strace wrote of the calls that it watched."""

    file: Path

    def hits(self) -> list[str]:
        """Return the calls that a fault struck."""
        lines = self.file.read_text(errors="replace").splitlines() if self.file.exists() else []
        return [line for line in lines if HIT in line or "killed by SIGKILL" in line]


@contextmanager
def injected(pid: int, database: Path, fault: str) -> Iterator[Trace]:
    """Let calls about a database's file and log go wrong while the block runs.

    A fault is as `strace -e inject=` takes it: `fdatasync:error=EIO`, or
    `pwrite64:signal=SIGKILL:when=3`, which counts for each thread on its own. Skips where strace
    is missing or may not attach to another process.
    """
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("needs strace (Debian's package of that name)")
    trace = Trace(database.with_name(f"strace-{pid}.out"))
    said = database.with_name(f"strace-{pid}.err")
    call, _, _ = fault.partition(":")
    paths = [word for end in ("", "-wal") for word in ("-P", f"{database}{end}")]
    command = [strace, "-f", "-p", str(pid), "-o", str(trace.file), *paths]
    with said.open("wb") as errors:
        running = subprocess.Popen(
            [*command, "-e", f"trace={call}", "-e", f"inject={fault}"], stderr=errors
        )
    try:
        until(lambda: "attached" in said.read_text() or running.poll() is not None, "strace")
        if "attached" not in said.read_text():
            pytest.skip(f"strace may not attach here: {said.read_text().strip()}")
        yield trace
    finally:
        running.terminate()
        running.wait(30)
