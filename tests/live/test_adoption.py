"""Adopting at the sandbox: what is missing is said, and taking over shows it before."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from sesauditd.bootstrap.adopting import adopting_of
from sesauditd.bootstrap.keeping import keeping_of
from sesauditd.errors import Refused
from sesauditd.model.adoption import attribution, levers
from sesauditd.onboard.credentials import Credentials, Server, smtp_password
from sesauditd.store.register import Adoption
from tests.support.accounts import stood
from tests.support.newcomers import Newcomers, names, newcomers_at, unwatched
from tests.support.roles import TAKE_OVER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from sesauditd.model.adoption import AdoptedDomain, Line
    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*TAKE_OVER) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("adoption")) as made:
        yield made


def by_hand(newcomers: Newcomers, domain: str, user: str) -> Credentials:
    """Set a domain up as the console does, with its records; return the login of its site."""
    ask = newcomers.place.asking.ask
    made = ask("sesv2", "CreateEmailIdentity", EmailIdentity=domain)["DkimAttributes"]
    zone = ask("route53", "ListHostedZonesByName", DNSName=domain)["HostedZones"][0]["Id"]
    records = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"{token}._domainkey.{domain}.",
                "Type": "CNAME",
                "TTL": 60,
                "ResourceRecords": [{"Value": f"{token}.{made['SigningHostedZone']}"}],
            },
        }
        for token in made["Tokens"]
    ]
    ask(
        "route53",
        "ChangeResourceRecordSets",
        HostedZoneId=zone,
        ChangeBatch={"Changes": records},
    )
    if user not in [one["UserName"] for one in ask("iam", "ListUsers")["Users"]]:
        ask("iam", "CreateUser", UserName=user)
        ask(
            "iam",
            "PutUserPolicy",
            UserName=user,
            PolicyName="AmazonSesSendingAccess",
            PolicyDocument=json.dumps(ANYTHING),
        )
    key = ask("iam", "CreateAccessKey", UserName=user)["AccessKey"]
    return Credentials(
        domain=domain,
        server=Server(host="localhost", port=587),
        user=key["AccessKeyId"],
        password=smtp_password(key["SecretAccessKey"], "eu-central-1"),
    )


async def register(newcomers: Newcomers, domain: str, customer: str, user: str | None) -> None:
    adoption = Adoption(
        domain=domain, customer=customer, contact="anna@home.example", iam_user=user
    )
    await newcomers.program.administration.program.adopt([adoption])


async def look(newcomers: Newcomers, domain: str) -> AdoptedDomain:
    newcomers.place.forget_calls()
    found = await adopting_of(newcomers.program.administration).look(domain)
    assert newcomers.place.writes() == 0
    return found


def works(lines: Sequence[Line]) -> dict[str, bool]:
    return {one.what: one.works for one in lines}


async def test_what_is_missing_is_said_and_taking_over_gives_it(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    site = by_hand(newcomers, domain, "ses-smtp-user.20201124")
    seen = await look(newcomers, domain)
    assert works(attribution(seen)) == {
        "register": False,
        "identity": True,
        "events": False,
        "caller": False,
    }
    taking = adopting_of(newcomers.program.administration)
    with pytest.raises(Refused, match="is not registered"):
        await taking.prepare(domain)

    await register(newcomers, domain, "pub", "ses-smtp-user.20201124")
    seen = await look(newcomers, domain)
    assert works(levers(seen)) == {"switch its set off": False, "deny its IAM user": False}

    newcomers.place.forget_calls()
    prepared = await taking.prepare(domain)
    assert [one.split()[1] for one in names(prepared.plan.changes)] == [
        "user",
        "policy",
        "configuration",
        "event",
        "identity",
    ]
    assert any("SMTP and SendRawEmail only" in one for one in prepared.plan.remarks)
    assert newcomers.place.writes() == 0

    await taking.carry_out(prepared, unwatched)
    seen = await look(newcomers, domain)
    assert all(works(attribution(seen)).values())
    assert all(works(levers(seen)).values())
    await asyncio.to_thread(newcomers.send, site, "jane@elsewhere.example")

    await kept_as_taken_over(newcomers, domain)


async def kept_as_taken_over(newcomers: Newcomers, domain: str) -> None:
    """Expect no second change, no drift, and drift once the boundary is gone."""
    taking = adopting_of(newcomers.program.administration)
    newcomers.place.forget_calls()
    again = await taking.prepare(domain)
    assert again.plan.changes == ()
    await taking.carry_out(again, unwatched)
    assert newcomers.place.writes() == 0
    keeping = keeping_of(newcomers.program.administration)
    kept = await keeping.of(domain)
    assert kept.taken_over == "ses-smtp-user.20201124"
    (found,) = await keeping.compare([kept], account=False, on_subject=unwatched)
    assert found.is_good, found
    newcomers.place.asking.ask(
        "iam", "DeleteUserPermissionsBoundary", UserName="ses-smtp-user.20201124"
    )
    (found,) = await keeping.compare([kept], account=False, on_subject=unwatched)
    assert found.repair == f"sesauditd adopt {domain} --take-over"
    assert not found.is_good


async def test_a_user_of_many_sites_is_left_alone(newcomers: Newcomers) -> None:
    first, second = newcomers.domain(), newcomers.domain()
    for domain, customer in ((first, "one"), (second, "two")):
        by_hand(newcomers, domain, "everybody")
        await register(newcomers, domain, customer, "everybody")
    seen = await look(newcomers, first)
    assert works(attribution(seen))["caller"] is False
    assert [one.advice for one in levers(seen) if "IAM" in one.what] == [
        "sesauditd credentials split"
    ]
    prepared = await adopting_of(newcomers.program.administration).prepare(first)
    assert not [one for one in names(prepared.plan.changes) if one.startswith("IAM")]
    assert any("everybody stays as it is" in one for one in prepared.plan.remarks)


async def test_what_another_installation_made_is_never_taken_over(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    tags = [{"Key": "sesauditd", "Value": "other"}]
    ask("sesv2", "CreateEmailIdentity", EmailIdentity=domain, Tags=tags)
    await register(newcomers, domain, "guest", None)
    taking = adopting_of(newcomers.program.administration)
    newcomers.place.forget_calls()
    prepared = await taking.prepare(domain)
    assert prepared.plan.conflicts
    assert (await taking.carry_out(prepared, unwatched)).conflicts
    assert newcomers.place.writes() == 0
