"""Drift at the sandbox: none after onboarding, each change found, a stop is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.bootstrap.keeping import keeping_of
from sesauditd.errors import Refused, Unavailable
from sesauditd.onboard.dns import Resolver
from sesauditd.onboard.drift import summary
from tests.support.accounts import stood
from tests.support.newcomers import Newcomers, newcomers_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from sesauditd.onboard.drift import Comparison
    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood("look") as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("drift")) as made:
        yield made


async def compare(newcomers: Newcomers, domain: str, *, account: bool = False) -> list[Comparison]:
    """Return what the command finds, and hold that it writes nothing."""
    newcomers.place.forget_calls()
    keeping = keeping_of(newcomers.program.administration)
    chosen = [await keeping.of(domain)]
    found = await keeping.compare(chosen, account=account, on_subject=lambda _one: None)
    assert newcomers.place.writes() == 0
    return list(found)


def set_of(domain: str) -> str:
    return f"sesaudit-{domain.replace('-', '_').replace('.', '-')}"


def _ask(service: str, operation: str, **parameters: Any) -> Callable[[Newcomers, str], None]:
    def change(newcomers: Newcomers, domain: str) -> None:
        given = {
            key: value.format(domain=domain, set=set_of(domain))
            if isinstance(value, str)
            else value
            for key, value in parameters.items()
        }
        newcomers.place.asking.ask(service, operation, **given)

    return change


def _no_key(newcomers: Newcomers, domain: str) -> None:
    (key,) = newcomers.keys(domain)
    newcomers.place.asking.ask("iam", "DeleteAccessKey", UserName=domain, AccessKeyId=key)


def _key_off(newcomers: Newcomers, domain: str) -> None:
    (key,) = newcomers.keys(domain)
    newcomers.place.asking.ask(
        "iam", "UpdateAccessKey", UserName=domain, AccessKeyId=key, Status="Inactive"
    )


def _no_record(newcomers: Newcomers, domain: str) -> None:
    ask = newcomers.place.asking.ask
    zone = ask("route53", "ListHostedZonesByName", DNSName=domain)["HostedZones"][0]["Id"]
    sets = ask("route53", "ListResourceRecordSets", HostedZoneId=zone)["ResourceRecordSets"]
    gone = next(one for one in sets if one["Type"] == "MX")
    ask(
        "route53",
        "ChangeResourceRecordSets",
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": gone}]},
    )


DRIFTS: dict[str, tuple[Callable[[Newcomers, str], None], str]] = {
    "destination gone": (
        _ask(
            "sesv2",
            "DeleteConfigurationSetEventDestination",
            ConfigurationSetName="{set}",
            EventDestinationName="sesaudit",
        ),
        "SES event destination",
    ),
    "policy gone": (
        _ask("iam", "DeleteUserPolicy", UserName="{domain}", PolicyName="sesaudit-send"),
        "IAM policy sesaudit-send",
    ),
    "boundary gone": (
        _ask("iam", "DeleteUserPermissionsBoundary", UserName="{domain}"),
        "IAM user",
    ),
    "default set gone": (
        _ask("sesv2", "PutEmailIdentityConfigurationSetAttributes", EmailIdentity="{domain}"),
        "SES identity",
    ),
    "set off": (
        _ask(
            "sesv2",
            "PutConfigurationSetSendingOptions",
            ConfigurationSetName="{set}",
            SendingEnabled=False,
        ),
        "SES configuration set",
    ),
    "MX gone": (_no_record, "MAIL FROM records"),
    "key gone": (_no_key, "access key"),
    "key off": (_key_off, "access key"),
}


async def test_nothing_differs_after_onboarding(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    found = await compare(newcomers, domain, account=True)
    assert [one.subject for one in found] == ["account", domain]
    assert all(one.is_good for one in found), found
    assert summary(found) == "Everything stands as it was made."


@pytest.mark.parametrize("name", DRIFTS)
async def test_what_differs_is_named_with_the_command_that_repairs_it(
    newcomers: Newcomers, name: str
) -> None:
    change, resource = DRIFTS[name]
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    change(newcomers, domain)
    (found,) = await compare(newcomers, domain)
    plan = found.plan
    named = [one.resource for one in plan.changes] + [one.resource for one in plan.conflicts]
    assert len(named) == 1
    assert named[0].startswith(resource)
    # What somebody switched off is not ours to switch on: no command does it, the line says how.
    mendable = bool(plan.changes)
    assert found.repair == (f"sesauditd onboard {domain}" if mendable else "")
    assert found.repair in summary([found])


async def elsewhere(newcomers: Newcomers) -> tuple[str, dict[tuple[str, str], tuple[str, ...]]]:
    """Onboard a domain whose zone is another's, and enter its records there."""
    domain = newcomers.domain(zone=False)
    outcome = await newcomers.onboard(domain)
    records = newcomers.place.sandbox.zones.world.records
    entered = {(row.absolute[:-1], row.kind): (row.value,) for row in outcome.rows}
    records |= entered
    return domain, records


