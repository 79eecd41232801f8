"""`sesauditd export terraform` at the sandbox: what is written is what stands there."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from sesauditd.aws.pace import Pace
from sesauditd.bootstrap.keeping import keeping_of
from sesauditd.bootstrap.terraform import exporter_of
from sesauditd.errors import Refused
from sesauditd.model.dns_text import plain_name
from sesauditd.model.kept_domains import KeptDomain
from sesauditd.onboard.naming import Account
from sesauditd.onboard.terraform import export
from sesauditd.sandbox.operator import ROOT_KEY
from tests.support.accounts import ACCOUNT, BOUNDARY, QUICK, REGION, TOPIC, stood
from tests.support.cli import Cli
from tests.support.hcl import File, needs_terraform, parsed, terraform
from tests.support.newcomers import Newcomers, newcomers_at
from tests.support.roles import policies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.support.accounts import Stood

pytestmark = pytest.mark.asyncio(loop_scope="module")

SET = "aws_sesv2_configuration_set"
DESTINATION = "aws_sesv2_configuration_set_event_destination"
IDENTITY = "aws_sesv2_email_identity"
MAIL_FROM = "aws_sesv2_email_identity_mail_from_attributes"
USER, POLICY, ATTACHMENT = "aws_iam_user", "aws_iam_user_policy", "aws_iam_user_policy_attachment"
RECORD = "aws_route53_record"
PLUGINS = "TERRAFORM_PLUGINS"
"""Names the folder in which Terraform finds the provider without a network."""
NAMES = Account(prefix="sesaudit", installation="main", account_id=ACCOUNT, region=REGION)


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood("look") as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newcomers(
    place: Stood, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Newcomers]:
    async with newcomers_at(place, tmp_path_factory.mktemp("export")) as made:
        yield made


async def written(newcomers: Newcomers, *domains: str) -> str:
    """Return what the command prints, and hold that it only looks."""
    newcomers.place.forget_calls()
    exporter = exporter_of(keeping_of(newcomers.program.administration))
    text = exporter.text([await exporter.export(one) for one in domains])
    assert newcomers.place.writes() == 0
    return text


def sets_of(newcomers: Newcomers, domain: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the record sets of a domain's zone by name and type, but its own two."""
    ask = newcomers.place.asking.ask
    zone = zone_of(newcomers, domain)
    found = ask("route53", "ListResourceRecordSets", HostedZoneId=zone)["ResourceRecordSets"]
    return {
        f"{plain_name(one['Name'])} {one['Type']}": one
        for one in found
        if one["Type"] not in {"SOA", "NS"}
    }


def zone_of(newcomers: Newcomers, domain: str) -> str:
    """Return the id of a domain's zone."""
    found = newcomers.place.asking.ask("route53", "ListHostedZonesByName", DNSName=domain)
    return str(found["HostedZones"][0]["Id"]).rpartition("/")[2]


def put(newcomers: Newcomers, domain: str, record: Mapping[str, Any], act: str = "UPSERT") -> None:
    """Change a record set as somebody else would."""
    newcomers.place.asking.ask(
        "route53",
        "ChangeResourceRecordSets",
        HostedZoneId=zone_of(newcomers, domain),
        ChangeBatch={"Changes": [{"Action": act, "ResourceRecordSet": record}]},
    )


def text_set(name: str, *values: str, ttl: int = 60) -> Mapping[str, Any]:
    """Return a set of texts as Route 53 takes it."""
    records = [{"Value": value} for value in values]
    return {"Name": name, "Type": "TXT", "TTL": ttl, "ResourceRecords": records}


