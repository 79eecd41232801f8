"""Turns of the processes that write one SQLite file: a commit never meets another's checkpoint.

SQLite 3.7.0 to 3.51.2 can lose commits when one connection carries the log over into the file
while another commits (the WAL-reset bug, sqlite.org/wal.html). Each process checkpoints only
as a part of its own commit, and who holds this lock is the only one who commits.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sesauditd.errors import Busy, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SUFFIX: Final = ".turns"
LOOK_SECONDS: Final = 0.005
"""Between two looks whether another process is done."""


@dataclass(slots=True)
class Turns:
    """The lock beside one database file, opened at its first use."""

    file: Path
    wait_seconds: float
    _number: int | None = field(default=None, init=False)

    @asynccontextmanager
    async def mine(self) -> AsyncIterator[None]:
        """Hold the turn while the block runs; writers of this process come one at a time.

        Raises Busy when another process keeps it for too long, Refused without a lock file.
        """
        number = self._opened()
        ends_at = time.monotonic() + self.wait_seconds
        while not _taken(number):
            if time.monotonic() >= ends_at:
                raise Busy(
                    "the database stays locked by another process: try again when it is done"
                )
            await asyncio.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(number, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the lock file; it stays, or two processes could lock two files of one name."""
        if self._number is not None:
            os.close(self._number)
            self._number = None

    def _opened(self) -> int:
        if self._number is None:
            path = self.file.with_name(self.file.name + SUFFIX)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                self._number = os.open(path, flags, 0o600)
            except OSError as error:
                raise Refused(f"the lock file {path} cannot be opened: {error.strerror}") from error
        return self._number


def _taken(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
