"""Copies of a database that is at work: whole, looked through, and only then under their name."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Broken, Failed, Refused
from sesauditd.store.soundness import check_file, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PAGES_A_STEP: Final = 256
"""A mebibyte: how often progress is told."""
UNFINISHED: Final = ".unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy that is whole."""

    path: Path
    size_bytes: int
    rows: Mapping[str, int]
    """Table to rows, the same as in the database at the moment of the copy."""


def back_up(file: Path, target: Path, told: Callable[[int, int], None]) -> Backup:
    """Copy a database by SQLite's backup interface and return the copy; 0600, on the disk.

    Others may write meanwhile: the copy is the state of one moment. It is opened anew, checked
    and counted under another name before it takes the place of an older copy. `told` gets the
    pages that are done and their number. Raises Refused for a target that cannot be one, Failed
    if it cannot be written, Broken if what was read is damaged.
    """
    if target.is_dir() or not target.parent.is_dir():
        raise Refused(f"{target} is no place for a file: name one in a folder that exists")
    if target.exists() and file.exists() and target.samefile(file):
        raise Refused(f"{target} is the database itself: name another file")
    unfinished = target.with_name(f"{target.name}{UNFINISHED}")
    try:
        _make(unfinished)
        rows = _copy(file, unfinished, told)
        reach("backup.copied")
        if (found := check_file(unfinished)) != rows:
            raise Broken(f"the copy of {file} holds {found} rows, and not {rows}: try again")
        flush(unfinished)
        reach("backup.checked")
        unfinished.replace(target)
        flush(target.parent)
    except sqlite3.OperationalError as error:
        raise Failed(f"{file} cannot be copied to {target}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Broken(f"{file} is damaged, no copy was made: {error}") from error
    except OSError as error:
        raise Failed(f"{error.filename or target}: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return Backup(path=target, size_bytes=target.stat().st_size, rows=rows)


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _make(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))


def _copy(file: Path, target: Path, told: Callable[[int, int], None]) -> dict[str, int]:
    """Copy one moment's state and return the rows that it had.

    The transaction keeps the moment: without it the copy would begin anew at each commit.
    """
    place = f"{file.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(place, uri=True, isolation_level=None, timeout=30)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        source.execute("PRAGMA query_only=1")
        source.execute("BEGIN")
        rows = counted(source)
        source.backup(
            copy,
            pages=PAGES_A_STEP,
            progress=lambda _status, left, total: told(total - left, total),
        )
        source.execute("ROLLBACK")
        # So that it can be read from a medium that takes no log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    return rows
