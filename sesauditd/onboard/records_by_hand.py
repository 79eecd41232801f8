"""Records for a zone that we cannot write: ready to copy, and looked for until they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.dns_text import quoted, relative_name
from sesauditd.model.zones import RecordSet
from sesauditd.onboard.record_sets import with_record
from sesauditd.onboard.records import TTL_SECONDS, Record

if TYPE_CHECKING:
    from sesauditd.onboard.dns import Dns


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A record as somebody enters it into a panel or a zone file."""

    absolute: str
    """With its last dot, for zone files."""
    relative: str
    """Without the zone, for panels that append it; `@` is the zone itself."""
    kind: str
    ttl: int
    """Seconds."""
    value: str
    """As zone files have it: names with a last dot, texts in quotes."""

    @property
    def line(self) -> str:
        """Return it as a line of a zone file."""
        return f"{self.absolute} {self.ttl} IN {self.kind} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A record that DNS does not show yet, and what it shows in its place."""

    record: Record
    found: tuple[str, ...] = ()
    doubled: bool = False
    """True if it is at a name that ends with the zone twice: the panel appended it."""

    @property
    def trouble(self) -> str:
        """Return what is wrong, in a few words."""
        if self.doubled:
            return "entered with the zone's name twice"
        return "record has another value" if self.found else "record missing"


def by_hand(records: Sequence[Record], zone: str) -> Sequence[Row]:
    """Return rows for records in a zone of this name.

    There must be exactly one MX at the MAIL FROM name, or SES refuses it (ses-facts 6.1).
    """
    return [
        Row(
            absolute=f"{one.name}.",
            relative=relative_name(one.name, zone),
            kind=one.kind,
            ttl=TTL_SECONDS,
            value=one.written if one.kind == "TXT" else f"{one.value}.",
        )
        for one in records
    ]


async def gap_of(record: Record, zone: str, dns: Dns) -> Gap | None:
    """Return how public DNS shows a record otherwise, None if it is as it must be.

    Raises Unavailable when DNS does not say.
    """
    found = tuple(await dns.ask(record.name, record.kind))
    if _is_there(record, found):
        return None
    doubled = bool(not found and await dns.ask(f"{record.name}.{zone}", record.kind))
    return Gap(record=record, found=found, doubled=doubled)


def _is_there(record: Record, found: Sequence[str]) -> bool:
    """Say whether what stands does the same: what would be left as it is in a zone of ours."""
    if not found:
        return False
    kept = [quoted(one.encode()) if record.kind == "TXT" else one for one in found]
    present = RecordSet(
        name=record.name, kind=record.kind, ttl=TTL_SECONDS, values=tuple(sorted(kept))
    )
    return with_record(present, record) == present
