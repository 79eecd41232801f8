"""What stands in the way of a domain: each thing refused by name, with both values and advice.

And what looks like it and is none: it is left exactly as it stands, and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.model.set_names import set_name
from sesauditd.onboard.onboarding import Result
from tests.support.accounts import TOPIC, stood
from tests.support.newcomers import Newcomers, newcomers_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXCHANGER = "10 feedback-smtp.eu-central-1.amazonses.com"
SPF = '"v=spf1 include:amazonses.com ~all"'
FOREIGN = ("ns1.other.example", "ns2.other.example")


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood() as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("conflicts")) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Scene:
    """A domain in a zone of its own, and somebody else's hands on it."""

    newcomers: Newcomers
    domain: str

    def ask(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Call as somebody who may do everything."""
        return self.newcomers.place.asking.ask(service, operation, **parameters)

    def zone(self, name: str = "", **more: Any) -> str:
        """Make another zone, of the domain's own name unless another is given."""
        name = name or self.domain
        reference = f"{name}-{len(self.zones())}"
        made = self.ask("route53", "CreateHostedZone", Name=name, CallerReference=reference, **more)
        return str(made["HostedZone"]["Id"])

    def zones(self) -> Sequence[str]:
        """Return the ids of the zones of exactly this name, oldest first."""
        found = self.ask("route53", "ListHostedZones")["HostedZones"]
        return [one["Id"] for one in found if one["Name"] == f"{self.domain}."]

    def put(self, name: str, kind: str, *values: str, act: str = "UPSERT", **more: Any) -> None:
        """Change a record set; `@` in names and values is the domain."""
        records = [{"Value": one.replace("@", self.domain)} for one in values]
        record: dict[str, Any] = {"Name": name.replace("@", self.domain), "Type": kind, **more}
        if records:
            record |= {"TTL": 60, "ResourceRecords": records}
        self.ask(
            "route53",
            "ChangeResourceRecordSets",
            HostedZoneId=self.zones()[0],
            ChangeBatch={"Changes": [{"Action": act, "ResourceRecordSet": record}]},
        )

    def records(self, zone: str = "") -> Mapping[str, Any]:
        """Return all record sets of a zone by name and type, of the first one by default."""
        found = self.ask("route53", "ListResourceRecordSets", HostedZoneId=zone or self.zones()[0])
        return {f"{one['Name']} {one['Type']}": one for one in found["ResourceRecordSets"]}

    def registrar(self, *servers: str) -> None:
        """Let the registrar name these servers for the domain."""
        self.newcomers.place.sandbox.zones.world.delegations[self.domain] = servers


def record(name: str, kind: str, *values: str, **more: Any) -> Callable[[Scene], None]:
    return lambda scene: scene.put(name, kind, *values, **more)


def tagged(value: str) -> Sequence[Mapping[str, str]]:
    return [{"Key": "sesauditd", "Value": value}]


def identity(**more: Any) -> Callable[[Scene], None]:
    def make(scene: Scene) -> None:
        scene.ask("sesv2", "CreateEmailIdentity", EmailIdentity=scene.domain, **more)

    return make


def named_set(**more: Any) -> Callable[[Scene], None]:
    def make(scene: Scene) -> None:
        name = set_name("sesaudit", scene.domain)
        scene.ask("sesv2", "CreateConfigurationSet", ConfigurationSetName=name, **more)

    return make


def user(keys: int = 0, **more: Any) -> Callable[[Scene], None]:
    def make(scene: Scene) -> None:
        scene.ask("iam", "CreateUser", UserName=scene.domain, **more)
        for _ in range(keys):
            scene.ask("iam", "CreateAccessKey", UserName=scene.domain)

    return make


def destination(scene: Scene) -> None:
    named_set(Tags=tagged("main"))(scene)
    stream = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/theirs"
    scene.ask(
        "sesv2",
        "CreateConfigurationSetEventDestination",
        ConfigurationSetName=set_name("sesaudit", scene.domain),
        EventDestinationName="sesaudit",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND"],
            "KinesisFirehoseDestination": {
                "DeliveryStreamArn": stream,
                "IamRoleArn": "arn:aws:iam::123456789012:role/theirs",
            },
        },
    )


