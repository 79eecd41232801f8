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
    conflict: Conflict | None = None
    """That a hosted zone of the account has the name and nobody in public DNS asks it.

    Whoever made that zone meant it to count, so somebody has to say that it does not.
    """


ZoneChoice: TypeAlias = Zone | Elsewhere | Conflict


async def choose(domain: str, zones: HostedZones, dns: Dns) -> ZoneChoice:
    """Return where the records of a domain belong; `domain` is an A-label. Only reads.

    Of the account's public zones the longest one counts that DNS asks for the domain. A zone
    that nobody asks is dead, whatever stands in it; if the name is no zone for DNS, the next
    shorter one holds its records. Raises Unavailable or Forbidden.
    """
    remarks: list[str] = []
    dead: list[HostedZone] = []
    # The last label would be a top-level domain, which nobody here owns.
    for name in ancestors(domain)[:-1]:
        found = await zones.named(name)
        public = [one for one in found if not one.is_private]
        remarks += [f"hosted zone {one.id} of {name} is private" for one in found if one.is_private]
        dead += found
        try:
            asked = await dns.ask(name, "NS") if public else ()
        except Lame:
            return await _lame(name, public, zones)
        if asked:
            chosen = await _asked(public, asked, zones, dns)
            if isinstance(chosen, str):
                reason = "; ".join((chosen, *remarks))
                return Elsewhere(zone=name, reason=reason, conflict=_unasked(name, reason))
            return await _open(chosen, domain, zones, dns)
        remarks += [f"DNS does not know hosted zone {one.id} of {name}" for one in public]
    top = await _top(domain, dns)
    if dead:
        reason = "; ".join((*remarks, await _answered(top, dns)))
        return Elsewhere(zone=top, reason=reason, conflict=_unasked(dead[0].name, reason))
    reason = "no hosted zone of this account holds it"
    if not await _servers(top, dns):
        reason += f", and DNS knows no {domain} either: is it misspelt, or not registered yet?"
    return Elsewhere(zone=top, reason=reason)


def _unasked(name: str, reason: str) -> Conflict:
    return Conflict(
        resource=f"hosted zone {name}",
        found=reason,
        wanted="a public hosted zone that DNS asks, or none of this name",
        advice="Have the registrar name the servers of a public hosted zone of this account, and "
        "delete the zone that nobody needs; or, if DNS is to stay as it is, add --by-hand and "
        "enter the records there.",
    )


async def _answered(name: str, dns: Dns) -> str:
    asked = await _servers(name, dns)
    return f"{name} is answered by {_listed(asked)}" if asked else f"DNS knows no {name}"


async def _servers(name: str, dns: Dns) -> Sequence[str]:
    with suppress(Lame):
        return await dns.ask(name, "NS")
    return ()


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


async def _open(zone: HostedZone, domain: str, zones: HostedZones, dns: Dns) -> ZoneChoice:
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
                silent = await _silent(name, reason, dns)
                return Elsewhere(zone=name, reason=reason) if silent is None else silent
    return Zone(id=zone.id, name=zone.name)


async def _silent(name: str, reason: str, dns: Dns) -> Conflict | None:
    """Return that those whom a name was handed on to know nothing of it."""
    if await _servers(name, dns):
        return None
    return Conflict(
        resource=f"zone {name}",
        found=f"{reason}, which do not answer for it",
        wanted="servers that answer for it, or no NS record at this name",
        advice="Set these servers up, or remove the NS record from the hosted zone; then run this "
        "again.",
    )


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
        if await _servers(name, dns):
            return name
    return domain


def _listed(names: Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "no name server"
