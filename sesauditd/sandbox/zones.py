"""Route 53 where moto is too kind or too short: batches, lists by name, name servers of a zone."""

from __future__ import annotations

import hashlib
import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from moto.route53.models import route53_backends

from sesauditd.sandbox.batches import Change, Key, Values, changes_of, dotted, refusals
from sesauditd.sandbox.calls import Answer, Call
from sesauditd.sandbox.public_dns import Found, PublicZone, World, lookup
from sesauditd.sandbox.refusals import refusal

if TYPE_CHECKING:
    from moto.route53.models import FakeZone, RecordSet

PAGE = 100
SERVERS = (".com", ".net", ".org", ".co.uk")
"""The four top-level domains that the servers of every zone are spread over."""

_NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
_BATCH = re.compile(r"/2013-04-01/hostedzone/([^/]+)/rrset/?")
_CHANGE = re.compile(r"/2013-04-01/change/([^/]+)")
_ZONE_ID = re.compile(rb"<Id>/hostedzone/([^<]+)</Id>")
_NAME = re.compile(rb"<Name>([^<]*)</Name>")
_ODD = re.compile(r"[^a-z0-9_.\\-]")


@dataclass(slots=True)
class Zones:
    """The hosted zones of one account, as moto keeps them in this process.

    `world` says what public DNS holds beside them. A batch is PENDING for `sync_seconds`.
    `linked` names the AWS service that alone may change a zone, by its id.
    """

    account_id: str
    seconds: Callable[[], float] = time.monotonic
    sync_seconds: float = 0
    world: World = field(default_factory=World)
    linked: dict[str, str] = field(default_factory=dict)
    _batches: dict[str, float] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def stop(self, call: Call) -> Answer | None:
        """Answer what moto would answer too kindly, or let the call pass."""
        if call.service != "route53":
            return None
        match call.operation:
            case "ChangeResourceRecordSets":
                return self._changed(call)
            case "GetChange":
                return self._progress(call)
            case "ListHostedZonesByName":
                return self._listed(call)
            case _:
                return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        """Give a new zone servers of its own, and write names as Route 53 does."""
        if call.service != "route53" or answer.status >= HTTPStatus.BAD_REQUEST:
            return answer
        match call.operation:
            case "CreateHostedZone":
                return self._served(answer)
            case "ListResourceRecordSets":
                return replace(answer, body=_NAME.sub(_octal, answer.body))
            case _:
                return answer

    def records(self, name: str, kind: str) -> Sequence[str]:
        """Return what public DNS holds for a name and a type, as Route 53 writes it."""
        return self.lookup(name, kind).values

    def lookup(self, name: str, kind: str) -> Found:
        """Return what a resolver would answer."""
        return lookup(self.public(), self.world, name, kind)

    def public(self) -> Sequence[PublicZone]:
        """Return the zones that DNS may ask, in the order in which they were made."""
        return [
            PublicZone(
                name=dotted(zone.name).rstrip("."),
                servers=tuple(zone.delegation_set.name_servers),
                records=_public_records(zone),
            )
            for zone in list(self._zones().values())
            if not zone.private_zone and zone.delegation_set is not None
        ]

    def _changed(self, call: Call) -> Answer | None:
        """Carry a batch out as a whole or refuse it."""
        found = _BATCH.fullmatch(call.path)
        zone = self._zones().get(found[1]) if found else None
        if found is None or zone is None:
            return None
        if found[1] in self.linked:
            why = f"The zone was made by {self.linked[found[1]]} and can only be changed by it."
            return refusal(call, "AccessDenied", why, status=403)
        changes = changes_of(call.body)
        errors = refusals(_state(zone), changes, zone.name)
        if errors:
            return refusal(call, "InvalidChangeBatch", f"[{', '.join(errors)}]")
        for change in changes:
            _apply(zone, change)
        name = f"C{next(self._numbers):013d}"
        self._batches[name] = self.seconds()
        return self._info(name, "ChangeResourceRecordSetsResponse")

    def _progress(self, call: Call) -> Answer | None:
        found = _CHANGE.fullmatch(call.path)
        if found is None or found[1] not in self._batches:
            return None
        return self._info(found[1], "GetChangeResponse")

    def _info(self, name: str, element: str) -> Answer:
        past = self.seconds() - self._batches[name]
        status = "INSYNC" if past >= self.sync_seconds else "PENDING"
        return _xml(
            element,
            f"<ChangeInfo><Id>/change/{name}</Id><Status>{status}</Status>"
            "<SubmittedAt>2026-11-24T08:00:00Z</SubmittedAt></ChangeInfo>",
        )

    def _listed(self, call: Call) -> Answer:
        """List from a name on, sorted by reversed labels: it is no filter (ses-facts 6.4)."""
        start = (_reversed(call.query.get("dnsname", "")), call.query.get("hostedzoneid", ""))
        most = int(call.query.get("maxitems", PAGE))
        zones = sorted(self._zones().items(), key=lambda item: (_reversed(item[1].name), item[0]))
        left = [item for item in zones if (_reversed(item[1].name), item[0]) >= start]
        shown = "".join(self._shown(*item) for item in left[:most])
        more = ""
        if left[most:]:
            name, zone = left[most]
            more = (
                f"<NextDNSName>{dotted(zone.name)}</NextDNSName>"
                f"<NextHostedZoneId>{name}</NextHostedZoneId>"
            )
        truncated = str(bool(more)).lower()
        return _xml(
            "ListHostedZonesByNameResponse",
            f"<HostedZones>{shown}</HostedZones><IsTruncated>{truncated}</IsTruncated>{more}"
            f"<MaxItems>{most}</MaxItems>",
        )

    def _shown(self, name: str, zone: FakeZone) -> str:
        service = self.linked.get(name)
        linked = f"<ServicePrincipal>{escape(service or '')}</ServicePrincipal>"
        return (
            f"<HostedZone><Id>/hostedzone/{name}</Id><Name>{escape(dotted(zone.name))}</Name>"
            f"<CallerReference>{escape(str(zone.caller_reference))}</CallerReference>"
            f"<Config><PrivateZone>{str(bool(zone.private_zone)).lower()}</PrivateZone></Config>"
            f"{f'<LinkedService>{linked}</LinkedService>' if service else ''}</HostedZone>"
        )

    def _served(self, answer: Answer) -> Answer:
        """Tell two zones of one name apart: moto gives all of them the same servers."""
        found = _ZONE_ID.search(answer.body)
        zone = self._zones().get(found[1].decode()) if found else None
        if zone is None or zone.delegation_set is None:
            return answer
        old = list(zone.delegation_set.name_servers)
        new = _servers(zone.resource_id)
        zone.delegation_set.name_servers = new
        body = answer.body
        for before, after in zip(old, new, strict=True):
            body = body.replace(before.encode(), after.encode())
        for one in zone.rrsets:
            if one.type == "NS":
                one.records = [f"{server}." for server in new]
            elif one.type == "SOA":
                one.records = [value.replace(old[0], new[0]) for value in _values(one)]
        return replace(answer, body=body)

    def _zones(self) -> Mapping[str, FakeZone]:
        return route53_backends[self.account_id]["aws"].zones


