"""Puts a whole new database file in the place of the old one, which stays beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sesauditd.daemon.failpoint import reach
from sesauditd.errors import Failed
from sesauditd.store.backup import flush
from sesauditd.store.soundness import check_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

LOG: Final = "-wal"
SHARED: Final = "-shm"


def kept_as(file: Path, now: datetime) -> Path:
    """Return the name under which the old file stays."""
    return file.with_name(f"{file.name}.before-{now:%Y%m%dT%H%M%S}")


def swap(new: Path, file: Path, now: datetime) -> Path | None:
    """Put a closed, checked file in the place of another; return where the old one is now.

    Both stay whole whenever this ends: the old file and its log have a second name before the
    log's first one goes, and only then does the new file take the place. A log that stayed
    would be read into the new file. Raises Broken if the new file is not whole, Failed if the
    disk refuses.
    """
    check_file(new)
    try:
        flush(new)
        old = _second_name(file, now)
        reach("rebuild.kept")
        for suffix in (LOG, SHARED):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        reach("rebuild.alone")
        new.replace(file)
        flush(file.parent)
    except OSError as error:
        raise Failed(f"{error.filename or file}: {error.strerror}") from error
    reach("rebuild.swapped")
    return old


def discard(new: Path) -> None:
    """Remove what an earlier rebuild left half done."""
    for suffix in ("", LOG, SHARED, ".turns"):
        new.with_name(new.name + suffix).unlink(missing_ok=True)


def _second_name(file: Path, now: datetime) -> Path | None:
    if not file.exists():
        return None
    old = kept_as(file, now)
    log = file.with_name(file.name + LOG)
    if log.exists():
        os.link(log, old.with_name(old.name + LOG))
    os.link(file, old)
    flush(file.parent)
    return old
