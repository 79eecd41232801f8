"""Whatever drifted of a domain, in any order: one more run makes it right, and nothing is left."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.onboard.onboarding import Result
from tests.support.accounts import quietly, stood
from tests.support.newcomers import Newcomers, newcomers_at
from tests.support.roles import ONBOARD
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sesauditd.sandbox.operator import Operator
    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")

Drift = Callable[["Operator", str], None]
SEEDS = range(8)


def set_of(domain: str) -> str:
    return f"sesaudit-{domain.replace('-', '_').replace('.', '-')}"


def of_set(operation: str, **more: Any) -> Drift:
    def drift(asking: Operator, domain: str) -> None:
        quietly(
            lambda asking: asking.ask(
                "sesv2", operation, ConfigurationSetName=set_of(domain), **more
            )
        )(asking)

    return drift


def of_identity(operation: str, **more: Any) -> Drift:
    def drift(asking: Operator, domain: str) -> None:
        quietly(lambda asking: asking.ask("sesv2", operation, EmailIdentity=domain, **more))(asking)

    return drift


def of_user(operation: str, **more: Any) -> Drift:
    def drift(asking: Operator, domain: str) -> None:
        quietly(lambda asking: asking.ask("iam", operation, UserName=domain, **more))(asking)

    return drift


def no_user(asking: Operator, domain: str) -> None:
    def gone(asking: Operator) -> None:
        for key in asking.ask("iam", "ListAccessKeys", UserName=domain)["AccessKeyMetadata"]:
            name = key["AccessKeyId"]
            asking.ask("iam", "DeleteAccessKey", UserName=domain, AccessKeyId=name)
        for policy in asking.ask("iam", "ListUserPolicies", UserName=domain)["PolicyNames"]:
            asking.ask("iam", "DeleteUserPolicy", UserName=domain, PolicyName=policy)
        asking.ask("iam", "DeleteUser", UserName=domain)

    quietly(gone)(asking)


def no_records(kind: str) -> Drift:
    def drift(asking: Operator, domain: str) -> None:
        ask = asking.ask
        zones = ask("route53", "ListHostedZonesByName", DNSName=domain)["HostedZones"]
        zone = next(one["Id"] for one in zones if one["Name"] == f"{domain}.")
        found = ask("route53", "ListResourceRecordSets", HostedZoneId=zone)["ResourceRecordSets"]
        changes = [
            {"Action": "DELETE", "ResourceRecordSet": one} for one in found if one["Type"] == kind
        ]
        if changes:
            batch = {"Changes": changes}
            ask("route53", "ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch=batch)

    return drift


def destination(**definition: Any) -> Drift:
    return of_set(
        "UpdateConfigurationSetEventDestination",
        EventDestinationName="sesaudit",
        EventDestination=definition,
    )


OTHER_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)
DRIFTS: dict[str, Drift] = {
    "no set": of_set("DeleteConfigurationSet"),
    "no metrics": of_set("PutConfigurationSetReputationOptions", ReputationMetricsEnabled=False),
    "complaints suppressed": of_set(
        "PutConfigurationSetSuppressionOptions", SuppressedReasons=["BOUNCE", "COMPLAINT"]
    ),
    "nothing said of suppression": of_set("PutConfigurationSetSuppressionOptions"),
    "no destination": of_set(
        "DeleteConfigurationSetEventDestination", EventDestinationName="sesaudit"
    ),
    "destination off": destination(Enabled=False),
    "few types": destination(Enabled=True, MatchingEventTypes=["SEND"]),
    "opens": destination(MatchingEventTypes=["SEND", "OPEN", "CLICK", "SUBSCRIPTION"]),
    "no identity": of_identity("DeleteEmailIdentity"),
    "no default set": of_identity("PutEmailIdentityConfigurationSetAttributes"),
    "unsigned": of_identity("PutEmailIdentityDkimAttributes", SigningEnabled=False),
    "short key": of_identity(
        "PutEmailIdentityDkimSigningAttributes",
        SigningAttributesOrigin="AWS_SES",
        SigningAttributes={"NextSigningKeyLength": "RSA_1024_BIT"},
    ),
    "no mail from": of_identity("PutEmailIdentityMailFromAttributes"),
    "no aliases": no_records("CNAME"),
    "no exchanger": no_records("MX"),
    "no texts": no_records("TXT"),
    "no user": no_user,
    "no boundary": of_user("DeleteUserPermissionsBoundary"),
    "no policy": of_user("DeleteUserPolicy", PolicyName="sesaudit-send"),
    "wide policy": of_user(
        "PutUserPolicy", PolicyName="sesaudit-send", PolicyDocument=OTHER_POLICY
    ),
}


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood(*ONBOARD) as standing:
        yield standing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("drift")) as made:
        yield made


@pytest.mark.parametrize("name", sampled(DRIFTS, 6))
async def test_what_drifted_is_shown_and_mended(newcomers: Newcomers, name: str) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    DRIFTS[name](newcomers.place.asking, domain)
    assert not (await newcomers.plan(domain)).is_empty
    await mended(newcomers, domain)


@pytest.mark.parametrize("seed", sampled(SEEDS, 2))
async def test_any_drift_in_any_order_converges(newcomers: Newcomers, seed: int) -> None:
    chance = random.Random(seed)
    domain = newcomers.domain()
    if chance.random() < 0.8:
        await newcomers.onboard(domain)
    for name in chance.sample(sorted(DRIFTS), k=chance.randint(1, len(DRIFTS))):
        DRIFTS[name](newcomers.place.asking, domain)
    await mended(newcomers, domain)


async def mended(newcomers: Newcomers, domain: str) -> None:
    """Run it again, and expect no more to do and a login that works."""
    assert (await newcomers.onboard(domain)).result is Result.DONE
    newcomers.place.forget_calls()
    assert (await newcomers.plan(domain)).is_empty
    assert (await newcomers.onboard(domain)).result is Result.UNCHANGED
    assert newcomers.place.writes() == 0
    assert newcomers.keys(domain) == [newcomers.newest(domain).user]
    newcomers.send(newcomers.newest(domain), "jane@elsewhere.example")