async def test_what_is_written_is_what_stands_there(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    await newcomers.onboard(domain)
    found = parsed(await written(newcomers, domain))
    label, set_name = domain.replace(".", "_"), NAMES.set_name(domain)
    of_set = f"${{{SET}.{label}.configuration_set_name}}"

    options = ask("sesv2", "GetConfigurationSet", ConfigurationSetName=set_name)
    made = found.resources[f"{SET}.{label}"]
    assert made["configuration_set_name"] == options["ConfigurationSetName"]
    assert made["sending_options"] == [{"sending_enabled": True}]
    assert made["reputation_options"] == [{"reputation_metrics_enabled": True}]
    reasons = options["SuppressionOptions"]["SuppressedReasons"]
    assert made["suppression_options"] == [{"suppressed_reasons": reasons}]
    assert made["tags"] == {one["Key"]: one["Value"] for one in options["Tags"]}
    # What the daemon switches is not Terraform's.
    assert made["lifecycle"] == [{"ignore_changes": ["sending_options"]}]

    asked = ask("sesv2", "GetConfigurationSetEventDestinations", ConfigurationSetName=set_name)
    (reporting,) = asked["EventDestinations"]
    assert found.resources[f"{DESTINATION}.{label}"] == {
        "configuration_set_name": of_set,
        "event_destination_name": reporting["Name"],
        "event_destination": [
            {
                "enabled": True,
                "matching_event_types": reporting["MatchingEventTypes"],
                "sns_destination": [{"topic_arn": TOPIC}],
            }
        ],
    }
    identity = ask("sesv2", "GetEmailIdentity", EmailIdentity=domain)
    assert identity["ConfigurationSetName"] == set_name
    assert found.resources[f"{IDENTITY}.{label}"] == {
        "email_identity": domain,
        "configuration_set_name": of_set,
        "dkim_signing_attributes": [
            {"next_signing_key_length": identity["DkimAttributes"]["NextSigningKeyLength"]}
        ],
        "tags": {"sesauditd": "main"},
    }
    assert found.resources[f"{MAIL_FROM}.{label}"] == {
        "email_identity": f"${{{IDENTITY}.{label}.email_identity}}",
        "behavior_on_mx_failure": identity["MailFromAttributes"]["BehaviorOnMxFailure"],
        "mail_from_domain": identity["MailFromAttributes"]["MailFromDomain"],
    }
    user = ask("iam", "GetUser", UserName=domain)["User"]
    assert found.resources[f"{USER}.{label}"] == {
        "name": domain,
        "path": user["Path"],
        "permissions_boundary": BOUNDARY,
        "tags": {"sesauditd": "main"},
    }
    policy = ask("iam", "GetUserPolicy", UserName=domain, PolicyName="sesaudit-send")
    assert found.resources[f"{POLICY}.{label}"] == {
        "name": "sesaudit-send",
        "user": f"${{{USER}.{label}.name}}",
        "policy": policy["PolicyDocument"],
    }
    records_are_those(newcomers, domain, found)
    assert found.imports == imports(newcomers, domain, found)
    aws = found.others["terraform"][0]["required_providers"][0]["aws"]
    assert aws == {"source": "hashicorp/aws", "version": "~> 6.0"}
    assert found.others["provider"][0]["aws"]["allowed_account_ids"] == [ACCOUNT]


def records_are_those(newcomers: Newcomers, domain: str, found: File) -> None:
    """Expect each set of the zone once, with its own values."""
    zone = zone_of(newcomers, domain)
    records = [body for name, body in found.resources.items() if name.startswith(RECORD)]
    standing = sets_of(newcomers, domain)
    assert len(standing) == 6
    assert {f"{one['name']} {one['type']}": one for one in records} == {
        key: {
            "zone_id": zone,
            "name": plain_name(one["Name"]),
            "type": one["Type"],
            "ttl": one["TTL"],
            "records": [
                # The provider puts back the quotes around a text.
                value["Value"][1:-1] if one["Type"] == "TXT" else value["Value"]
                for value in one["ResourceRecords"]
            ],
        }
        for key, one in standing.items()
    }


def imports(newcomers: Newcomers, domain: str, found: File) -> Mapping[str, str]:
    """Return the ids by which the provider finds everything."""
    label, set_name = domain.replace(".", "_"), NAMES.set_name(domain)
    zone = zone_of(newcomers, domain)
    records = {
        address: f"{zone}_{body['name']}_{body['type']}"
        for address, body in found.resources.items()
        if address.startswith(RECORD)
    }
    return {
        f"{SET}.{label}": set_name,
        f"{DESTINATION}.{label}": f"{set_name}|sesaudit",
        f"{IDENTITY}.{label}": domain,
        f"{MAIL_FROM}.{label}": domain,
        f"{USER}.{label}": domain,
        f"{POLICY}.{label}": f"{domain}:sesaudit-send",
        **records,
    }


async def test_no_secret_and_no_key_is_written(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    text, login = await written(newcomers, domain), newcomers.newest(domain)
    assert login.password not in text
    assert login.user not in text
    assert "aws_iam_access_key" not in text
    assert f"# Left out: the access keys of {domain}." in text


async def test_the_role_that_looks_is_enough(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    await written(newcomers, domain)
    (look,) = policies("look")
    allowed = {one for said in json.loads(look)["Statement"] for one in said["Action"]}
    services = {"sesv2": "ses"}
    asked = {
        f"{services.get(one.service, one.service)}:{one.operation}"
        for one in newcomers.place.sandbox.recording.calls()
    }
    assert asked
    assert asked <= allowed


async def test_records_of_a_zone_elsewhere_are_a_comment(newcomers: Newcomers) -> None:
    domain = newcomers.domain(zone=False)
    outcome = await newcomers.onboard(domain)
    text = await written(newcomers, domain)
    assert not [name for name in parsed(text).resources if name.startswith(RECORD)]
    assert f"# Left out: the records, whose place is {domain}: no hosted zone" in text
    assert len(outcome.rows) == 6
    for row in outcome.rows:
        assert f"#   {row.absolute} {row.ttl} IN {row.kind} {row.value}\n" in text


async def test_what_others_and_the_daemon_added_is_told_apart(newcomers: Newcomers) -> None:
    domain, ask = newcomers.domain(), newcomers.place.asking.ask
    await newcomers.onboard(domain)
    denied = {"Effect": "Deny", "Action": "ses:*", "Resource": "*"}
    deny = {"Version": "2012-10-17", "Statement": [denied]}
    theirs = {**deny, "Id": 'of "${others}" and %{ them }'}
    attached = []
    for path in ("/sesaudit/", "/theirs/"):
        document = json.dumps(deny)
        made = ask("iam", "CreatePolicy", PolicyName="more", Path=path, PolicyDocument=document)
        attached.append(made["Policy"]["Arn"])
        ask("iam", "AttachUserPolicy", UserName=domain, PolicyArn=attached[-1])
    for name, said in ((f"sesaudit-disable-{domain}", deny), ("theirs", theirs)):
        document = json.dumps(said)
        ask("iam", "PutUserPolicy", UserName=domain, PolicyName=name, PolicyDocument=document)
    set_name = NAMES.set_name(domain)
    ask(
        "sesv2",
        "PutConfigurationSetSendingOptions",
        ConfigurationSetName=set_name,
        SendingEnabled=False,
    )
    text = await written(newcomers, domain)
    found, label = parsed(text), domain.replace(".", "_")
    assert found.resources[f"{POLICY}.{label}_theirs"]["policy"] == theirs
    address = f"{ATTACHMENT}.{label}_more"
    assert found.resources[address]["policy_arn"] == attached[1]
    assert found.imports[address] == f"{domain}/{attached[1]}"
    assert f"# Left out: inline policy sesaudit-disable-{domain}" in text
    assert f"# Left out: managed policy {attached[0]}" in text
    assert found.resources[f"{SET}.{label}"]["sending_options"] == [{"sending_enabled": False}]
    assert set(found.imports) == set(found.resources)


async def test_records_are_written_as_they_are_and_not_as_they_should_be(
    newcomers: Newcomers,
) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    dmarc, bounce = f"_dmarc.{domain}", f"bounce.{domain}"
    long = f'"v=DMARC1; p=reject; rua=mailto:${{x}}@host.example" "{"y" * 200}\\303\\244\\""'
    put(newcomers, domain, text_set(dmarc, long))
    exchanger = next(one for key, one in sets_of(newcomers, domain).items() if key.endswith("MX"))
    put(newcomers, domain, exchanger, "DELETE")
    put(newcomers, domain, {**exchanger, "SetIdentifier": "blue", "Weight": 1}, "CREATE")
    put(newcomers, domain, sets_of(newcomers, domain)[f"{bounce} TXT"], "DELETE")
    text = await written(newcomers, domain)
    found, label = parsed(text), domain.replace(".", "_")
    address = f"{RECORD}.{label}_dmarc_txt"
    assert found.resources[address]["records"] == [long[1:-1]]
    assert found.resources[address]["ttl"] == 60
    assert "# Not as sesauditd makes it: somebody has set or changed it." in text
    zone = zone_of(newcomers, domain)
    folded = " ".join(text.replace("\n#", "").split())
    assert f"(import id {zone}_{bounce}_MX_blue)" in folded
    assert f"# Left out: {bounce} TXT, which is not in hosted zone {zone}." in text
    assert len([one for one in found.resources if one.startswith(RECORD)]) == 4


async def test_a_domain_that_was_taken_over_has_the_user_that_it_had(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    newcomers.place.asking.ask("iam", "CreateUser", UserName=f"mail-{domain}", Path="/theirs/")
    exporter = exporter_of(keeping_of(newcomers.program.administration))
    for user, users in ((f"mail-{domain}", {f"mail-{domain}"}), ("", set())):
        kept = KeptDomain(name=domain, taken_over=user)
        made = export(await exporter.looking.look(kept), NAMES)
        assert {one.id for one in made.taken if one.kind == USER} == users
        assert bool(users) or f"no IAM user of its own was found for {domain}." in made.left_out


async def test_a_domain_that_was_not_set_up_here_is_refused(newcomers: Newcomers) -> None:
    with pytest.raises(Refused, match="not set up by this program"):
        await written(newcomers, "adopted.example")


async def test_an_identity_that_is_gone_is_said(newcomers: Newcomers) -> None:
    domain = newcomers.domain()
    await newcomers.onboard(domain)
    newcomers.place.asking.ask("sesv2", "DeleteEmailIdentity", EmailIdentity=domain)
    with pytest.raises(Refused, match=f"no identity {domain}"):
        await written(newcomers, domain)


@needs_terraform
async def test_terraform_itself_would_write_it_so(newcomers: Newcomers, tmp_path: Path) -> None:
    domains = [newcomers.domain(), newcomers.domain(zone=False)]
    for domain in domains:
        await newcomers.onboard(domain)
    (tmp_path / "main.tf").write_text(await written(newcomers, *domains), encoding="utf-8")
    assert await asyncio.to_thread(terraform, tmp_path, "fmt", "-check", "-diff") == ""


@pytest.mark.slow
@needs_terraform
@pytest.mark.skipif(PLUGINS not in os.environ, reason=f"{PLUGINS} names no provider")
async def test_terraform_imports_everything_and_changes_nothing(
    newcomers: Newcomers, tmp_path: Path
) -> None:
    domains = [newcomers.domain(), newcomers.domain(zone=False)]
    for domain in domains:
        await newcomers.onboard(domain)
    text = await written(newcomers, *domains)
    # Whatever version is at hand.
    (tmp_path / "main.tf").write_text(text.replace("~> 6.0", ">= 5.100"), encoding="utf-8")

    def run() -> str:
        terraform(tmp_path, "init", f"-plugin-dir={os.environ[PLUGINS]}")
        return terraform(
            tmp_path,
            "plan",
            "-no-color",
            "-input=false",
            AWS_ENDPOINT_URL=newcomers.place.sandbox.url,
            AWS_ACCESS_KEY_ID=ROOT_KEY,
            AWS_SECRET_ACCESS_KEY=ROOT_KEY,
        )

    assert "18 to import, 0 to add, 0 to change, 0 to destroy" in await asyncio.to_thread(run)


async def test_the_command_prints_writes_and_refuses(
    newcomers: Newcomers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain, out = newcomers.domain(), tmp_path / "main.tf"
    await newcomers.onboard(domain)
    quick = Pace(per_second=10_000, burst=100)
    monkeypatch.setattr("sesauditd.aws.clients.steady_pace", lambda: quick)
    host = newcomers.place.sandbox
    newcomers.place.configured(
        newcomers.folder, onboarding={"resolver": [f"{host.host}:{host.dns_port}"]}
    )
    keys = QUICK.keys
    assert keys is not None
    cli = Cli(
        folder=newcomers.folder,
        now=None,
        environment={"AWS_ACCESS_KEY_ID": keys.key_id, "AWS_SECRET_ACCESS_KEY": keys.secret},
    )

    def run(*arguments: str | Path) -> Any:
        return cli.run("export", "terraform", *arguments)

    def all_of_it() -> Sequence[Any]:
        return run(domain), run(domain, "--out", out), run(domain, "--out", out), run("x.example")

    expected = await written(newcomers, domain)
    printed, wrote, again, unknown = await asyncio.to_thread(all_of_it)
    assert (printed.code, printed.out) == (0, expected), printed.err
    assert (wrote.code, wrote.out, out.read_text()) == (0, "", expected)
    assert again.code == 2
    assert "exists" in again.err
    assert unknown.code == 2
    told = (await asyncio.to_thread(run, domain, "--fragment", "--json")).document
    (one,) = told["domains"]
    assert len(one["imports"]) == 12
    assert "provider" not in parsed(told["hcl"]).others