async def test_records_in_a_zone_elsewhere_are_compared_by_dns(newcomers: Newcomers) -> None:
    domain, records = await elsewhere(newcomers)
    (found,) = await compare(newcomers, domain)
    assert found.is_good, found
    records.pop((f"_dmarc.{domain}", "TXT"))
    records[f"bounce.{domain}", "MX"] = ("10 mail.parking.example.",)
    records[f"bounce.{domain}", "TXT"] = ('"other"', '"v=spf1 include:amazonses.com -all"')
    (found,) = await compare(newcomers, domain)
    missing, other = sorted(found.plan.changes, key=lambda one: one.verb)
    assert missing.resource == f"DNS record _dmarc.{domain} TXT in {domain}"
    assert "record missing" in missing.why
    assert other.before == {"values": ("10 mail.parking.example",)}
    assert other.after == {"values": ("10 feedback-smtp.eu-central-1.amazonses.com",)}
    assert other.why.startswith("record has another value")
    assert found.repair == ""
    assert found.lines == (
        f"bounce.{domain}. 300 IN MX 10 feedback-smtp.eu-central-1.amazonses.com.",
        f'_dmarc.{domain}. 300 IN TXT "v=DMARC1; p=none"',
    )
    assert all(line in summary([found]) for line in found.lines)
    DRIFTS["policy gone"][0](newcomers, domain)
    (found,) = await compare(newcomers, domain)
    assert len(found.plan.changes) == 3
    assert found.remedy.startswith(f"sesauditd onboard {domain}")
    assert f", and enter at its own DNS: {found.lines[0]}" in found.remedy


@pytest.mark.parametrize("silent", ["_dmarc", "bounce", ""], ids=["policy", "exchanger", "all"])
async def test_what_dns_does_not_say_is_no_difference(
    newcomers: Newcomers, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain, _ = await elsewhere(newcomers)
    asked = Resolver.ask

    async def ask(resolver: Resolver, name: str, kind: str) -> Sequence[str]:
        if name.startswith(silent):
            raise Unavailable(f"DNS does not answer for {kind} of {name}")
        return await asked(resolver, name, kind)

    monkeypatch.setattr(Resolver, "ask", ask)
    (found,) = await compare(newcomers, domain)
    assert found.is_good, found
    assert found.plan.remarks
    assert all("not compared: DNS does not answer" in one for one in found.plan.remarks)


async def test_a_stopped_domain_is_no_drift(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain, "stopped")
    async with newcomers.program.administration.program.deciding() as decisions:
        await decisions.terminate("stopped", "spam")
    DRIFTS["set off"][0](newcomers, domain)
    _key_off(newcomers, domain)
    (found,) = await compare(newcomers, domain)
    assert found.is_good, found


async def test_an_adopted_domain_has_nothing_to_compare_with(newcomers: Newcomers) -> None:
    with pytest.raises(Refused, match="not set up by this program"):
        await keeping_of(newcomers.program.administration).of("adopted.example")
