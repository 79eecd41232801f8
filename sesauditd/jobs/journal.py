"""Copies the journal to the archive, so that the store can be made anew from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import structlog

from sesauditd.daemon.failpoint import reach

if TYPE_CHECKING:
    from sesauditd.jobs.account import Notes

OBSERVATION = "journal_copied"
ROWS = 1000
"""Rows of one object."""

Row = Mapping[str, object]
"""One entry as JSON: sequence, at, actor, kind, subject, facts, previous, hash."""

log = structlog.get_logger()


class Rows(Protocol):
    """The journal in the store."""

    async def after(self, sequence: int, limit: int) -> Sequence[Row]:
        """Return at most so many entries after one, in order, all of one UTC day."""
        ...

    async def copied(self) -> int:
        """Return the last sequence number that the archive has, 0 for none."""
        ...


class Archive(Protocol):
    """Keeps objects that never change."""

    async def keep(self, key_suffix: str, body: bytes, sha256: bytes) -> str:
        """Store an object unless it is there already; return its key. Raises Failed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalCopy:
    """Carries new entries over, in order."""

    rows: Rows
    archive: Archive
    notes: Notes

    async def run(self, now: datetime) -> None:
        """Copy what is new; raises Failed if the archive does not take it.

        A crash between an object and its note copies the same entries again, under the same
        key or in a longer object: a reader knows an entry by its sequence number.
        """
        copied = await self.rows.copied()
        while found := await self.rows.after(copied, ROWS):
            body = lines(found)
            digest = hashlib.sha256(body)
            await self.archive.keep(key(found, digest.hexdigest()), body, digest.digest())
            reach("journal.kept")
            copied = _sequence(found[-1])
            await self.notes.remember(OBSERVATION, {"sequence": copied}, now)
            log.info("journal_copied", entries=len(found), last=copied)


def lines(rows: Sequence[Row]) -> bytes:
    """Return the entries as JSON lines; the same entries are always the same bytes."""
    return "".join(f"{json.dumps(row, sort_keys=True)}\n" for row in rows).encode()


def key(rows: Sequence[Row], sha256: str) -> str:
    """Return where the entries are kept, by day, numbers and content."""
    first, last = _sequence(rows[0]), _sequence(rows[-1])
    return f"journal/dt={str(rows[0]['at'])[:10]}/{first}-{last}-{sha256}.jsonl"


def _sequence(row: Row) -> int:
    return int(str(row["sequence"]))
