"""Records for a zone that we cannot write: ready to copy, and looked for until they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.dns_text import relative_name
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A record that DNS does not show yet, and what it shows in its place."""

    record: Record
    found: tuple[str, ...] = ()
    doubled: bool = False
    """True if it is at a name that ends with the zone twice: the panel appended it."""

    @property
    def said(self) -> str:
        """Return it for people."""
        if self.doubled:
            return f"{self.record.key} was entered with the zone's name twice: enter it without"
        if self.found:
            return f"{self.record.key} is {' and '.join(self.found)}, not {self.record.value}"
        return f"{self.record.key} is not there yet"


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


async def by_hand_missing(records: Sequence[Record], zone: str, dns: Dns) -> Sequence[Gap]:
    """Return the records that public DNS does not show as they must be.

    Raises Unavailable when DNS does not say.
    """
    gaps = []
    for record in records:
        found = tuple(await dns.ask(record.name, record.kind))
        if _is_there(record, found):
            continue
        doubled = bool(not found and await dns.ask(f"{record.name}.{zone}", record.kind))
        gaps.append(Gap(record=record, found=found, doubled=doubled))
    return gaps


def _is_there(record: Record, found: Sequence[str]) -> bool:
    if record.kind == "TXT":
        # Texts of others may stand beside ours.
        return record.value in found
    return list(found) == [record.value]
