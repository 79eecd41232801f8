"""Compares store and archive, by the hashes of what was received."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sesauditd.bootstrap.program import Application
    from sesauditd.bootstrap.shelves import Shelves
    from sesauditd.ingest.objects import Stamp
    from sesauditd.model.events import Reading
    from sesauditd.model.register import Register

MOST = 200
"""Findings that are kept; whoever changed more has said enough."""
STORE = "`sesauditd db rebuild` makes the store anew from journal and archive"
ARCHIVE = (
    "bring the object's former version back, S3 keeps it where versions are on; "
    "the store still holds what was in it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place that is not as it was written."""

    what: str
    do: str


@dataclass(slots=True, kw_only=True)
class Verified:
    """What came of looking at everything."""

    objects: int = 0
    lines: int = 0
    rows: int = 0
    """Events and quarantined messages that were compared with their lines."""
    elsewhere: int = 0
    """Rows that came from files which `replay` read: there is nothing to compare them with."""
    journal: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, sentences: Sequence[str], do: str) -> None:
        """Keep findings, as many as anybody reads."""
        for one in sentences:
            if len(self.findings) < MOST:
                self.findings.append(Finding(what=one, do=do))
            else:
                self.more += 1


async def verify(
    program: Application, shelves: Shelves, begun: Callable[[int], Callable[[int], None]]
) -> Verified:
    """Check the file, the journal's chain and its seals, each archived object, and every row.

    `begun` gets the number of objects and returns who is told of each. Errors of the archive
    come through: what cannot be had is not whole and not damaged.
    """
    from sesauditd.bootstrap.rebuilding import raw_in
    from sesauditd.store import proving, register, soundness
    from sesauditd.store.verifying import rows_of_objects

    found = Verified()
    async with program.database.read() as connection:
        flaw = await soundness.flaw(connection, thorough=True)
        if flaw is not None:
            found.add([f"database: {flaw}"], STORE)
            return found
        proof = await proving.prove(connection)
        found.journal = proof.rows
        found.add(proof.bad, STORE)
        known = await rows_of_objects(connection)
        owners = await register.snapshot(connection)
    await _journal(program, shelves, found)
    stamps = await raw_in(shelves)
    await _objects(program, shelves, stamps, known, owners, found, begun(len(stamps)))
    listed = {one.key for one in stamps}
    _elsewhere({key: rows for key, rows in known.items() if key not in listed}, found)
    return found


async def _journal(program: Application, shelves: Shelves, found: Verified) -> None:
    from sesauditd.bootstrap.rebuilding import journal_in
    from sesauditd.errors import Failed, Unavailable
    from sesauditd.store.verifying import journals_apart

    try:
        entries = await journal_in(shelves)
    except Unavailable:
        raise
    except Failed as error:
        found.add([f"archive: {error}"], ARCHIVE)
        return
    async with program.database.read() as connection:
        found.add(await journals_apart(connection, entries), STORE)


async def _objects(
    program: Application,
    shelves: Shelves,
    stamps: Sequence[Stamp],
    known: dict[str, int],
    owners: Register,
    found: Verified,
    told: Callable[[int], None],
) -> None:
    from sesauditd.ingest.objects import read_ahead
    from sesauditd.store.verifying import compared, strangers

    digests = {one.key: one.sha256 for one in stamps}
    async for key, body in read_ahead(shelves.reading, digests):
        found.objects += 1
        readings = _readings(program, key, body, digests[key], owners, found)
        if readings is not None:
            async with program.database.read() as connection:
                own, unlike = await compared(connection, key, readings, owners)
                if own < known.get(key, 0):
                    unlike += await strangers(connection, key, readings)
            found.rows += own
            found.lines += len(readings)
            found.add(unlike, STORE)
        told(1)


def _readings(
    program: Application, key: str, body: bytes, sha256: str, owners: Register, found: Verified
) -> Sequence[Reading] | None:
    """Return what an object says, None for one that is not what it was."""
    from sesauditd.errors import Failed
    from sesauditd.ingest.objects import archived_lines, plain
    from sesauditd.ingest.reader import read

    if hashlib.sha256(body).hexdigest() != sha256:
        found.add([f"archive: {key} changed: its bytes are not those that its name says"], ARCHIVE)
        return None
    try:
        lines = archived_lines(key, plain(key, body))
    except Failed as error:
        found.add([f"archive: {error}"], ARCHIVE)
        return None
    now, own = program.clock(), program.pipeline.own_notices
    return [read(one, now=now, register=owners, own_notices=own) for one in lines]


def _elsewhere(known: dict[str, int], found: Verified) -> None:
    from sesauditd.ingest.objects import stamp_of

    for key, rows in sorted(known.items()):
        if stamp_of(key) is None:
            found.elsewhere += rows
        else:
            found.add([f"archive: {key} is missing, and {rows} rows come from it"], ARCHIVE)