def mail_from(scene: Scene) -> None:
    identity(Tags=tagged("main"))(scene)
    scene.ask(
        "sesv2",
        "PutEmailIdentityMailFromAttributes",
        EmailIdentity=scene.domain,
        MailFromDomain=f"mail.{scene.domain}",
    )


def signed(kind: str, *values: str) -> Callable[[Scene], None]:
    """Put something at the first of the domain's DKIM names, in place of what may be there."""

    def make(scene: Scene) -> None:
        identity(Tags=tagged("main"))(scene)
        found = scene.ask("sesv2", "GetEmailIdentity", EmailIdentity=scene.domain)
        token = found["DkimAttributes"]["Tokens"][0]
        scene.put(f"{token}._domainkey.@", kind, *values)

    return make


def linked(scene: Scene) -> None:
    (zone,) = scene.zones()
    zones = scene.newcomers.place.sandbox.zones
    zones.linked[zone.rpartition("/")[2]] = "servicediscovery.amazonaws.com"


CONFLICTS = {
    "CNAME at the MAIL FROM name": (
        record("bounce.@", "CNAME", "park.example"),
        "MAIL FROM records of @",
        "bounce.@ CNAME park.example",
        "bounce.@ MX 10 feedback-smtp",
    ),
    "CNAME at the DMARC name": (
        record("_dmarc.@", "CNAME", "vendor.example"),
        "DMARC record of @",
        "_dmarc.@ CNAME vendor.example",
        "_dmarc.@ TXT v=DMARC1; p=none",
    ),
    "MX of another": (
        record("bounce.@", "MX", "10 mail.example"),
        "MAIL FROM records of @",
        "bounce.@ MX 10 mail.example",
        "bounce.@ MX 10 feedback-smtp",
    ),
    "second MX": (
        record("bounce.@", "MX", EXCHANGER, "20 mail.example"),
        "MAIL FROM records of @",
        "20 mail.example",
        "bounce.@ MX 10 feedback-smtp",
    ),
    "SPF of another": (
        record("bounce.@", "TXT", '"v=spf1 mx -all"'),
        "MAIL FROM records of @",
        "bounce.@ TXT v=spf1 mx -all",
        "bounce.@ TXT v=spf1 include:amazonses.com",
    ),
    "SPF of another beside ours": (
        record("bounce.@", "TXT", SPF, '"v=spf1 mx -all"'),
        "MAIL FROM records of @",
        "v=spf1 mx -all",
        "bounce.@ TXT v=spf1 include:amazonses.com",
    ),
    "weighted set": (
        record("bounce.@", "MX", EXCHANGER, SetIdentifier="blue", Weight=1),
        "MAIL FROM records of @",
        "bounce.@ MX is one of several that are chosen among (blue)",
        "bounce.@ MX 10 feedback-smtp",
    ),
    "alias": (
        record(
            "_dmarc.@",
            "CNAME",
            AliasTarget={
                "HostedZoneId": "Z1",
                "DNSName": "d1.cloudfront.net",
                "EvaluateTargetHealth": False,
            },
        ),
        "DMARC record of @",
        "an alias of d1.cloudfront.net",
        "_dmarc.@ TXT v=DMARC1; p=none",
    ),
    "name handed on": (
        record("bounce.@", "NS", "ns.vendor.example."),
        "MAIL FROM records of @",
        "bounce.@ is handed on to ns.vendor.example",
        "bounce.@ MX 10 feedback-smtp",
    ),
    "wildcard that receives": (
        record("*.@", "MX", "10 catch.example"),
        "MAIL FROM records of @",
        "*.@ MX 10 catch.example takes the mail of bounce.@",
        "bounce.@ MX 10 feedback-smtp",
    ),
    "DKIM name to another": (
        signed("CNAME", "else.example"),
        "DKIM records of @",
        "else.example",
        ".dkim.amazonses.com",
    ),
    "text at a DKIM name": (
        signed("TXT", '"v=DKIM1; p=abc"'),
        "DKIM records of @",
        "TXT v=DKIM1; p=abc",
        ".dkim.amazonses.com",
    ),
    "zone of a service": (
        linked,
        "hosted zone of @",
        "servicediscovery.amazonaws.com alone may change",
        "a hosted zone that can be changed",
    ),
    "zone that the registrar does not know": (
        lambda scene: scene.registrar(),
        "hosted zone @",
        "no name server that answers",
        "the servers of a hosted zone",
    ),
    "identity without our tag": (
        identity(),
        "SES identity @",
        "without the tag sesauditd",
        "tag sesauditd=main",
    ),
    "identity of another owner": (
        identity(Tags=tagged("other")),
        "SES identity @",
        "tag sesauditd=other",
        "tag sesauditd=main",
    ),
    "another MAIL FROM name": (mail_from, "SES MAIL FROM of @", "mail.@", "bounce.@"),
    "set with the same name": (
        named_set(),
        "SES configuration set",
        "without the tag sesauditd",
        "tag sesauditd=main",
    ),
    "set of another owner": (
        named_set(Tags=tagged("other")),
        "SES configuration set",
        "tag sesauditd=other",
        "tag sesauditd=main",
    ),
    "destination that reports elsewhere": (
        destination,
        "SES event destination sesaudit",
        "KinesisFirehoseDestination",
        TOPIC,
    ),
    "user with the same name": (
        user(),
        "IAM user @",
        "without the tag sesauditd",
        "tag sesauditd=main",
    ),
    "user of another owner": (
        user(Tags=tagged("other")),
        "IAM user @",
        "tag sesauditd=other",
        "tag sesauditd=main",
    ),
    "user under another path": (
        user(Tags=tagged("main")),
        "IAM user @",
        "path /",
        "path /sesaudit/",
    ),
    "access keys full": (
        user(keys=2, Path="/sesaudit/", Tags=tagged("main")),
        "access key of @",
        "access keys full: AKIA",
        "room for one",
    ),
}
"""What is made, and how resource, found and wanted of the conflict are to read."""


