"""Record sets as documents, and what may be made of what stands in a zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.model.dns_text import ancestors, is_under, plain_name, unquoted
from sesauditd.model.zones import Act, RecordChange, RecordSet
from sesauditd.onboard.dmarc import is_policy

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Document
    from sesauditd.onboard.records import Record

SES_NAMES: Final = "amazonses.com"
_SPF = re.compile(r"^v=spf1(\s|$)", re.IGNORECASE)
_SES_TERM = re.compile(r"(?<=\s)[+?~-]?include:amazonses\.com(?=\s|$)", re.IGNORECASE)


def document(record: RecordSet) -> Document:
    """Return a plain set as a document, under its name and type elsewhere."""
    return {"ttl": record.ttl, "values": record.values}


def record_set(key: str, kept: JSON) -> RecordSet:
    """Return the set that a document under a name and type says; ValueError if it is none."""
    name, _, kind = key.partition(" ")
    match kept:
        case {"ttl": int(ttl), "values": [*values]}:
            return RecordSet(name=name, kind=kind, ttl=ttl, values=tuple(map(str, values)))
        case _:
            raise ValueError(f"{key} is no record set: {kept}")


def key(record: RecordSet) -> str:
    """Return the name and type as which a set goes in documents."""
    return f"{record.name} {record.kind}"


def values_of(record: RecordSet) -> Sequence[str]:
    """Return the values as DNS says them."""
    return [_plain(record.kind, value) for value in record.values]


def obstacles(standing: Sequence[RecordSet], wanted: Record, top: str) -> Iterator[str]:
    """Return what forbids to make or change the set of a record, in words.

    `top` is the highest name that is looked at; `standing` is everything from there down.
    """
    for one in standing:
        cut = one.kind == "NS" and is_under(wanted.name, one.name) and is_under(one.name, top)
        if cut:
            yield f"{one.name} is handed on to {', '.join(sorted(map(plain_name, one.values)))}"
        elif one.name != wanted.name:
            continue
        elif one.kind == wanted.kind and not one.is_plain:
            yield f"{key(one)} is {_routed(one)}"
        elif one.kind != wanted.kind and "CNAME" in {one.kind, wanted.kind}:
            # A CNAME stands alone at its name (RFC 1034 section 3.6.2).
            yield f"{key(one)} {_shown(one)}"


def with_record(present: RecordSet | None, wanted: Record) -> RecordSet | str:
    """Return the set with our record in it, or what is in its way, in words.

    What stands already and does the same is left exactly as it is, its TTL and spelling too;
    texts of others are kept beside ours.
    """
    if present is None:
        return wanted.whole_set
    said = values_of(present)
    policies = [text for text in said if _SPF.match(text)]
    if len(policies) > 1 and _SPF.match(wanted.value):
        # Two SPF records at a name are an error for every receiver (RFC 7208 section 4.5).
        return f"{key(present)} {' and '.join(policies)}"
    if wanted.value in said and (len(said) == 1 or wanted.kind == "TXT"):
        return present
    match wanted.kind:
        case "TXT":
            return _with_text(present, wanted, said)
        case "CNAME" if _is_old(said[0], wanted):
            return _set(present, (wanted.written,))
        case _:
            return f"{key(present)} {_shown(present)}"


def without_record(present: RecordSet, wanted: Record) -> RecordSet | str | None:
    """Return the set without our record, None if nothing is left, or why it is not ours."""
    left = tuple(
        value
        for value, said in zip(present.values, values_of(present), strict=True)
        if said != wanted.value
    )
    alone = wanted.kind == "TXT" or len(present.values) == 1
    if not present.is_plain or len(left) == len(present.values) or not alone:
        return f"{key(present)} {_shown(present)} is not what was made and stays"
    return _set(present, left) if left else None


def batch(before: Document, after: Document) -> Sequence[RecordChange]:
    """Return the changes that lead from one document of sets to another.

    What changes is removed with its exact values and made anew: the batch fails as a whole if
    somebody changed the set meanwhile, where UPSERT would overwrite it.
    """
    changed = [one for one in dict.fromkeys((*before, *after)) if before.get(one) != after.get(one)]
    removed = [(Act.DELETE, one, before[one]) for one in changed if one in before]
    made = [(Act.CREATE, one, after[one]) for one in changed if one in after]
    return [
        RecordChange(act=act, record=record_set(name, kept)) for act, name, kept in removed + made
    ]


def wildcards(name: str, zone: str) -> Sequence[str]:
    """Return the wildcard names that could answer for a name that is not in its zone."""
    return [f"*.{one}" for one in ancestors(name)[1:] if is_under(one, zone)]


def _with_text(present: RecordSet, wanted: Record, said: Sequence[str]) -> RecordSet | str:
    if _SPF.match(wanted.value):
        policies = [text for text in said if _SPF.match(text)]
        if policies and _SES_TERM.search(policies[0]):
            return present
        if policies:
            # Ours beside it would make two.
            return f"{key(present)} {policies[0]}"
    if is_policy(wanted.value) and any(map(is_policy, said)):
        return present
    return _set(present, (*present.values, wanted.written))


def _is_old(target: str, wanted: Record) -> bool:
    """Say whether an alias of our token points into another zone of SES: it has moved."""
    token = wanted.value.partition(".")[0]
    return target.startswith(f"{token}.") and is_under(target, SES_NAMES)


def _set(present: RecordSet, values: Sequence[str]) -> RecordSet:
    kept = tuple(sorted(values))
    return RecordSet(name=present.name, kind=present.kind, ttl=present.ttl, values=kept)


def _plain(kind: str, value: str) -> str:
    match kind:
        case "TXT":
            return unquoted(value).decode("utf-8", "replace")
        case "MX":
            preference, _, host = value.strip().partition(" ")
            return f"{preference} {plain_name(host.strip())}"
        case "CNAME" | "NS":
            return plain_name(value.strip())
        case _:
            return value


def _shown(record: RecordSet) -> str:
    return " and ".join(values_of(record)) or _routed(record)


def _routed(record: RecordSet) -> str:
    if record.alias is not None:
        return f"an alias of {record.alias}"
    return f"one of several that are chosen among ({record.routing})"
