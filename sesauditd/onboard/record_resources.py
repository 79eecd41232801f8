"""Groups of records in a hosted zone, as resources: each group is one batch, all or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from sesauditd.model.plan import Conflict, Document, Kept
from sesauditd.onboard import dmarc, record_sets
from sesauditd.onboard.record_sets import key, values_of

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Change
    from sesauditd.model.zones import RecordChange, RecordSet
    from sesauditd.onboard.dns import Dns
    from sesauditd.onboard.records import Record
    from sesauditd.onboard.zones import Zone

IN_THE_WAY: Final = "in the way"
HOLDS_ALREADY: Final = "holds already"
"""Keys of a document beside those of its sets: what was found around them, in words."""

Surroundings = Callable[[Sequence["RecordSet"]], Awaitable[Mapping[str, "JSON"]]]


class RecordSets(Protocol):
    """The records of the account's zones; raises Unavailable or Forbidden."""

    async def at(self, zone_id: str, name: str) -> Sequence[RecordSet]:
        """Return every record set at exactly this plain name."""
        ...

    async def under(self, zone_id: str, name: str) -> Sequence[RecordSet]:
        """Return every record set at this plain name and below it."""
        ...

    async def change(self, zone_id: str, changes: Sequence[RecordChange]) -> str:
        """Carry a batch out, all or nothing, and return its id; Failed if it does not fit."""
        ...


async def _nothing(_standing: Sequence[RecordSet]) -> Mapping[str, JSON]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Records that stand or fall together, all at `top` or below it."""

    name: str
    why: str
    top: str
    records: tuple[Record, ...]
    zone: Zone
    hosted: RecordSets
    removing: bool = False
    """True where our records are to go: only those that are still as we made them."""
    around: Surroundings = _nothing

    async def observe(self) -> Document | None:
        """Return the sets of our names and types, and what is in their way."""
        standing = await self.hosted.under(self.zone.id, self.top)
        keys = {one.key for one in self.records}
        sets: dict[str, JSON] = {
            key(one): record_sets.document(one)
            for one in standing
            if key(one) in keys and one.is_plain
        }
        found = dict.fromkeys(
            text
            for record in self.records
            for text in record_sets.obstacles(standing, record, self.top)
        )
        around = {} if self.removing else dict(await self.around(standing))
        if found:
            around[IN_THE_WAY] = list(found)
        return {**sets, **around} or None

    def wanted(self, observed: Document | None) -> Document | Conflict | Kept | None:
        """Return the sets with our records in them, or without; a Conflict if others are there."""
        standing = observed or {}
        if self.removing:
            return self._without(standing)
        if HOLDS_ALREADY in standing:
            return Kept(remark=f"{standing[HOLDS_ALREADY]}: it stays as it is")
        found = standing.get(IN_THE_WAY, ())
        reasons = [str(one) for one in found] if isinstance(found, Sequence) else []
        wanted: dict[str, JSON] = dict(standing)
        for record in self.records:
            present = standing.get(record.key)
            kept = None if present is None else record_sets.record_set(record.key, present)
            match record_sets.with_record(kept, record):
                case str(reason):
                    reasons.append(reason)
                case made:
                    wanted[record.key] = record_sets.document(made)
        return self._conflict(reasons) if reasons else wanted

    async def apply(self, change: Change) -> None:
        """Send the group's batch; raises Failed if the zone is no longer as it was seen."""
        changes = record_sets.batch(_sets(change.before), _sets(change.after))
        await self.hosted.change(self.zone.id, changes)

    def _conflict(self, reasons: Sequence[str]) -> Conflict:
        return Conflict(
            resource=self.name,
            found="; ".join(dict.fromkeys(reasons)),
            wanted="; ".join(f"{one.key} {one.value}" for one in self.records),
            advice=(
                f"See who needs it in hosted zone {self.zone.name} ({self.zone.id}); when nobody "
                "does, remove it and run this again."
            ),
        )

    def _without(self, standing: Document) -> Document | Kept | None:
        left = dict(standing)
        remarks = []
        for record in self.records:
            present = standing.get(record.key)
            if present is None:
                continue
            kept = record_sets.record_set(record.key, present)
            match record_sets.without_record(kept, record):
                case None:
                    del left[record.key]
                case str(reason):
                    remarks.append(reason)
                case remaining:
                    left[record.key] = record_sets.document(remaining)
        if remarks and left == dict(standing):
            return Kept(remark="; ".join(remarks))
        return left or None


def only_ours_receives(zone: Zone, hosted: RecordSets, name: str) -> Surroundings:
    """Return a look for wildcards that take the mail of a MAIL FROM name today.

    Such a name must not receive otherwise (ses-facts 6.1, step 5), and its own MX would take
    that mail away from whoever has it now.
    """

    async def look(standing: Sequence[RecordSet]) -> Mapping[str, JSON]:
        if standing:
            # A wildcard answers only for names that do not exist (RFC 4592 section 2.2).
            return {}
        for wildcard in record_sets.wildcards(name, zone.name):
            for one in await hosted.at(zone.id, wildcard):
                if one.kind in {"MX", "NS"}:
                    said = " and ".join(values_of(one)) or "an alias"
                    return {IN_THE_WAY: [f"{key(one)} {said} takes the mail of {name}"]}
        return {}

    return look


def no_policy_yet(domain: str, ours: Record, dns: Dns) -> Surroundings:
    """Return a look for a DMARC policy at the name itself or up the tree (RFC 9989)."""

    async def look(standing: Sequence[RecordSet]) -> Mapping[str, JSON]:
        for one in standing:
            texts = values_of(one) if key(one) == ours.key else ()
            policies = tuple(text for text in texts if dmarc.is_policy(text))
            if policies:
                return _policies(dmarc.Policy(name=ours.name, texts=policies), ours)
        found = await dmarc.found(domain, dns, but=(ours.value,))
        return {} if found is None else {HOLDS_ALREADY: found.said}

    return look


def _policies(found: dmarc.Policy, ours: Record) -> Mapping[str, JSON]:
    if found.texts == (ours.value,):
        return {}
    if len(found.texts) == 1:
        return {HOLDS_ALREADY: found.said}
    return {HOLDS_ALREADY: f"{found.said}, of which receivers heed none: let one be removed"}


def _sets(kept: Document | None) -> Document:
    beside = {IN_THE_WAY, HOLDS_ALREADY}
    return {name: value for name, value in (kept or {}).items() if name not in beside}
