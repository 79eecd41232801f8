"""Builds the nightly copy of the database in the archive; the last fourteen are kept."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from sesauditd.daemon.failpoint import reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sesauditd.aws.shelf import Shelf
    from sesauditd.model.owed import Period

KEPT = 14
PLACE = "backup/"
LATE = timedelta(days=1)
QUICK = 1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nightly:
    """Copies one SQLite file into the archive, beside the raw messages."""

    file: Path | None
    """None for a server's database, which has means of its own."""
    shelf: Shelf
    prefix: str
    turned: Callable[[], None]
    """Called as work goes on, for whoever watches that it does."""

    async def run(self, period: Period, now: datetime) -> None:
        """Copy, pack and store the database, then remove all but the last fourteen.

        Only for the last night: nobody needs a copy of today for each night that was missed.
        Raises Failed if archive or disk refuse; Broken if the database is damaged.
        """
        if self.file is None or period.end + LATE < now:
            return
        packed = self.file.with_name(f"{self.file.name}.nightly.gz")
        try:
            rows, digest = await asyncio.to_thread(self._packed, self.file, packed)
            reach("nightly.packed")
            await self._store(packed, digest, now)
        finally:
            packed.unlink(missing_ok=True)
        reach("nightly.stored")
        await self._forget()
        log.info("backup_kept", rows=rows)

    def _packed(self, file: Path, packed: Path) -> tuple[int, bytes]:
        from sesauditd.store.backup import back_up

        copy = file.with_name(f"{file.name}.nightly")
        try:
            made = back_up(file, copy, lambda _done, _total: self.turned())
            with copy.open("rb") as source, gzip.open(packed, "wb", QUICK) as target:
                packed.chmod(0o600)
                shutil.copyfileobj(source, target, 1024 * 1024)
            with packed.open("rb") as body:
                return sum(made.rows.values()), hashlib.file_digest(body, "sha256").digest()
        finally:
            copy.unlink(missing_ok=True)

    async def _store(self, packed: Path, digest: bytes, now: datetime) -> None:
        key = f"{PLACE}{now:%Y%m%dT%H%M%SZ}-{digest.hex()}.db.gz"
        whole = f"{self.prefix}/{key}" if self.prefix else key
        with await asyncio.to_thread(packed.open, "rb") as body:
            size = body.seek(0, os.SEEK_END)
            body.seek(0)
            await self.shelf.store(whole, body, size, digest)

    async def _forget(self) -> None:
        place = f"{self.prefix}/{PLACE}" if self.prefix else PLACE
        # Their names begin with their times.
        found = [one.key for one in await self.shelf.items(place) if one.key.endswith(".db.gz")]
        await self.shelf.remove(sorted(found)[:-KEPT])