@pytest.mark.parametrize("name", CONFLICTS)
async def test_it_is_refused_by_name_and_nothing_is_changed(
    newcomers: Newcomers, name: str
) -> None:
    make, *words = CONFLICTS[name]
    scene = Scene(newcomers, newcomers.domain())
    make(scene)
    resource, found, wanted = (word.replace("@", scene.domain) for word in words)
    newcomers.place.forget_calls()
    shown = list(newcomers.shown)
    (conflict,) = (await newcomers.plan(scene.domain)).conflicts
    assert conflict.resource.startswith(resource)
    assert found in conflict.found
    assert wanted in conflict.wanted
    assert conflict.advice.endswith(".")
    outcome = await newcomers.onboard(scene.domain)
    assert outcome.result is Result.CONFLICT
    assert outcome.conflicts == (conflict,)
    assert newcomers.place.writes() == 0
    assert newcomers.shown == shown


LEFT_ALONE = {
    "DMARC at the name": ("_dmarc.@", '"v=DMARC1; p=reject"', "_dmarc.@ says v=DMARC1; p=reject"),
    "text of another at the DMARC name": ("_dmarc.@", '"other=1"', ""),
    "text of another at the MAIL FROM name": ("bounce.@", '"other=1"', ""),
    "SPF of the domain itself": ("@", '"v=spf1 mx -all"', ""),
}