def _servers(zone_id: str) -> list[str]:
    digest = hashlib.sha256(zone_id.encode()).digest()
    return [
        f"ns-{512 * at + digest[at]}.awsdns-{digest[at + len(SERVERS)] % 64:02d}{top}"
        for at, top in enumerate(SERVERS)
    ]


def _apply(zone: FakeZone, change: Change) -> None:
    # A new list: moto's own threads may be reading the old one.
    zone.rrsets = [one for one in zone.rrsets if _key(one) != change.key]
    if change.action != "DELETE":
        zone.add_rrset(_parts(change))


def _parts(change: Change) -> dict[str, Any]:
    values = list(change.values[1])
    return {**change.record, "Name": change.key[0], "ResourceRecords": values}


def _state(zone: FakeZone) -> dict[Key, Values]:
    return {
        _key(one): (str(one.ttl or ""), tuple(sorted(_values(one)))) for one in list(zone.rrsets)
    }


def _public_records(zone: FakeZone) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for (name, kind, _), (_, values) in _state(zone).items():
        plain = (name.rstrip("."), kind)
        found[plain] = (*found.get(plain, ()), *values)
    return found


def _values(one: RecordSet) -> Sequence[str]:
    # moto keeps the SOA of a new zone as it came, all else as bare values.
    found = one.records or ()
    return [str(value["Value"] if isinstance(value, dict) else value) for value in found]


def _key(one: RecordSet) -> Key:
    return (dotted(one.name), str(one.type), one.set_identifier or "")


def _octal(found: re.Match[bytes]) -> bytes:
    """Write all but a-z, 0-9, dash and underscore in octal, as Route 53 does."""
    name = found[1].decode().lower()
    written = _ODD.sub(lambda odd: f"\\{ord(odd[0]):03o}", name)
    return f"<Name>{written}</Name>".encode()


def _xml(element: str, inside: str) -> Answer:
    text = f'<?xml version="1.0"?>\n<{element} xmlns="{_NAMESPACE}">{inside}</{element}>'
    return Answer(headers={"Content-Type": "text/xml"}, body=text.encode())


def _reversed(name: str) -> tuple[str, ...]:
    return tuple(reversed(name.lower().rstrip(".").split("."))) if name.strip(".") else ()
