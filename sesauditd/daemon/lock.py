"""The process lock: one process at a time works on what lies beside it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sesauditd.errors import Busy, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIX = ".lock"
LONGEST_PID = 20


def lock_file(beside: Path) -> Path:
    """Return the lock file of a database: the same name with `.lock` behind it."""
    return beside.with_name(beside.name + SUFFIX)


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Hold the lock; the system gives it back when the process ends, however it ends.

    Yields whether the last holder came to its end: it did not if its number still stands there.
    Raises Busy, naming the process, while another one holds it; Refused if the file cannot
    be opened. The file stays: removing it would let two processes lock two files of one name.
    """
    number = _opened(path)
    try:
        _lock(number, path)
        ended = os.fstat(number).st_size == 0
        os.ftruncate(number, 0)
        os.pwrite(number, f"{os.getpid()}\n".encode(), 0)
        yield ended
        os.ftruncate(number, 0)
    finally:
        os.close(number)


def _opened(path: Path) -> int:
    # A child that inherited the file would keep the lock after our end.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise Refused(f"the lock file {path} cannot be opened: {error.strerror}") from error


def _lock(number: int, path: Path) -> None:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Busy(
            f"another sesauditd, process {_pid(number)}, holds {path}: stop it first"
        ) from error
    except OSError as error:
        raise Refused(
            f"{path} cannot be locked ({error.strerror}): put the database on a local disk"
        ) from error


def _pid(number: int) -> str:
    return os.pread(number, LONGEST_PID, 0).decode("ascii", "replace").strip() or "unknown"
