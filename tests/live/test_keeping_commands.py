"""The commands that keep, exchange and take down, as a person and as a script run them."""

from __future__ import annotations

import json
import re
import stat
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.sandbox.ses.steering import steer
from tests.support.accounts import stood
from tests.support.commands import commands_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.accounts import Stood
    from tests.support.cli import Cli

DOMAIN = "shop.example"
WHOSE = ("--customer", "bakery", "--contact", "anna@bakery-home.example")
WEBSITE = ("production-access", "--website", "https://host.example", "--mail-type", "marketing")


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood() as standing:
        yield standing


@pytest.fixture(scope="module")
def cli(place: Stood, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    with commands_at(place, tmp_path_factory.mktemp("keeping")) as made:
        assert made.run("setup", "--yes").code == 0
        onboard(place, made, DOMAIN)
        yield made


def onboard(place: Stood, cli: Cli, domain: str) -> None:
    place.asking.ask("route53", "CreateHostedZone", Name=domain, CallerReference=domain)
    ran = cli.run("onboard", domain, *WHOSE, "--yes", "--out", cli.folder / f"{domain}.txt")
    assert ran.code == 0, ran.err


def test_drift_ends_with_0_then_4_and_names_the_repair(place: Stood, cli: Cli) -> None:
    ran = cli.run("drift")
    assert (ran.code, ran.out.strip()) == (0, "Everything stands as it was made.")
    place.asking.ask("iam", "DeleteUserPolicy", UserName=DOMAIN, PolicyName="sesaudit-send")
    ran = cli.run("drift")
    assert ran.code == 4
    repair = f"sesauditd onboard {DOMAIN}"
    assert f"to repair it: {repair}" in ran.out
    document = cli.run("drift", DOMAIN, "--json").document
    assert document["pending"] is True
    assert document["subjects"][0]["repair"] == repair
    assert cli.run(*repair.split()[1:], "--yes").code == 0
    assert cli.run("drift", DOMAIN).code == 0
    ran = cli.run("drift", "stranger.example")
    assert (ran.code, "not set up by this program" in ran.err) == (2, True)


def test_a_login_is_rotated_into_a_new_file_and_retired(place: Stood, cli: Cli) -> None:
    ran = cli.run("credentials", "rotate", DOMAIN, "--yes")
    assert (ran.code, "--out FILE" in ran.err) == (2, True)
    out = cli.folder / "rotated.txt"
    ran = cli.run("credentials", "rotate", DOMAIN, "--yes", "--out", out)
    assert ran.code == 0, ran.err
    assert f"credentials rotate {DOMAIN} --retire" in ran.out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    found = place.asking.ask("iam", "ListAccessKeys", UserName=DOMAIN)["AccessKeyMetadata"]
    assert [one["Status"] for one in found] == ["Active", "Active"]
    document = cli.run("credentials", "rotate", DOMAIN, "--retire", "--json").document
    assert document["stage"] == "retired"
    assert cli.run("credentials", "rotate", DOMAIN, "--retire").code == 2
    assert cli.run("drift", DOMAIN).code == 0


def test_production_access_is_shown_asked_for_and_followed(place: Stood, cli: Cli) -> None:
    assert "has production access" in cli.run("production-access").out
    assert cli.run(*WEBSITE, "--yes").code == 2
    steer(place.sandbox.ses, {"production": False})
    try:
        assert cli.run(*WEBSITE, "--plan").code == 4
        assert cli.run(*WEBSITE, "--yes", "--json").document["review"] == "PENDING"
        assert "case case-1" in cli.run("production-access").out
    finally:
        steer(place.sandbox.ses, {"production": True})


def test_an_adopted_domain_is_looked_at_and_taken_over(place: Stood, cli: Cli) -> None:
    ask = place.asking.ask
    ask("sesv2", "CreateEmailIdentity", EmailIdentity="pub.example")
    user(place, "pub-user")
    ran = cli.run("adopt", "pub.example", "--check", "--json")
    assert ran.code == 4, ran.err
    register = ran.document["domains"][0]["attribution"][0]
    assert (register["what"], register["works"]) == ("register", False)
    named = ("adopt", "pub.example", *WHOSE, "--iam-user", "pub-user", "--take-over")
    assert cli.run(*named, "--plan").code == 4
    ran = cli.run("adopt", "pub.example", "--take-over", "--yes")
    assert ran.code == 0, ran.err
    assert cli.run("adopt", "pub.example", "--take-over", "--plan").code == 0
    ran = cli.run("adopt", "pub.example", "--check", "--json")
    assert ran.code == 0, ran.err
    lines = ran.document["domains"][0]
    assert all(one["works"] for one in (*lines["attribution"], *lines["levers"]))
    assert cli.run("drift", "pub.example").code == 0


def test_what_was_onboarded_here_is_not_taken_over(place: Stood, cli: Cli) -> None:
    place.forget_calls()
    ran = cli.run("adopt", DOMAIN, "--take-over", "--yes")
    assert (ran.code, len(ran.err.splitlines()), place.writes()) == (2, 1, 0)
    assert f"{DOMAIN}: onboarded here, so there is nothing to take over" in ran.err
    assert cli.run("adopt", DOMAIN, "--check").code == 0


def test_a_shared_login_is_split_by_a_file(place: Stood, cli: Cli) -> None:
    user(place, "everybody")
    place.asking.ask("route53", "CreateHostedZone", Name="club.example", CallerReference="club")
    place.asking.ask("sesv2", "CreateEmailIdentity", EmailIdentity="club.example")
    file, out = cli.folder / "sites.csv", cli.folder / "sites.txt"
    file.write_text("domain,customer,contact\nclub.example,club,bert@club-home.example\n")
    given = ("credentials", "split", "--from", "everybody", "--file", file)
    assert cli.run(*given, "--plan").code == 4
    ran = cli.run(*given, "--yes", "--out", out)
    assert ran.code == 0, ran.err
    assert "club.example" in out.read_text()
    uses = cli.run("credentials", "split", "--json").document["uses"]
    assert [(one["user"], one["domain"], one["state"]) for one in uses] == [
        ("everybody", "club.example", "no mail seen yet")
    ]
    ran = cli.run("credentials", "split", "--retire", "everybody", "--yes")
    assert (ran.code, "wait until" in ran.err) == (1, True)


def test_offboarding_is_shown_done_and_done_only_once(place: Stood, cli: Cli) -> None:
    onboard(place, cli, "gone.example")
    ran = cli.run("offboard", "gone.example", "--plan")
    assert ran.code == 4
    shown = re.search(r"(\d+) to remove", ran.out)
    assert cli.run("offboard", "gone.example").code == 2
    ran = cli.run("offboard", "gone.example", "--yes")
    assert shown is not None
    assert (ran.code, f"Done: {shown[1]} removed" in ran.out) == (0, True)
    place.forget_calls()
    assert cli.run("offboard", "gone.example", "--yes").code == 0
    assert place.writes() == 0
    assert cli.run("offboard", "never.example").code == 2
    assert "gone.example" not in json.dumps(cli.run("domains", "--json").document)
    assert "gone.example" in json.dumps(cli.run("domains", "--all", "--json").document)
    assert "gone.example" not in json.dumps(cli.run("doctor", "--json").document)


def user(place: Stood, name: str) -> None:
    """Make a user as the console does."""
    ask = place.asking.ask
    ask("iam", "CreateUser", UserName=name)
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "ses:SendRawEmail",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    ask(
        "iam",
        "PutUserPolicy",
        UserName=name,
        PolicyName="AmazonSesSendingAccess",
        PolicyDocument=json.dumps(document),
    )
    ask("iam", "CreateAccessKey", UserName=name)
