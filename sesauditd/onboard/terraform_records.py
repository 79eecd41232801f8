"""What stands of a domain's records in Route 53, as resources of Terraform.

The import id is `ZONE_name_TYPE`, with `_IDENTIFIER` for one of several sets of a name and type.
Of a text Terraform writes what is between its first and its last quotation mark, so one of two
strings has `" "` in its middle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.model.plan import Conflict
from sesauditd.onboard.record_sets import key
from sesauditd.onboard.records_by_hand import by_hand
from sesauditd.onboard.terraform_parts import LeftOut, Taken, label
from sesauditd.onboard.zones import Elsewhere, Zone

if TYPE_CHECKING:
    from sesauditd.model.zones import RecordSet
    from sesauditd.onboard.terraform_look import RecordStanding, Standing
    from sesauditd.onboard.terraform_parts import Written

RECORD: Final = "aws_route53_record"
QUOTE: Final = '"'
NOT_AS_MADE: Final = (
    "Not as sesauditd makes it: somebody has set or changed it. Keep this only if it is yours."
)


def records(standing: Standing) -> Iterator[Written]:
    """Yield the records in our zone, or those that belong into another one, for people."""
    match standing.zone:
        case Zone(id=zone_id):
            seen: set[str] = set()
            for one in standing.records:
                # Several records may want a place in one set, as texts do.
                if one.wanted.key not in seen:
                    yield from _record(standing.domain, one, zone_id)
                seen.add(one.wanted.key)
        case Elsewhere(zone=zone, reason=reason):
            yield LeftOut(why=_by_hand(standing, zone, reason))
        case Conflict() as conflict:
            yield LeftOut(
                why=f"the records: {conflict.resource} is {conflict.found}. {conflict.advice}"
            )


def import_id(zone_id: str, record: RecordSet) -> str:
    """Return the id by which Terraform finds a record set."""
    identifier = () if record.routing is None else (record.routing,)
    return "_".join((zone_id, record.name, record.kind, *identifier))


def between_quotes(kind: str, value: str) -> str:
    """Return a value as Terraform's `records` has it."""
    bare = kind == "TXT" and len(value) > 1 and value[0] == value[-1] == QUOTE
    return value[1:-1] if bare else value


def _record(domain: str, standing: RecordStanding, zone_id: str) -> Iterator[Written]:
    if not standing.sets:
        yield LeftOut(why=f"{standing.wanted.key}, which is not in hosted zone {zone_id}.")
    for one in standing.sets:
        if not one.is_plain:
            yield LeftOut(
                why=f"{key(one)}, an alias or one of several sets, which sesauditd never makes "
                f"(import id {import_id(zone_id, one)})."
            )
            continue
        yield Taken(
            kind=RECORD,
            label=_label(domain, one),
            id=import_id(zone_id, one),
            body=(
                {
                    "zone_id": zone_id,
                    "name": one.name,
                    "type": one.kind,
                    "ttl": one.ttl,
                    "records": [between_quotes(one.kind, value) for value in one.values],
                },
            ),
            remarks=() if standing.says_it else (NOT_AS_MADE,),
        )


def _label(domain: str, record: RecordSet) -> str:
    """Return a name that says which record it is: the domain's, then what is before it."""
    before = record.name.removesuffix(f".{domain}").removeprefix("_")
    return label(domain, before.replace("._domainkey", "_dkim"), record.kind)


def _by_hand(standing: Standing, zone: str, reason: str) -> str:
    wanted = [one.wanted for one in standing.records]
    lines: Sequence[str] = [
        f"  {row.absolute} {row.ttl} IN {row.kind} {row.value}" for row in by_hand(wanted, zone)
    ]
    return "\n".join((f"the records, whose place is {zone}: {reason}.", *lines))
