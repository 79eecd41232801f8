"""Offboarding at the sandbox: what onboarding made is gone, what was there before stays."""

from __future__ import annotations

import asyncio
import smtplib
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.bootstrap.keeping import keeping_of
from sesauditd.bootstrap.offboard import Offboarder, offboarder_of
from sesauditd.errors import Refused
from sesauditd.sandbox.faults import Fault, FaultAction
from sesauditd.store import tables
from tests.support.accounts import stood
from tests.support.newcomers import Newcomers, PowerCutError, names, newcomers_at, unwatched
from tests.support.roles import COMMANDS
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sesauditd.model.plan import Change, Plan
    from sesauditd.onboard.engine import Applied, Moment
    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")
REMOVED = ["IAM", "DKIM", "MAIL", "DMARC", "SES", "SES"]


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*COMMANDS["offboard"], denied={"iam.DeleteUser", "iam.ListAccessKeys"}) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("offboarding")) as made:
        yield made


def offboarder(newcomers: Newcomers) -> Offboarder:
    return offboarder_of(newcomers.program.administration)


async def plan(newcomers: Newcomers, domain: str) -> Plan:
    return (await offboarder(newcomers).prepare(domain)).plan


async def offboard(newcomers: Newcomers, domain: str) -> Applied:
    taking = offboarder(newcomers)
    return await taking.carry_out(await taking.prepare(domain), unwatched)


def standing(newcomers: Newcomers, domain: str) -> dict[str, Any]:
    """Return what stands at AWS that has to do with a domain."""
    ask = newcomers.place.asking.ask
    zone = ask("route53", "ListHostedZonesByName", DNSName=domain)["HostedZones"][0]["Id"]
    records = ask("route53", "ListResourceRecordSets", HostedZoneId=zone)["ResourceRecordSets"]
    sets = ask("sesv2", "ListConfigurationSets")["ConfigurationSets"]
    return {
        "records": sorted(f"{one['Name']} {one['Type']}" for one in records),
        "sets": [one for one in sets if one.endswith(domain.replace("-", "_").replace(".", "-"))],
        "identities": [
            one["IdentityName"]
            for one in ask("sesv2", "ListEmailIdentities")["EmailIdentities"]
            if one["IdentityName"] == domain
        ],
        "users": [
            one["UserName"] for one in ask("iam", "ListUsers")["Users"] if one["UserName"] == domain
        ],
    }


async def journal(newcomers: Newcomers, domain: str) -> list[str]:
    database = newcomers.program.administration.program.database
    async with database.read() as connection:
        rows = await connection.execute(tables.journal.select())
        return [row.kind for row in rows if row.subject == domain]


