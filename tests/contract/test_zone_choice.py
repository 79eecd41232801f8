"""The zone of a domain is the one that public DNS asks, or none of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Unavailable
from sesauditd.model.plan import Conflict
from sesauditd.onboard import records
from sesauditd.onboard.records_by_hand import Gap, by_hand, gap_of
from sesauditd.onboard.zones import Elsewhere, Zone, ZoneChoice
from sesauditd.sandbox.faults import Fault, FaultAction
from tests.contract.zone_stand import SIGNING, ZoneStand, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.onboard.records import Record
    from tests.contract.stands import World

FOREIGN = ("ns1.other.example", "ns2.other.example")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def stand(world: World) -> ZoneStand:
    return ZoneStand(world)


def registrar(stand: ZoneStand, name: str, *servers: str) -> None:
    """Let a registrar name these servers for a zone."""
    stand.world.sandbox.zones.world.delegations[name] = servers


def reason(chosen: ZoneChoice) -> str:
    assert isinstance(chosen, Elsewhere), chosen
    return chosen.reason


async def test_the_longest_zone_that_is_asked_holds_a_domain(stand: ZoneStand) -> None:
    above = stand.fresh()
    outer = await stand.zone(above)
    assert await stand.choose(f"a.b.{above}") == Zone(id=outer, name=above)
    inner = await stand.zone(f"b.{above}")
    servers = [f"{one}." for one in await stand.servers(inner)]
    await stand.put(outer, plain(f"b.{above}", "NS", servers))
    assert await stand.choose(f"a.b.{above}") == Zone(id=inner, name=f"b.{above}")
    assert await stand.choose(f"ab.{above}") == Zone(id=outer, name=above)


async def test_a_longer_zone_that_nobody_asks_is_passed_over(stand: ZoneStand) -> None:
    above = stand.fresh()
    outer = await stand.zone(above)
    await stand.zone(f"shop.{above}")
    assert await stand.choose(f"shop.{above}") == Zone(id=outer, name=above)


async def test_zones_whose_names_only_follow_are_none_of_the_domain(stand: ZoneStand) -> None:
    domain = stand.fresh()
    await stand.zone(f"z{domain}")
    assert "no hosted zone" in reason(await stand.choose(domain))


async def test_a_private_zone_is_not_taken(stand: ZoneStand) -> None:
    domain = stand.fresh()
    private = await stand.zone(domain, private=True)
    assert f"{private} of {domain} is private" in reason(await stand.choose(domain))
    public = await stand.zone(domain)
    assert await stand.choose(domain) == Zone(id=public, name=domain)


async def test_of_two_public_zones_the_one_that_is_asked_is_taken(stand: ZoneStand) -> None:
    domain = stand.fresh()
    first, second = await stand.zone(domain), await stand.zone(domain)
    assert await stand.choose(domain) == Zone(id=first, name=domain)
    registrar(stand, domain, *await stand.servers(second))
    assert await stand.choose(domain) == Zone(id=second, name=domain)
    registrar(stand, domain, *FOREIGN)
    said = reason(await stand.choose(domain))
    assert all(word in said for word in (first, second, *FOREIGN))


async def test_a_zone_that_is_answered_elsewhere_is_dead(stand: ZoneStand) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    registrar(stand, domain, *FOREIGN)
    chosen = await stand.choose(f"shop.{domain}")
    assert isinstance(chosen, Elsewhere)
    assert chosen.zone == domain
    assert zone_id in chosen.reason
    assert all(server in chosen.reason for server in FOREIGN)


async def test_a_zone_that_is_a_part_of_the_answering_servers_is_not_enough(
    stand: ZoneStand,
) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    registrar(stand, domain, *await stand.servers(zone_id), FOREIGN[0])
    await stand.put(
        zone_id,
        plain(domain, "NS", [f"{one}." for one in (*await stand.servers(zone_id), FOREIGN[0])]),
    )
    assert "all of them" in reason(await stand.choose(domain))


async def test_servers_under_names_of_their_own_are_known_by_their_addresses(
    stand: ZoneStand,
) -> None:
    domain, beside = stand.fresh(), stand.world.sandbox.zones.world
    zone_id = await stand.zone(domain)
    for number, server in enumerate(await stand.servers(zone_id)):
        white = f"ns{number}.{domain}"
        beside.records[server, "A"] = (f"192.0.2.{number}",)
        await stand.put(zone_id, plain(white, "A", [f"192.0.2.{number}"]))
    names = [f"ns{number}.{domain}." for number in range(4)]
    await stand.put(zone_id, plain(domain, "NS", names))
    assert await stand.choose(domain) == Zone(id=zone_id, name=domain)


async def test_a_name_that_the_zone_hands_on_is_elsewhere(stand: ZoneStand) -> None:
    above = stand.fresh()
    zone_id = await stand.zone(above)
    await stand.put(zone_id, plain(f"shop.{above}", "NS", [f"{one}." for one in FOREIGN]))
    chosen = await stand.choose(f"a.shop.{above}")
    assert isinstance(chosen, Elsewhere)
    assert chosen.zone == f"shop.{above}"
    assert zone_id in chosen.reason


async def test_a_name_that_is_handed_on_to_nobody_is_a_conflict(stand: ZoneStand) -> None:
    above = stand.fresh()
    zone_id = await stand.zone(above)
    await stand.put(zone_id, plain(f"shop.{above}", "NS", [f"{one}." for one in FOREIGN]))
    registrar(stand, f"shop.{above}")
    chosen = await stand.choose(f"a.shop.{above}")
    assert isinstance(chosen, Conflict)
    assert all(server in chosen.found for server in FOREIGN)
    assert zone_id in chosen.found


async def test_a_name_that_nobody_knows_is_asked_about(stand: ZoneStand) -> None:
    said = reason(await stand.choose("exmaple-of-a-slip.example"))
    assert "is it misspelt" in said


async def test_a_zone_of_another_service_is_a_conflict(stand: ZoneStand) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    stand.world.sandbox.zones.linked[zone_id] = "servicediscovery.amazonaws.com"
    chosen = await stand.choose(domain)
    assert isinstance(chosen, Conflict)
    assert zone_id in chosen.found
    assert "servicediscovery" in chosen.advice


async def test_a_zone_whose_servers_the_registrar_does_not_know_is_a_conflict(
    stand: ZoneStand,
) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    registrar(stand, domain)
    chosen = await stand.choose(f"shop.{domain}")
    assert isinstance(chosen, Conflict)
    assert zone_id in chosen.wanted
    assert (await stand.servers(zone_id))[0] in chosen.wanted
    assert "registrar" in chosen.advice
    beside = stand.fresh()
    registrar(stand, beside)
    assert "no hosted zone" in reason(await stand.choose(beside))


async def test_choosing_writes_nothing_and_waits_while_aws_is_busy(stand: ZoneStand) -> None:
    domain = stand.fresh()
    await stand.zone(domain)
    stand.writes()
    await stand.choose(f"a.b.c.{domain}")
    assert stand.writes() == []
    throttled = Fault(service="route53", times=0, action=FaultAction.THROTTLE)
    stand.world.sandbox.faults.add(throttled)
    with pytest.raises(Unavailable):
        await stand.choose(domain)
    stand.world.sandbox.faults.clear()


async def test_more_zones_than_a_page_holds_are_all_seen(
    stand: ZoneStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesauditd.aws.zones.PAGE", 2)
    domain = stand.fresh()
    made = {await stand.zone(domain) for _ in range(5)}
    await stand.zone(f"a.{domain}")
    assert {one.id for one in await stand.hosted.named(domain)} == made


async def test_records_for_a_zone_elsewhere_are_shown_and_looked_for(stand: ZoneStand) -> None:
    zone = stand.fresh()
    domain = f"shop.{zone}"
    beside = stand.world.sandbox.zones.world
    registrar(stand, zone, *FOREIGN)
    assert await stand.choose(domain) == Elsewhere(
        zone=zone, reason="no hosted zone of this account holds it"
    )
    wanted = await records.needed(
        domain,
        SIGNING,
        mail_from_name=f"bounce.{domain}",
        region="eu-central-1",
        rua=None,
        dns=stand.dns,
    )
    rows = by_hand(wanted, zone)
    assert [(row.absolute, row.relative, row.kind, row.value) for row in rows[3:]] == [
        (
            f"bounce.{domain}.",
            "bounce.shop",
            "MX",
            "10 feedback-smtp.eu-central-1.amazonses.com.",
        ),
        (f"bounce.{domain}.", "bounce.shop", "TXT", '"v=spf1 include:amazonses.com ~all"'),
        (f"_dmarc.{domain}.", "_dmarc.shop", "TXT", '"v=DMARC1; p=none"'),
    ]
    assert len(await gaps_of(wanted, zone, stand)) == 6
    for record in wanted[1:]:
        beside.records[record.name, record.kind] = (record.written,)
    beside.records[f"{wanted[0].name}.{zone}", "CNAME"] = (wanted[0].value,)
    beside.records[wanted[1].name, "CNAME"] = ("wrong.example",)
    gaps = await gaps_of(wanted, zone, stand)
    assert [gap.record for gap in gaps] == list(wanted[:2])
    assert "twice" in gaps[0].trouble
    assert (gaps[1].trouble, gaps[1].found) == ("record has another value", ("wrong.example",))
    beside.records |= {(one.name, one.kind): (one.written,) for one in wanted}
    assert await gaps_of(wanted, zone, stand) == []


async def gaps_of(wanted: Sequence[Record], zone: str, stand: ZoneStand) -> list[Gap]:
    """Return what DNS does not show as it must be."""
    gaps = [await gap_of(one, zone, stand.dns) for one in wanted]
    return [one for one in gaps if one is not None]


async def test_a_policy_that_holds_is_not_asked_for_by_hand(stand: ZoneStand) -> None:
    zone = stand.fresh()
    registrar(stand, zone, *FOREIGN)
    stand.world.sandbox.zones.world.records[f"_dmarc.{zone}", "TXT"] = ('"v=DMARC1; p=reject"',)
    wanted = await records.needed(
        f"shop.{zone}",
        SIGNING,
        mail_from_name=f"bounce.shop.{zone}",
        region="eu-central-1",
        rua=None,
        dns=stand.dns,
    )
    assert [one.kind for one in wanted] == ["CNAME"] * 3 + ["MX", "TXT"]
