"""Which hosted zone holds a domain's records: the longest one that public DNS really asks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sesauditd.model.dns_text import ancestors, is_under
from sesauditd.model.plan import Conflict
from sesauditd.onboard import delegation
from sesauditd.onboard.delegation import Verdict
from sesauditd.onboard.dns import Lame

if TYPE_CHECKING:
    from sesauditd.model.zones import HostedZone, RecordSet
    from sesauditd.onboard.dns import Dns


class HostedZones(Protocol):
    """The hosted zones of the account; each method raises Unavailable or Forbidden."""

    async def named(self, name: str) -> Sequence[HostedZone]:
        """Return every zone of exactly this plain name, private ones too."""
        ...

    async def name_servers(self, zone_id: str) -> Sequence[str]:
        """Return the servers that answer for a zone, as plain names."""
        ...

    async def at(self, zone_id: str, name: str) -> Sequence[RecordSet]:
        """Return every record set at exactly this plain name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The hosted zone where records of the domain take effect."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The records of the domain belong into a zone that we cannot write."""

    zone: str
    """The top of that zone as far as DNS tells, for relative names."""
    reason: str


ZoneChoice: TypeAlias = Zone | Elsewhere | Conflict


async def choose(domain: str, zones: HostedZones, dns: Dns) -> ZoneChoice:
    """Return where the records of a domain belong; `domain` is an A-label. Only reads.

    Of the account's public zones the longest one counts that DNS asks for the domain. A zone
    that nobody asks is dead, whatever stands in it; if the name is no zone for DNS, the next
    shorter one holds its records. Raises Unavailable or Forbidden.
    """
    remarks: list[str] = []
    # The last label would be a top-level domain, which nobody here owns.
    for name in ancestors(domain)[:-1]:
        found = await zones.named(name)
        public = [one for one in found if not one.is_private]
        remarks += [f"hosted zone {one.id} of {name} is private" for one in found if one.is_private]
        try:
            asked = await dns.ask(name, "NS") if public else ()
        except Lame:
            return await _lame(name, public, zones)
        if asked:
            chosen = await _asked(public, asked, zones, dns)
            if isinstance(chosen, str):
                return Elsewhere(zone=name, reason="; ".join((chosen, *remarks)))
            return await _open(chosen, domain, zones)
        remarks += [f"DNS does not know hosted zone {one.id} of {name}" for one in public]
    reason = "; ".join(remarks) or "no hosted zone of this account holds it"
    return Elsewhere(zone=await _top(domain, dns), reason=reason)


async def _asked(
    public: Sequence[HostedZone], asked: Sequence[str], zones: HostedZones, dns: Dns
) -> HostedZone | str:
    """Return the zone that DNS asks, or why it is none of these."""
    name = public[0].name
    reasons = []
    for zone in public:
        own = await zones.name_servers(zone.id)
        match await delegation.judge(own, asked, dns):
            case Verdict.OURS:
                return zone
            case Verdict.SHARED:
                return (
                    f"{name} is answered by {_listed(asked)}, and hosted zone {zone.id} is a part "
                    "of these only: the records must be at all of them"
                )
            case Verdict.OTHERS:
                reasons.append(f"hosted zone {zone.id} is at {_listed(own)}")
    return f"{name} is answered by {_listed(asked)}, but {' and '.join(reasons)}"


async def _open(zone: HostedZone, domain: str, zones: HostedZones) -> ZoneChoice:
    """Return the zone, unless it is another's or hands the domain on."""
    if zone.linked_service is not None:
        return Conflict(
            resource=f"hosted zone of {domain}",
            found=f"{zone.name} ({zone.id}), which {zone.linked_service} alone may change",
            wanted="a hosted zone that can be changed",
            advice=f"Have the records made by {zone.linked_service}, or move the zone.",
        )
    between = [one for one in ancestors(domain) if one != zone.name and is_under(one, zone.name)]
    for name in reversed(between):
        for record in await zones.at(zone.id, name):
            if record.kind == "NS":
                reason = f"hosted zone {zone.id} hands {name} on to {_listed(record.values)}"
                return Elsewhere(zone=name, reason=reason)
    return Zone(id=zone.id, name=zone.name)


async def _lame(name: str, public: Sequence[HostedZone], zones: HostedZones) -> Conflict:
    """Return that the registrar names servers which know nothing of the zone.

    So it is after a hosted zone was deleted and made anew: that gave it other servers.
    """
    ours = [f"{one.id} is at {_listed(await zones.name_servers(one.id))}" for one in public]
    return Conflict(
        resource=f"hosted zone {name}",
        found="no name server that answers for it in DNS",
        wanted=f"the servers of a hosted zone: {' or '.join(ours)}",
        advice="Have the registrar name these servers, and run this again a day later.",
    )


async def _top(domain: str, dns: Dns) -> str:
    for name in ancestors(domain)[:-1]:
        with suppress(Lame):
            if await dns.ask(name, "NS"):
                return name
    return domain


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "no name server"
