"""The journal as the archive has it: entries read back, in order, their chain looked through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sesauditd.errors import Failed
from sesauditd.model.calendar import aware
from sesauditd.store import journal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the journal."""

    sequence: int
    at: datetime
    actor: str
    kind: str
    subject: str
    facts: Mapping[str, Any]
    previous: bytes
    hash: bytes

    @property
    def is_whole(self) -> bool:
        """Say whether its hash is of what it says."""
        row = {
            "at": self.at,
            "actor": self.actor,
            "kind": self.kind,
            "subject": self.subject,
            "facts": self.facts,
        }
        return self.hash == journal.hash_of(self.previous, self.sequence, row)

    def row(self) -> dict[str, object]:
        """Return it as the table holds it."""
        return {
            "sequence": self.sequence,
            "at": self.at,
            "actor": self.actor,
            "kind": self.kind,
            "subject": self.subject,
            "facts": dict(self.facts),
            "previous": self.previous,
            "hash": self.hash,
        }


def entries_in(source: str, body: bytes) -> Iterator[Entry]:
    """Yield the entries of one object; raises Failed, naming its line, for anything else."""
    for number, line in enumerate(body.splitlines(), start=1):
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            message = f"{source}: line {number} is no entry of the journal ({error!r})"
            raise Failed(message) from error


def chained(found: Iterable[Entry]) -> Sequence[Entry]:
    """Return the entries in order, each once; raises Failed, naming the first that is not whole.

    The same entry may be copied twice. After a rebuild from a copy that lacked the last minute,
    two may bear one number: the one that others follow on is the one that counts.
    """
    known: dict[int, dict[bytes, Entry]] = {}
    for one in found:
        if not one.is_whole:
            raise Failed(f"journal: row {one.sequence} in the archive is not what its hash is of")
        known.setdefault(one.sequence, {})[one.hash] = one
    chain: list[Entry] = []
    # From the end: of two rows with one number, only one is what the next row follows on.
    for sequence in range(max(known, default=0), 0, -1):
        wanted = chain[-1].previous if chain else None
        rows = known.get(sequence, {})
        row = _last(rows) if wanted is None else rows.get(wanted)
        if row is None:
            raise Failed(f"journal: row {sequence} is missing in the archive, or another one")
        chain.append(row)
    if chain and chain[-1].previous != journal.FIRST:
        raise Failed("journal: its first row in the archive follows on another one")
    return chain[::-1]


def _last(rows: Mapping[bytes, Entry]) -> Entry | None:
    return max(rows.values(), key=lambda one: one.at, default=None)


def _entry(read: Mapping[str, Any]) -> Entry:
    return Entry(
        sequence=int(read["sequence"]),
        at=aware(datetime.fromisoformat(read["at"])),
        actor=str(read["actor"]),
        kind=str(read["kind"]),
        subject=str(read["subject"]),
        facts=dict(read["facts"]),
        previous=bytes.fromhex(read["previous"]),
        hash=bytes.fromhex(read["hash"]),
    )
