"""Route 53 where moto is too kind: conflicts refuse a whole batch (ses-facts 6.4); and its DNS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import xmltodict
from moto.route53.models import route53_backends

from sesauditd.sandbox.refusals import refusal

if TYPE_CHECKING:
    from moto.route53.models import FakeZone

    from sesauditd.sandbox.calls import Answer, Call

Key: TypeAlias = tuple[str, str, str]
"""Name with its dot, type and set identifier."""
Values: TypeAlias = tuple[str, tuple[str, ...]]
"""TTL and values, sorted; an alias has neither."""

_PATH = re.compile(r"/2013-04-01/hostedzone/([^/]+)/rrset/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a batch."""

    action: str
    key: Key
    values: Values

    @property
    def said(self) -> str:
        """How AWS names the record set in its refusals."""
        return f"resource record set [name='{self.key[0]}', type='{self.key[1]}']"


@dataclass(frozen=True, slots=True)
class Zones:
    """The hosted zones of one account, as moto keeps them in this process."""

    account_id: str

    def stop(self, call: Call) -> Answer | None:
        """Refuse a batch that contradicts the zone, before a part of it is applied."""
        if call.operation != "ChangeResourceRecordSets" or call.service != "route53":
            return None
        found = _PATH.fullmatch(call.path)
        zone = self._zones().get(found[1]) if found else None
        if zone is None:
            return None
        errors = refusals(_state(zone), changes_of(call.body), zone.name)
        return refusal(call, "InvalidChangeBatch", f"[{', '.join(errors)}]") if errors else None

    def records(self, name: str, kind: str) -> Sequence[str]:
        """Return what public DNS holds for a name and a type, as Route 53 writes it."""
        wanted = _dotted(name)
        return [
            value
            for zone in list(self._zones().values())
            if not zone.private_zone
            for (record, kept_kind, _), (_, values) in _state(zone).items()
            if record == wanted and kept_kind == kind
            for value in values
        ]

    def _zones(self) -> Mapping[str, FakeZone]:
        return route53_backends[self.account_id]["aws"].zones


def refusals(state: Mapping[Key, Values], changes: Sequence[Change], zone: str) -> Sequence[str]:
    """Return what AWS says against a batch, nothing if it fits; later changes see earlier ones."""
    after = dict(state)
    errors = []
    for change in changes:
        error = _against(after, change, zone)
        if error:
            errors.append(error)
        elif change.action == "DELETE":
            del after[change.key]
        else:
            after[change.key] = change.values
    return errors


def changes_of(body: bytes) -> Sequence[Change]:
    """Return the changes of a ChangeResourceRecordSets request; ExpatError if it is no XML."""
    batch = xmltodict.parse(body, force_list=("Change", "ResourceRecord"))
    listed = batch["ChangeResourceRecordSetsRequest"]["ChangeBatch"]["Changes"]["Change"]
    return [_change(one["Action"], one["ResourceRecordSet"]) for one in listed]


def _change(action: str, record: Mapping[str, object]) -> Change:
    kept = record.get("ResourceRecords")
    listed = kept.get("ResourceRecord", []) if isinstance(kept, Mapping) else []
    identifier = str(record.get("SetIdentifier") or "")
    return Change(
        action=action,
        key=(_dotted(str(record["Name"])), str(record["Type"]), identifier),
        values=(str(record.get("TTL") or ""), tuple(sorted(str(one["Value"]) for one in listed))),
    )


def _against(state: Mapping[Key, Values], change: Change, zone: str) -> str:
    name, kind, _ = change.key
    if not f".{name}".endswith(f".{_dotted(zone)}"):
        return f"RRSet with DNS name {name} is not permitted in zone {zone}"
    kept = state.get(change.key)
    if change.action == "DELETE":
        if kept is None:
            return f"Tried to delete {change.said} but it was not found"
        if kept != change.values:
            return (
                f"Tried to delete {change.said} but the values provided do not match "
                "the current values"
            )
        return ""
    if change.action == "CREATE" and kept is not None:
        return f"Tried to create {change.said} but it already exists"
    if any("CNAME" in {kind, other} and kind != other for other in _kinds_at(state, name)):
        return (
            f"RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with "
            f"other records with the same DNS name in zone {zone}"
        )
    return ""


def _kinds_at(state: Mapping[Key, Values], name: str) -> Iterator[str]:
    return (kind for kept, kind, _ in state if kept == name)


def _state(zone: FakeZone) -> dict[Key, Values]:
    return {
        (_dotted(one.name), str(one.type), one.set_identifier or ""): (
            str(one.ttl or ""),
            tuple(sorted(map(str, one.records or ()))),
        )
        for one in list(zone.rrsets)
    }


def _dotted(name: str) -> str:
    return name.lower().rstrip(".") + "."