async def test_all_that_was_made_goes_and_the_register_is_closed(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    before = standing(newcomers, domain)
    await newcomers.onboard(domain)
    newcomers.place.forget_calls()
    shown = await plan(newcomers, domain)
    assert [one.split()[0] for one in names(shown.changes)] == [*REMOVED, "register"]
    assert newcomers.place.writes() == 0

    await offboard(newcomers, domain)
    assert standing(newcomers, domain) == before
    assert (await journal(newcomers, domain))[-1] == "offboarded"
    with pytest.raises(smtplib.SMTPAuthenticationError):
        await asyncio.to_thread(newcomers.send, newcomers.newest(domain), "jane@elsewhere.example")
    newcomers.place.forget_calls()
    assert (await plan(newcomers, domain)).is_empty
    await offboard(newcomers, domain)
    assert newcomers.place.writes() == 0
    with pytest.raises(Refused, match="not set up by this program"):
        await keeping_of(newcomers.program.administration).of(domain)

    await newcomers.onboard(domain)
    assert (await newcomers.plan(domain)).is_empty


async def test_records_of_others_and_changed_ones_stay(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    zone = ask("route53", "ListHostedZonesByName", DNSName=domain)["HostedZones"][0]["Id"]

    def put(name: str, kind: str, *values: str) -> None:
        one = {
            "Name": name,
            "Type": kind,
            "TTL": 60,
            "ResourceRecords": [{"Value": value} for value in values],
        }
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": one}]}
        ask("route53", "ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch=batch)

    put(f"_dmarc.{domain}.", "TXT", '"v=DMARC1; p=none"')
    put(f"{domain}.", "TXT", '"v=spf1 include:amazonses.com ~all"')
    await newcomers.onboard(domain)
    mail_from = next(
        one for one in standing(newcomers, domain)["records"] if one.endswith("MX")
    ).split()[0]
    put(mail_from, "MX", "10 mx.elsewhere.example.")
    await offboard(newcomers, domain)
    kinds = {one.split()[1]: one.split()[0] for one in standing(newcomers, domain)["records"]}
    assert kinds["MX"] == mail_from
    texts = [one for one in standing(newcomers, domain)["records"] if one.endswith("TXT")]
    assert texts == [f"_dmarc.{domain}. TXT", f"{domain}. TXT"]


async def test_what_is_not_ours_stays(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    await newcomers.onboard(domain)
    arn = f"arn:aws:ses:eu-central-1:123456789012:identity/{domain}"
    ask("sesv2", "UntagResource", ResourceArn=arn, TagKeys=["sesauditd"])
    shown = await plan(newcomers, domain)
    assert [one for one in shown.remarks if f"SES identity {domain} stays" in one]


async def test_a_set_that_another_identity_needs_is_in_the_way(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    await newcomers.onboard(domain)
    set_name = f"sesaudit-{domain.replace('-', '_').replace('.', '-')}"
    ask(
        "sesv2",
        "CreateEmailIdentity",
        EmailIdentity=f"info@{domain}",
        ConfigurationSetName=set_name,
    )
    newcomers.place.forget_calls()
    assert (await offboard(newcomers, domain)).conflicts
    assert newcomers.place.writes() == 0


async def test_tenants_let_go_first(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    before = standing(newcomers, domain)
    await newcomers.onboard(domain)
    ask("sesv2", "CreateTenant", TenantName="shop")
    arn = f"arn:aws:ses:eu-central-1:123456789012:identity/{domain}"
    ask("sesv2", "CreateTenantResourceAssociation", TenantName="shop", ResourceArn=arn)
    await offboard(newcomers, domain)
    assert standing(newcomers, domain) == before


@pytest.mark.parametrize("number", sampled(range(len(REMOVED)), 2))
@pytest.mark.parametrize("moment", ["begun", "done"])
async def test_a_death_at_any_step_converges(
    newcomers: Newcomers, number: int, moment: str
) -> None:
    domain = newcomers.domain()
    before = standing(newcomers, domain)
    await newcomers.onboard(domain)
    seen: list[Change] = []

    def cut(change: Change, heard: Moment) -> None:
        if heard == moment:
            seen.append(change)
            if len(seen) > number:
                raise PowerCutError

    taking = offboarder(newcomers)
    with pytest.raises(PowerCutError):
        await taking.carry_out(await taking.prepare(domain), cut)
    assert domain not in [
        one.name for one in await keeping_of(newcomers.program.administration).kept.all()
    ]
    await offboard(newcomers, domain)
    assert standing(newcomers, domain) == before
    assert (await plan(newcomers, domain)).is_empty


LOST = (
    ("iam", "DeleteAccessKey"),
    ("iam", "DeleteUserPolicy"),
    ("iam", "DeleteUser"),
    ("route53", "ChangeResourceRecordSets"),
    ("sesv2", "DeleteEmailIdentity"),
    ("sesv2", "DeleteConfigurationSet"),
)


@pytest.mark.parametrize("action", [FaultAction.LOSE_ANSWER, FaultAction.THROTTLE])
@pytest.mark.parametrize(("service", "operation"), sampled(LOST, 2), ids=[one for _, one in LOST])
async def test_a_lost_answer_or_no_time_does_not_stop_it(
    newcomers: Newcomers, service: str, operation: str, action: FaultAction
) -> None:
    domain = newcomers.domain()
    before = standing(newcomers, domain)
    await newcomers.onboard(domain)
    fault = Fault(service=service, operation=operation, action=action)
    newcomers.place.sandbox.faults.add(fault)
    try:
        await offboard(newcomers, domain)
    finally:
        newcomers.place.sandbox.faults.clear()
    assert standing(newcomers, domain) == before
    assert (await plan(newcomers, domain)).is_empty