@pytest.mark.parametrize("name", LEFT_ALONE)
async def test_texts_of_others_stay_to_the_letter(newcomers: Newcomers, name: str) -> None:
    at, value, remark = LEFT_ALONE[name]
    scene = Scene(newcomers, newcomers.domain())
    scene.put(at, "TXT", value)
    outcome = await newcomers.onboard(scene.domain)
    assert outcome.result is Result.DONE
    after = scene.records()[f"{at.replace('@', scene.domain)}. TXT"]
    values = [one["Value"] for one in after["ResourceRecords"]]
    assert value in values
    assert after["TTL"] == 60
    policies = [one for one in values if "DMARC1" in one or "spf1" in one]
    assert len(policies) == 1
    said = remark.replace("@", scene.domain)
    assert [one for one in outcome.remarks if said in one] or not said


async def test_a_policy_above_holds_and_none_is_made_below(newcomers: Newcomers) -> None:
    scene = Scene(newcomers, newcomers.domain())
    scene.put("_dmarc.@", "TXT", '"v=DMARC1; p=quarantine"')
    outcome = await newcomers.onboard(f"shop.{scene.domain}")
    assert outcome.result is Result.DONE
    assert f"_dmarc.shop.{scene.domain}. TXT" not in scene.records()
    assert [one for one in outcome.remarks if "v=DMARC1; p=quarantine" in one]


def _private(scene: Scene) -> str:
    network = {"VPCRegion": "eu-central-1", "VPCId": "vpc-1"}
    config = {"Comment": "", "PrivateZone": True}
    return scene.zone(VPC=network, HostedZoneConfig=config)


def _two_zones(scene: Scene) -> None:
    scene.zone()
    scene.zone()
    scene.registrar(*FOREIGN)


def _delegated(scene: Scene) -> None:
    scene.zone()
    scene.registrar(*FOREIGN)


def _private_and_served(scene: Scene) -> None:
    _private(scene)
    scene.registrar(*FOREIGN)


ELSEWHERE = {
    "private zone only": (_private, "is private; DNS knows no @"),
    "private zone beside a public one of others": (
        _private_and_served,
        "is private; @ is answered by ns1.other.example",
    ),
    "two public zones that nobody asks": (_two_zones, "is answered by ns1.other.example"),
    "zone delegated elsewhere": (_delegated, "is answered by ns1.other.example"),
}
"""What is made, and what the conflict says was found."""


@pytest.mark.parametrize("name", ELSEWHERE)
async def test_zones_that_nobody_asks_are_refused_until_somebody_says_by_hand(
    newcomers: Newcomers, name: str
) -> None:
    make, words = ELSEWHERE[name]
    scene = Scene(newcomers, newcomers.domain(zone=False))
    make(scene)
    zones = scene.zones()
    before = [scene.records(one) for one in zones]
    newcomers.place.forget_calls()
    (conflict,) = (await newcomers.plan(scene.domain)).conflicts
    assert conflict.resource == f"hosted zone {scene.domain}"
    assert words.replace("@", scene.domain) in conflict.found
    assert all(zone.rpartition("/")[2] in conflict.found for zone in zones)
    assert "--by-hand" in conflict.advice
    assert (await newcomers.onboard(scene.domain)).result is Result.CONFLICT
    assert newcomers.place.writes() == 0
    outcome = await newcomers.onboard(scene.domain, by_hand=True)
    assert (outcome.result, len(outcome.rows)) == (Result.DONE, 6)
    assert not (await newcomers.plan(scene.domain)).conflicts
    assert not newcomers.place.sandbox.recording.calls("route53", writes=True)
    assert [scene.records(one) for one in zones] == before


@pytest.mark.parametrize("second", [_private, Scene.zone], ids=["private", "public"])
async def test_of_two_zones_only_the_one_that_is_asked_is_written(
    newcomers: Newcomers, second: Callable[[Scene], str]
) -> None:
    scene = Scene(newcomers, newcomers.domain())
    other = second(scene)
    before = scene.records(other)
    outcome = await newcomers.onboard(scene.domain)
    assert (outcome.result, outcome.rows) == (Result.DONE, ())
    assert scene.records(other) == before
    (asked,) = [one for one in scene.zones() if one != other]
    assert f"bounce.{scene.domain}. MX" in scene.records(asked)
