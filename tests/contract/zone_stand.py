"""Hosted zones in the sandbox, and what onboarding makes of them through the real adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from sesauditd.aws.zones import Zones
from sesauditd.model.dns_text import plain_name
from sesauditd.onboard import zones as choosing
from sesauditd.onboard.dns import Resolver
from sesauditd.onboard.engine import Applied, Engine, Facts, Stage
from sesauditd.onboard.record_stages import Place, Sending, stages
from sesauditd.onboard.records import Signing
from sesauditd.onboard.zones import Zone, ZoneChoice

if TYPE_CHECKING:
    from sesauditd.model.plan import Change, Plan
    from tests.contract.stands import World

SIGNING = Signing(tokens=("tok1", "tok2", "tok3"), hosted_zone="dkim.eu.amazonses.com")
RUA = "reports@host.example"
IMPATIENT = (0.0, 0.0, 0.0)
Kept = Mapping[str, Sequence[str]]
"""Values by `NAME TYPE`."""
_numbers = count(1)


@dataclass(slots=True)
class Log:
    """Keeps steps in memory."""

    begun: list[Change] = field(default_factory=list)
    finished: list[Change] = field(default_factory=list)

    async def begin(self, change: Change) -> None:
        self.begun.append(change)

    async def finish(self, change: Change) -> None:
        self.finished.append(change)


@dataclass(slots=True)
class ZoneStand:
    """A sandbox whose zones are furnished by a test; each has a name that no other has."""

    world: World
    engine: Engine = field(default_factory=lambda: Engine(patience_seconds=IMPATIENT))

    @property
    def hosted(self) -> Zones:
        """Return the adapter."""
        return Zones(self.world.clients)

    @property
    def dns(self) -> Resolver:
        """Return a resolver that asks the sandbox."""
        return Resolver([f"127.0.0.1:{self.world.sandbox.dns_port}"])

    def fresh(self) -> str:
        """Return a domain that is new to the sandbox."""
        return f"d{next(_numbers)}.example"

    async def zone(self, name: str, kept: Kept | None = None, *, private: bool = False) -> str:
        """Make a hosted zone with records and return its id."""
        network = {"VPCRegion": "eu-central-1", "VPCId": "vpc-1"}
        extra: dict[str, Any] = {}
        if private:
            extra = {"VPC": network, "HostedZoneConfig": {"Comment": "", "PrivateZone": True}}
        reference = f"{name}-{next(_numbers)}"
        answer = await self._ask("CreateHostedZone", Name=name, CallerReference=reference, **extra)
        zone_id = str(answer["HostedZone"]["Id"]).rpartition("/")[2]
        for key, values in (kept or {}).items():
            record, _, kind = key.partition(" ")
            await self.put(zone_id, plain(record, kind, values))
        return zone_id

    async def servers(self, zone_id: str) -> Sequence[str]:
        """Return the servers of a zone."""
        return await self.hosted.name_servers(zone_id)

    async def put(self, zone_id: str, record: Mapping[str, Any], action: str = "UPSERT") -> None:
        """Change a record set as somebody else would."""
        changes = [{"Action": action, "ResourceRecordSet": record}]
        batch = {"Changes": changes}
        await self._ask("ChangeResourceRecordSets", HostedZoneId=zone_id, ChangeBatch=batch)

    async def kept(self, zone_id: str) -> dict[str, tuple[str, ...]]:
        """Return everything in a zone but the records of its own."""
        answer = await self._ask("ListResourceRecordSets", HostedZoneId=zone_id)
        return {
            f"{plain_name(one['Name'])} {one['Type']}": tuple(
                sorted(value["Value"] for value in one.get("ResourceRecords", ()))
            )
            for one in answer["ResourceRecordSets"]
            if one["Type"] not in {"SOA", "NS"}
        }

    async def choose(self, domain: str) -> ZoneChoice:
        """Choose the zone of a domain."""
        return await choosing.choose(domain, self.hosted, self.dns)

    def stages(self, domain: str, zone: Zone, *, removing: bool = False) -> Sequence[Stage]:
        """Return the stages of a domain's records."""
        sending = Sending(
            domain=domain,
            region="eu-central-1",
            mail_from=f"bounce.{domain}",
            rua=RUA,
            signing=_signing,
        )
        place = Place(zone=zone, hosted=self.hosted, dns=self.dns)
        return stages(sending, place, removing=removing)

    async def plan(self, domain: str) -> Plan:
        """Plan the records of a domain whose zone can be changed."""
        return await self.engine.plan(self.stages(domain, await self._open(domain)))

    async def apply(self, domain: str, *, removing: bool = False) -> Applied:
        """Make the records of a domain, or take ours away."""
        found = self.stages(domain, await self._open(domain), removing=removing)
        return await self.engine.apply(found, steps=Log())

    def writes(self) -> list[str]:
        """Return the writes since the last look, as the front saw them, and forget them."""
        recording = self.world.sandbox.recording
        found = [call.operation for call in recording.calls(writes=True)]
        recording.clear()
        return found

    async def _open(self, domain: str) -> Zone:
        chosen = await self.choose(domain)
        assert isinstance(chosen, Zone), chosen
        return chosen

    async def _ask(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        return await self.world.clients.route53.ask(operation, **parameters)


def plain(name: str, kind: str, values: Sequence[str], ttl: int = 60) -> Mapping[str, Any]:
    """Return a record set as Route 53 takes it."""
    records = [{"Value": value} for value in values]
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": records}


def _signing(_facts: Facts) -> Signing:
    return SIGNING
