"""`onboard --tenant` at the sandbox: made, compared, trusted when events say so, taken down."""

from __future__ import annotations

import json
import smtplib
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.onboard.tenants import plugin
from tests.support.accounts import ARN, queue_url, stood
from tests.support.commands import commands_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.accounts import Stood
    from tests.support.cli import Cli

TENANT = "sesaudit-bakery"
OURS = [{"Key": "sesauditd", "Value": "main"}]


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood() as standing:
        yield standing


@pytest.fixture(scope="module")
def cli(place: Stood, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """Return the program with an account that was set up."""
    with commands_at(place, tmp_path_factory.mktemp("tenants")) as made:
        assert made.run("setup", "--yes").code == 0
        yield made


def whose(customer: str) -> tuple[str, ...]:
    """Return the options that say whose a domain is."""
    return "--customer", customer, "--contact", f"anna@{customer}-home.example"


def onboarded(
    place: Stood, cli: Cli, domain: str, *more: str, customer: str = "bakery"
) -> Mapping[str, Any]:
    """Onboard a new domain with a zone of its own, and return its login."""
    place.asking.ask("route53", "CreateHostedZone", Name=domain, CallerReference=domain)
    out = cli.folder / f"{domain}.json"
    how = [*whose(customer), *more, "--yes", "--json"]
    ran = cli.run("onboard", domain, *how, "--out", out)
    assert ran.code == 0, ran.err
    login: Mapping[str, Any] = json.loads(out.read_text())
    return login


def send(place: Stood, login: Mapping[str, Any], recipient: str, tenant: str | None) -> None:
    """Send as a site does, with the header of a tenant or without."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"shop@{login['domain']}", recipient
    if tenant is not None:
        mail["X-SES-TENANT"] = tenant
    mail.set_content("Thank you.")
    with smtplib.SMTP(place.sandbox.host, place.sandbox.smtp_port, timeout=20) as smtp:
        smtp.login(login["user"], login["password"])
        smtp.send_message(mail)


def recorded(place: Stood, cli: Cli) -> None:
    """Record what SES reported meanwhile."""
    url, bodies = queue_url(place.asking, "sesaudit-feedback"), []
    while found := place.asking.ask(
        "sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
    ).get("Messages"):
        bodies += [one["Body"] for one in found]
        for one in found:
            place.asking.ask(
                "sqs", "DeleteMessage", QueueUrl=url, ReceiptHandle=one["ReceiptHandle"]
            )
    file = cli.folder / "events.jsonl"
    file.write_text("".join(f"{' '.join(one.splitlines())}\n" for one in bodies))
    assert cli.run("replay", file).code == 0


def remarks(cli: Cli, domain: str) -> str:
    """Return what `drift` remarks of a domain in which nothing differs."""
    ran = cli.run("drift", domain, "--json")
    assert ran.code == 0, ran.out
    (subject,) = ran.document["subjects"]
    return " ".join(subject["remarks"])


def listed(cli: Cli, domain: str) -> Any:
    """Return what `domains` says of a domain's tenant."""
    found = cli.run("domains", "--json").document["domains"]
    return next(one["tenant"] for one in found if one["domain"] == domain)


def resources(place: Stood, tenant: str = TENANT) -> list[str]:
    """Return what is associated with a tenant."""
    found = place.asking.ask("sesv2", "ListTenantResources", TenantName=tenant)
    return sorted(one["ResourceArn"].rpartition(":")[2] for one in found["TenantResources"])


def test_without_the_option_no_tenant_is_planned_or_asked_about(place: Stood, cli: Cli) -> None:
    place.asking.ask("route53", "CreateHostedZone", Name="p.example", CallerReference="p.example")
    place.forget_calls()
    ran = cli.run("onboard", "p.example", *whose("bakery"), "--plan", "--json")
    assert (ran.code, "tenant" in ran.out.lower()) == (4, False)
    asked = {one.operation for one in place.sandbox.recording.calls()}
    assert [one for one in asked if one and "Tenant" in one] == []


@pytest.fixture(scope="module")
def site(place: Stood, cli: Cli) -> Mapping[str, Any]:
    """Return the login of a site whose domain has a tenant."""
    return onboarded(place, cli, "inn.example", "--tenant", "--wait", customer="inn")


@pytest.mark.slow
def test_a_tenant_is_shared_and_goes_with_the_last_domain(place: Stood, cli: Cli) -> None:
    ask = place.asking.ask
    assert onboarded(place, cli, "a.example", "--tenant")["tenant"] == TENANT
    onboarded(place, cli, "b.example", "--tenant")
    assert ask("sesv2", "GetTenant", TenantName=TENANT)["Tenant"]["Tags"] == OURS
    of_b = ["configuration-set/sesaudit-b-example", "identity/b.example"]
    of_a = ["configuration-set/sesaudit-a-example", "identity/a.example"]
    assert resources(place) == sorted(of_a + of_b)

    assert cli.run("offboard", "a.example", "--only-tenant", "--plan").code == 4
    ran = cli.run("offboard", "a.example", "--only-tenant", "--yes")
    assert f"SES tenant {TENANT} stays: {', '.join(of_b)} is associated with it" in ran.out
    assert "Done: 3 removed or changed" in ran.out
    assert resources(place) == of_b
    assert cli.run("onboard", "a.example", "--plan").code == 0
    assert cli.run("drift", "a.example").code == 0
    assert cli.run("offboard", "a.example", "--only-tenant").code == 2
    assert cli.run("offboard", "a.example", "--yes").code == 0
    assert cli.run("offboard", "b.example", "--yes").code == 0
    assert TENANT not in [one["TenantName"] for one in ask("sesv2", "ListTenants")["Tenants"]]
    place.forget_calls()
    assert (cli.run("offboard", "b.example", "--yes").code, place.writes()) == (0, 0)


def test_a_second_time_nothing_is_done_and_the_plugin_is_shown(
    place: Stood, cli: Cli, site: Mapping[str, Any]
) -> None:
    place.forget_calls()
    again = cli.run("onboard", site["domain"], *whose("inn"), "--plan", "--json")
    assert (again.code, again.document["plans"][site["domain"]]["changes"]) == (0, [])
    ran = cli.run("onboard", site["domain"], *whose("inn"), "--tenant", "--yes")
    assert (ran.code, place.writes()) == (0, 0)
    assert plugin(site["tenant"]) in ran.out


def test_what_was_changed_at_a_tenant_is_seen_and_repaired(
    place: Stood, cli: Cli, site: Mapping[str, Any]
) -> None:
    ask, tenant, domain = place.asking.ask, site["tenant"], site["domain"]
    before = resources(place, tenant)
    own = {"TenantName": tenant, "SuppressionScope": "TENANT", "SuppressedReasons": ["COMPLAINT"]}
    ask("sesv2", "PutTenantSuppressionAttributes", **own)
    arn = f"arn:aws:ses:{ARN}:identity/{domain}"
    ask("sesv2", "DeleteTenantResourceAssociation", TenantName=tenant, ResourceArn=arn)
    drifted = cli.run("drift", domain, "--json")
    (subject,) = drifted.document["subjects"]
    assert drifted.code == 4
    assert [one["resource"] for one in subject["changes"]] == [
        f"SES tenant {tenant}",
        f"SES tenant {tenant} with identity {domain}",
    ]
    assert cli.run("onboard", domain, *whose("inn"), "--yes").code == 0
    assert cli.run("drift", domain).code == 0
    assert resources(place, tenant) == before


def test_a_tenant_is_trusted_once_an_event_named_it(
    place: Stood, cli: Cli, site: Mapping[str, Any]
) -> None:
    tenant, domain = site["tenant"], site["domain"]
    send(place, site, "success@simulator.amazonses.com", None)
    recorded(place, cli)
    assert f"SES tenant {tenant} is not trusted yet" in remarks(cli, domain)
    assert listed(cli, domain) == {
        "name": tenant,
        "trusted_since": None,
        "last_seen_at": None,
        "outside_at": None,
    }

    send(place, site, "bounce@simulator.amazonses.com", tenant)
    recorded(place, cli)
    assert remarks(cli, domain) == ""
    seen = listed(cli, domain)
    assert seen["trusted_since"] == seen["last_seen_at"] is not None


def test_mail_that_names_a_tenant_of_others_is_refused(
    place: Stood, site: Mapping[str, Any]
) -> None:
    with pytest.raises(smtplib.SMTPResponseException, match="does not exist"):
        send(place, site, "success@simulator.amazonses.com", "sesaudit-other")
    place.asking.ask("sesv2", "CreateTenant", TenantName="sesaudit-other")
    with pytest.raises(smtplib.SMTPResponseException, match="not associated with resources"):
        send(place, site, "success@simulator.amazonses.com", "sesaudit-other")


CONFLICTS = {
    "without a tag": ({}, "one of this name without the tag sesauditd"),
    "of another installation": (
        {"Tags": [{"Key": "sesauditd", "Value": "another"}]},
        "tag sesauditd=another",
    ),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_tenant_of_others_is_named_and_nothing_is_written(
    place: Stood, cli: Cli, name: str
) -> None:
    given, found = CONFLICTS[name]
    customer = name.replace(" ", "-")
    tenant, domain = f"sesaudit-{customer}", f"{customer}.example"
    place.asking.ask("sesv2", "CreateTenant", TenantName=tenant, **given)
    place.asking.ask("route53", "CreateHostedZone", Name=domain, CallerReference=domain)
    place.forget_calls()
    how = (*whose(customer), "--tenant", "--yes", "--json", "--out", "x.json")
    ran = cli.run("onboard", domain, *how)
    (conflict,) = ran.document["plans"][domain]["conflicts"]
    assert (ran.code, place.writes()) == (1, 0)
    assert (conflict["resource"], conflict["found"]) == (f"SES tenant {tenant}", found)


def test_a_foreign_tenant_is_taken_over_when_asked(place: Stood, cli: Cli) -> None:
    place.asking.ask("sesv2", "CreateTenant", TenantName="sesaudit-florist")
    place.asking.ask("route53", "CreateHostedZone", Name="d.example", CallerReference="d.example")
    out = cli.folder / "florist.txt"
    how = [*whose("florist"), "--yes", "--tenant", "--take-over"]
    ran = cli.run("onboard", "d.example", *how, "--out", out)
    assert ran.code == 0, ran.err
    assert plugin("sesaudit-florist") in out.read_text()
    found = place.asking.ask("sesv2", "GetTenant", TenantName="sesaudit-florist")["Tenant"]
    assert found["Tags"] == OURS
