"""A domain's records in Route 53: planned, made once, and never at the cost of others."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Failed
from sesauditd.model.plan import Verb
from sesauditd.model.zones import Act, RecordChange, RecordSet
from sesauditd.onboard import records
from sesauditd.onboard.engine import Unknown
from sesauditd.onboard.zones import Zone
from sesauditd.sandbox.faults import Fault, FaultAction
from tests.contract.zone_stand import RUA, SIGNING, ZoneStand, plain

if TYPE_CHECKING:
    from tests.contract.stands import World

EXCHANGER = "10 feedback-smtp.eu-central-1.amazonses.com"
SPF = '"v=spf1 include:amazonses.com ~all"'
DMARC = f'"v=DMARC1; p=none; rua=mailto:{RUA}"'

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def stand(world: World) -> ZoneStand:
    world.sandbox.faults.clear()
    made = ZoneStand(world)
    made.writes()
    return made


def all_records(domain: str) -> dict[str, tuple[str, ...]]:
    return {
        **{
            f"tok{n}._domainkey.{domain} CNAME": (f"tok{n}.dkim.eu.amazonses.com",)
            for n in (1, 2, 3)
        },
        f"bounce.{domain} MX": (EXCHANGER,),
        f"bounce.{domain} TXT": (SPF,),
        f"_dmarc.{domain} TXT": (DMARC,),
    }


async def test_records_are_planned_made_and_then_wanted_no_more(stand: ZoneStand) -> None:
    domain = stand.fresh()
    own_spf = {f"{domain} TXT": ['"v=spf1 mx -all"']}
    zone_id = await stand.zone(domain, own_spf)
    stand.writes()
    plan = await stand.plan(domain)
    assert [change.verb for change in plan.changes] == [Verb.CREATE] * 3
    assert stand.writes() == []
    await stand.apply(domain)
    assert stand.writes() == ["ChangeResourceRecordSets"] * 3
    # The domain's own SPF is left alone: it plays no part in what SES sends.
    spf = {f"{domain} TXT": ('"v=spf1 mx -all"',)}
    assert await stand.kept(zone_id) == {**spf, **all_records(domain)}
    again = await stand.plan(domain)
    assert again.is_empty
    assert not again.remarks
    await stand.apply(domain)
    assert stand.writes() == []
    await stand.apply(domain, removing=True)
    assert await stand.kept(zone_id) == spf


async def test_records_of_a_subdomain_go_into_the_zone_above(stand: ZoneStand) -> None:
    above = stand.fresh()
    zone_id = await stand.zone(above)
    await stand.apply(f"shop.{above}")
    assert await stand.kept(zone_id) == all_records(f"shop.{above}")


def at(name: str, kind: str, *values: str) -> Mapping[str, Any]:
    return plain(name, kind, values)


def weighted(name: str, kind: str, value: str) -> Mapping[str, Any]:
    return {**plain(name, kind, [value]), "SetIdentifier": "blue", "Weight": 10}


def alias(name: str, kind: str, target: str) -> Mapping[str, Any]:
    reference = {"HostedZoneId": "Z1", "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": kind, "AliasTarget": reference}


CONFLICTS = [
    pytest.param(
        at("bounce.@", "CNAME", "park.example"),
        ["bounce.@ CNAME", "park.example"],
        id="cname-at-the-name",
    ),
    pytest.param(
        at("_dmarc.@", "CNAME", "vendor.example"), ["_dmarc.@ CNAME"], id="cname-without-a-policy"
    ),
    pytest.param(
        at("tok1._domainkey.@", "TXT", '"v=DKIM1; p="'),
        ["tok1._domainkey.@ TXT", "v=DKIM1"],
        id="text-where-the-cname-goes",
    ),
    pytest.param(
        at("tok2._domainkey.@", "CNAME", "else.example"), ["else.example"], id="cname-to-another"
    ),
    pytest.param(at("bounce.@", "MX", "10 mail.example"), ["10 mail.example"], id="another-mx"),
    pytest.param(at("bounce.@", "MX", EXCHANGER, "20 b.example"), ["20 b.example"], id="second-mx"),
    pytest.param(at("bounce.@", "TXT", '"v=spf1 mx -all"'), ["v=spf1 mx -all"], id="another-spf"),
    pytest.param(weighted("bounce.@", "MX", EXCHANGER), ["bounce.@ MX", "blue"], id="weighted"),
    pytest.param(alias("tok3._domainkey.@", "CNAME", "x.@"), ["alias of x.@"], id="alias"),
    pytest.param(
        at("_domainkey.@", "NS", "ns.vendor.example."),
        ["handed on to ns.vendor.example"],
        id="domainkeys-handed-on",
    ),
    pytest.param(
        at("_dmarc.@", "NS", "ns.vendor.example."),
        ["handed on to ns.vendor.example"],
        id="dmarc-handed-on",
    ),
    pytest.param(
        at("*.@", "MX", "10 catch.example"),
        ["*.@ MX", "catch.example", "takes the mail"],
        id="wildcard-mx",
    ),
    pytest.param(at("*.@", "NS", "ns.vendor.example."), ["*.@ NS"], id="wildcard-ns"),
]


@pytest.mark.parametrize(("record", "words"), CONFLICTS)
async def test_what_is_anothers_is_refused_by_name_and_nothing_is_changed(
    stand: ZoneStand, record: Mapping[str, Any], words: Sequence[str]
) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    await stand.put(zone_id, located(record, domain))
    before = await stand.kept(zone_id)
    stand.writes()
    plan = await stand.plan(domain)
    assert len(plan.conflicts) == 1
    said = plan.conflicts[0]
    assert all(word.replace("@", domain) in f"{said.resource} {said.found}" for word in words), said
    assert said.wanted
    assert zone_id in said.advice
    applied = await stand.apply(domain)
    assert applied.conflicts == plan.conflicts
    assert stand.writes() == []
    assert await stand.kept(zone_id) == before


def located(record: Mapping[str, Any], domain: str) -> Mapping[str, Any]:
    made = {**record, "Name": record["Name"].replace("@", domain)}
    if "AliasTarget" in made:
        target = {**made["AliasTarget"]}
        made["AliasTarget"] = {**target, "DNSName": target["DNSName"].replace("@", domain)}
    return made


KEPT = [
    pytest.param(
        "_dmarc.@", '"v=DMARC1; p=reject"', "_dmarc.@ says v=DMARC1; p=reject", id="at-the-name"
    ),
    pytest.param(
        "_dmarc.@", '"v=DMARC1; p=none" "; rua=mailto:a@b.c"', "rua=mailto:a", id="in-two-strings"
    ),
]


@pytest.mark.parametrize(("name", "value", "remark"), KEPT)
async def test_a_policy_that_stands_is_left_alone_and_said(
    stand: ZoneStand, name: str, value: str, remark: str
) -> None:
    domain = stand.fresh()
    kept = {f"{name.replace('@', domain)} TXT": [value]}
    zone_id = await stand.zone(domain, kept)
    await stand.apply(domain)
    assert (await stand.kept(zone_id))[f"_dmarc.{domain} TXT"] == (value,)
    plan = await stand.plan(domain)
    assert plan.is_empty
    assert any(remark.replace("@", domain) in one for one in plan.remarks)


async def test_a_policy_of_the_organisation_holds_for_its_subdomains(stand: ZoneStand) -> None:
    above = stand.fresh()
    zone_id = await stand.zone(above, {f"_dmarc.{above} TXT": ['"v=DMARC1; p=quarantine"']})
    applied = await stand.apply(f"shop.{above}")
    assert f"_dmarc.shop.{above} TXT" not in await stand.kept(zone_id)
    assert any(f"_dmarc.{above} says" in one for one in applied.remarks)


async def test_a_policy_behind_an_alias_of_a_vendor_counts(stand: ZoneStand) -> None:
    domain = stand.fresh()
    stand.world.sandbox.zones.world.records["policy.vendor.test", "TXT"] = ('"v=DMARC1; p=none"',)
    zone_id = await stand.zone(domain, {f"_dmarc.{domain} CNAME": ["policy.vendor.test"]})
    applied = await stand.apply(domain)
    assert any("v=DMARC1" in one for one in applied.remarks)
    assert f"_dmarc.{domain} TXT" not in await stand.kept(zone_id)


async def test_two_policies_are_named_and_not_made_three(stand: ZoneStand) -> None:
    domain = stand.fresh()
    two = ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']
    zone_id = await stand.zone(domain, {f"_dmarc.{domain} TXT": two})
    applied = await stand.apply(domain)
    assert any("heed none" in one for one in applied.remarks)
    assert (await stand.kept(zone_id))[f"_dmarc.{domain} TXT"] == tuple(two)


async def test_texts_of_others_stay_beside_ours_with_their_ttl(stand: ZoneStand) -> None:
    domain = stand.fresh()
    other = '"google-site-verification=\\"x\\"" "y"'
    zone_id = await stand.zone(domain)
    for name in (f"bounce.{domain}", f"_dmarc.{domain}"):
        await stand.put(zone_id, plain(name, "TXT", [other], ttl=77))
    await stand.apply(domain)
    kept = await stand.kept(zone_id)
    assert kept[f"bounce.{domain} TXT"] == tuple(sorted((other, SPF)))
    assert kept[f"_dmarc.{domain} TXT"] == tuple(sorted((other, DMARC)))
    assert {one.ttl for one in await stand.hosted.at(zone_id, f"bounce.{domain}")} == {77, 300}
    await stand.apply(domain, removing=True)
    assert await stand.kept(zone_id) == {
        f"{name}.{domain} TXT": (other,) for name in ("bounce", "_dmarc")
    }


@pytest.mark.parametrize("kind", ["A", "TXT", "CNAME"])
async def test_other_wildcards_are_no_obstacle(stand: ZoneStand, kind: str) -> None:
    domain = stand.fresh()
    value = {"A": "192.0.2.1", "TXT": '"hello"', "CNAME": "shop.example"}[kind]
    zone_id = await stand.zone(domain, {f"*.{domain} {kind}": [value]})
    await stand.apply(domain)
    assert await stand.kept(zone_id) == {
        f"*.{domain} {kind}": (value,),
        **all_records(domain),
    }


@pytest.mark.parametrize("seed", range(12))
async def test_from_any_drift_the_records_come_back_and_the_next_plan_is_empty(
    stand: ZoneStand, seed: int
) -> None:
    drift = random.Random(seed)
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    await stand.apply(domain)
    for key, values in all_records(domain).items():
        name, _, kind = key.partition(" ")
        match drift.choice(["leave", "delete", "ttl", "older"]):
            case "delete":
                await stand.put(zone_id, plain(name, kind, values, ttl=300), "DELETE")
            case "ttl":
                await stand.put(zone_id, plain(name, kind, values, ttl=drift.randint(1, 9999)))
            case "older" if kind == "CNAME":
                token = values[0].partition(".")[0]
                await stand.put(zone_id, plain(name, kind, [f"{token}.dkim.amazonses.com"]))
            case _:
                pass
    await stand.apply(domain)
    assert await stand.kept(zone_id) == all_records(domain)
    assert (await stand.plan(domain)).is_empty
    stand.writes()
    await stand.apply(domain)
    assert stand.writes() == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(code="PriorRequestNotComplete", status=400), id="prior-request"),
        pytest.param(Fault(action=FaultAction.THROTTLE, times=3), id="throttled"),
        pytest.param(Fault(action=FaultAction.LOSE_ANSWER, times=3), id="answer-lost"),
        pytest.param(Fault(code="InternalError", status=500, times=4), id="failing"),
    ],
)
async def test_batches_are_made_once_though_route_53_is_busy(
    stand: ZoneStand, fault: Fault
) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    struck = Fault(
        service="route53",
        operation="ChangeResourceRecordSets",
        action=fault.action,
        code=fault.code,
        status=fault.status,
        times=fault.times,
    )
    stand.world.sandbox.faults.add(struck)
    await stand.apply(domain)
    assert await stand.kept(zone_id) == all_records(domain)
    assert (await stand.plan(domain)).is_empty


async def test_looks_wait_while_route_53_is_busy(stand: ZoneStand) -> None:
    domain = stand.fresh()
    await stand.zone(domain)
    throttled = Fault(
        service="route53", operation="ListResourceRecordSets", times=4, action=FaultAction.THROTTLE
    )
    stand.world.sandbox.faults.add(throttled)
    assert len((await stand.plan(domain)).changes) == 3


async def test_a_set_that_changed_between_look_and_batch_is_not_overwritten(
    stand: ZoneStand,
) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain, {f"bounce.{domain} TXT": ['"one"']})
    zone = Zone(id=zone_id, name=domain)
    plan = await stand.engine.plan(stand.stages(domain, zone))
    mail_from = next(one for one in plan.changes if "MAIL FROM" in one.resource)
    await stand.put(zone_id, plain(f"bounce.{domain}", "TXT", ['"two"']))
    _, others = stand.stages(domain, zone)
    groups = others({})
    assert not isinstance(groups, Unknown)
    group = next(one for one in groups if one.name == mail_from.resource)
    with pytest.raises(Failed):
        await group.apply(mail_from)
    assert await stand.kept(zone_id) == {f"bounce.{domain} TXT": ('"two"',)}


async def test_a_zone_of_more_records_than_a_page_holds_is_read_to_its_end(
    stand: ZoneStand,
) -> None:
    domain = stand.fresh()
    zone_id = await stand.zone(domain)
    names = [f"{number:04d}.bounce.{domain}" for number in range(350)]
    sets = [RecordSet(name=one, kind="TXT", ttl=60, values=('"x"',)) for one in names]
    sets.append(RecordSet(name=f"bounce-x.{domain}", kind="TXT", ttl=60, values=('"y"',)))
    await stand.hosted.change(zone_id, [RecordChange(act=Act.CREATE, record=one) for one in sets])
    found = await stand.hosted.under(zone_id, f"bounce.{domain}")
    assert [one.name for one in found] == names
    assert list(await stand.hosted.at(zone_id, names[7])) == [sets[7]]


async def test_ses_finds_what_was_made(stand: ZoneStand) -> None:
    zones = stand.world.sandbox.zones
    domain = stand.fresh()
    await stand.zone(domain)
    await stand.apply(domain)
    for record in (
        *records.dkim(domain, SIGNING),
        *records.mail_from(f"bounce.{domain}", "eu-central-1"),
    ):
        assert zones.records(record.name, record.kind) == (record.written,)
