"""Route 53: hosted zones, their record sets, and batches that change them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from sesauditd.aws.errors import reading, truncated
from sesauditd.errors import Unavailable
from sesauditd.model.dns_text import is_under, plain_name
from sesauditd.model.zones import HostedZone, RecordChange, RecordSet

if TYPE_CHECKING:
    from sesauditd.aws.api import Answer
    from sesauditd.aws.clients import Clients

MOST_PAGES: Final = 10_000
PAGE: Final = 100


class Zones:
    """Route 53 of one account.

    Its lists begin at the name that is asked for and do not end with it (ses-facts 6.4), so
    what they return is compared and cut here.
    """

    def __init__(self, clients: Clients) -> None:
        self._api = clients.route53
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def named(self, name: str) -> Sequence[HostedZone]:
        """Return every zone of exactly this plain name: Route 53 ListHostedZonesByName.

        Several public zones may share a name. Raises Unavailable or Forbidden.
        """
        found: list[HostedZone] = []
        start: dict[str, object] = {"DNSName": f"{name}."}
        for _ in range(MOST_PAGES):
            answer = await self._api.ask(
                "ListHostedZonesByName", ("HostedZones",), MaxItems=str(PAGE), **start
            )
            with reading("Route 53 ListHostedZonesByName"):
                page = [_zone(one) for one in answer["HostedZones"]]
                found += [zone for zone in page if zone.name == name]
                if not answer.get("IsTruncated") or page[-1].name != name:
                    return found
                start = {
                    "DNSName": answer["NextDNSName"],
                    "HostedZoneId": answer["NextHostedZoneId"],
                }
        raise Unavailable("Route 53 ListHostedZonesByName: the list does not end")

    async def name_servers(self, zone_id: str) -> Sequence[str]:
        """Return the servers of a zone as plain names, none for a private one: GetHostedZone.

        Raises Unavailable, Forbidden, or Missing when the zone is gone.
        """
        answer = await self._api.ask("GetHostedZone", ("HostedZone",), Id=zone_id)
        with reading("Route 53 GetHostedZone"):
            servers = answer.get("DelegationSet", {}).get("NameServers", ())
            return sorted(plain_name(one) for one in servers)

    async def at(self, zone_id: str, name: str) -> Sequence[RecordSet]:
        """Return every record set at exactly this plain name: ListResourceRecordSets.

        Raises Unavailable, Forbidden, or Missing when the zone is gone.
        """
        return [one for one in await self._from(zone_id, name) if one.name == name]

    async def under(self, zone_id: str, name: str) -> Sequence[RecordSet]:
        """Return every record set at this plain name and below it: ListResourceRecordSets.

        Raises Unavailable, Forbidden, or Missing when the zone is gone.
        """
        return [one for one in await self._from(zone_id, name) if is_under(one.name, name)]

    async def change(self, zone_id: str, changes: Sequence[RecordChange]) -> str:
        """Carry a batch out, all of it or nothing, and return its id.

        Route 53 ChangeResourceRecordSets; one batch of a zone at a time, since AWS answers
        PriorRequestNotComplete to a second one. Raises Unavailable, Uncertain, Forbidden, or
        Conflict when the zone is not what the batch takes it for.
        """
        batch = {"Changes": [_written(one) for one in changes]}
        async with self._turns[zone_id]:
            answer = await self._api.ask(
                "ChangeResourceRecordSets",
                ("ChangeInfo",),
                HostedZoneId=zone_id,
                ChangeBatch=batch,
            )
        with reading("Route 53 ChangeResourceRecordSets"):
            return str(answer["ChangeInfo"]["Id"]).rpartition("/")[2]

    async def _from(self, zone_id: str, name: str) -> Sequence[RecordSet]:
        """Return the sets from a name on, until names no longer begin with its labels."""
        found: list[RecordSet] = []
        start: dict[str, object] = {"StartRecordName": f"{name}."}
        for _ in range(MOST_PAGES):
            answer = await self._api.ask(
                "ListResourceRecordSets",
                ("ResourceRecordSets", "IsTruncated"),
                HostedZoneId=zone_id,
                **start,
            )
            with reading("Route 53 ListResourceRecordSets"):
                page = [_record_set(one) for one in answer["ResourceRecordSets"]]
                found += page
                if not answer["IsTruncated"] or not _may_follow(page[-1].name, name):
                    return found
                start = dict(_next(answer))
        raise Unavailable("Route 53 ListResourceRecordSets: the list does not end")


def _zone(found: Answer) -> HostedZone:
    linked = found.get("LinkedService")
    return HostedZone(
        id=str(found["Id"]).rpartition("/")[2],
        name=plain_name(found["Name"]),
        is_private=bool(found.get("Config", {}).get("PrivateZone", False)),
        linked_service=None if linked is None else str(linked.get("ServicePrincipal", "AWS")),
    )


def _record_set(found: Answer) -> RecordSet:
    alias = found.get("AliasTarget")
    policy = found.get("TrafficPolicyInstanceId")
    records = found.get("ResourceRecords", ())
    if not records and alias is None and policy is None:
        raise truncated("Route 53 ListResourceRecordSets", "ResourceRecords")
    identifier = found.get("SetIdentifier", policy)
    return RecordSet(
        name=plain_name(found["Name"]),
        kind=str(found["Type"]),
        ttl=int(found["TTL"]) if "TTL" in found else None,
        values=tuple(sorted(str(one["Value"]) for one in records)),
        routing=None if identifier is None else str(identifier),
        alias=None if alias is None else plain_name(alias["DNSName"]),
    )


def _written(change: RecordChange) -> dict[str, Any]:
    record = change.record
    return {
        "Action": str(change.act),
        "ResourceRecordSet": {
            "Name": f"{record.name}.",
            "Type": record.kind,
            "TTL": record.ttl,
            "ResourceRecords": [{"Value": value} for value in record.values],
        },
    }


def _next(answer: Answer) -> Iterator[tuple[str, object]]:
    yield "StartRecordName", answer["NextRecordName"]
    yield "StartRecordType", answer["NextRecordType"]
    if "NextRecordIdentifier" in answer:
        yield "StartRecordIdentifier", answer["NextRecordIdentifier"]


def _may_follow(last: str, name: str) -> bool:
    """Say whether names below `name` may still come behind `last`.

    Lists are sorted by reversed labels, so `x-y` may stand between `x` and what is below it.
    """
    return _reversed(last).startswith(_reversed(name))


def _reversed(name: str) -> str:
    return ".".join(reversed(name.split(".")))
