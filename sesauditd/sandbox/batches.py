"""Batches of Route 53 and what AWS says against them: one misfit refuses all (ses-facts 6.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import xmltodict

Key: TypeAlias = tuple[str, str, str]
"""Name with its dot, type and set identifier."""
Values: TypeAlias = tuple[str, tuple[str, ...]]
"""TTL and values, sorted; an alias has neither."""

_STRINGS = re.compile(r'"(?:[^"\\]|\\.){0,255}"(?:\s+"(?:[^"\\]|\\.){0,255}")*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a batch; `record` is the whole set as it was sent."""

    action: str
    key: Key
    values: Values
    record: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def said(self) -> str:
        """How AWS names the record set in its refusals."""
        return f"resource record set [name='{self.key[0]}', type='{self.key[1]}']"


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


def _change(action: str, record: Mapping[str, Any]) -> Change:
    kept = record.get("ResourceRecords")
    listed = kept.get("ResourceRecord", []) if isinstance(kept, Mapping) else []
    identifier = str(record.get("SetIdentifier") or "")
    return Change(
        action=action,
        key=(dotted(str(record["Name"])), str(record["Type"]), identifier),
        values=(str(record.get("TTL") or ""), tuple(sorted(str(one["Value"]) for one in listed))),
        record=record,
    )


def _against(state: Mapping[Key, Values], change: Change, zone: str) -> str:
    name = change.key[0]
    if not f".{name}".endswith(f".{dotted(zone)}"):
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
    return _misfit(state, change, zone)


def _misfit(state: Mapping[Key, Values], change: Change, zone: str) -> str:
    """Return what forbids a set whatever stood there before."""
    name, kind, _ = change.key
    if kind == "CNAME" and name == dotted(zone):
        return f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
    if kind == "TXT" and not all(map(_STRINGS.fullmatch, change.values[1])):
        return f"Invalid Resource Record: a value of {change.said} is not in quotation marks"
    if any("CNAME" in {kind, other} and kind != other for other in _kinds_at(state, name)):
        return (
            f"RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with "
            f"other records with the same DNS name in zone {zone}"
        )
    return ""


def _kinds_at(state: Mapping[Key, Values], name: str) -> Iterator[str]:
    return (kind for kept, kind, _ in state if kept == name)


def dotted(name: str) -> str:
    """Return a name as the keys have it: lower case, with its last dot."""
    return name.lower().rstrip(".") + "."
