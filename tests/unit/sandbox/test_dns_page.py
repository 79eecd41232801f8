"""What public DNS holds beside Route 53 is set from outside, and seen by SES and resolvers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from botocore.exceptions import ClientError

from sesauditd.onboard.dns import Resolver
from sesauditd.sandbox.operator import operator
from tests.support.sandboxes import sandbox

if TYPE_CHECKING:
    from sesauditd.sandbox.running import Sandbox


async def put(running: Sandbox, document: Any) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"{running.url}/_sandbox/dns", json=document) as response,
    ):
        return response.status, await response.text()


def ask(running: Sandbox, operation: str, **parameters: Any) -> Any:
    with operator(running.url, region=running.region, account_id=running.account_id) as asking:
        return asking.ask("route53", operation, **parameters)


async def test_registrars_and_the_records_of_others_are_set_from_outside() -> None:
    async with sandbox() as running:
        resolver = Resolver([f"{running.host}:{running.dns_port}"])
        status, _ = await put(
            running,
            {
                "delegations": {"x.example": ["ns.other.example"]},
                "records": {"_dmarc.X.example TXT": ['"v=DMARC1; p=none"']},
            },
        )
        assert status == 200
        assert await resolver.ask("x.example", "NS") == ["ns.other.example"]
        assert await resolver.ask("_dmarc.x.example", "TXT") == ["v=DMARC1; p=none"]
        status, text = await put(running, {"delegation": {}})
        assert status == 400
        assert "delegation" in text


async def test_zones_of_a_service_and_slow_batches_are_played() -> None:
    async with sandbox() as running:
        made = await asyncio.to_thread(
            ask, running, "CreateHostedZone", Name="x.example", CallerReference="x"
        )
        zone_id = made["HostedZone"]["Id"].rpartition("/")[2]
        record = {
            "Name": "*.x.example",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        }
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        change = {"HostedZoneId": zone_id, "ChangeBatch": batch}
        await put(running, {"linked": {zone_id: "servicediscovery.amazonaws.com"}})
        with pytest.raises(ClientError, match="AccessDenied"):
            await asyncio.to_thread(ask, running, "ChangeResourceRecordSets", **change)
        await put(running, {"sync_seconds": 600})
        sent = await asyncio.to_thread(ask, running, "ChangeResourceRecordSets", **change)
        assert sent["ChangeInfo"]["Status"] == "PENDING"
        name = sent["ChangeInfo"]["Id"]
        again = await asyncio.to_thread(ask, running, "GetChange", Id=name)
        assert again["ChangeInfo"]["Status"] == "PENDING"
        await put(running, {})
        again = await asyncio.to_thread(ask, running, "GetChange", Id=name)
        assert again["ChangeInfo"]["Status"] == "INSYNC"
        kept = await asyncio.to_thread(ask, running, "ListResourceRecordSets", HostedZoneId=zone_id)
        assert r"\052.x.example." in {one["Name"] for one in kept["ResourceRecordSets"]}
