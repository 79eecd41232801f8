"""`sesauditd onboard` at the sandbox, as a person and as a script run it."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.support.accounts import stood
from tests.support.commands import commands_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.accounts import Stood
    from tests.support.cli import Cli

WHOSE = ("--customer", "bakery", "--contact", "anna@bakery-home.example")


@pytest.fixture(scope="module")
def place() -> Iterator[Stood]:
    with stood() as standing:
        yield standing


@pytest.fixture(scope="module")
def cli(place: Stood, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    with commands_at(place, tmp_path_factory.mktemp("command")) as made:
        yield made


def zone(place: Stood, *names: str) -> None:
    for name in names:
        place.asking.ask("route53", "CreateHostedZone", Name=name, CallerReference=name)


def test_without_setup_it_says_so_and_changes_nothing(place: Stood, cli: Cli) -> None:
    place.forget_calls()
    ran = cli.run("onboard", "early.example", *WHOSE, "--yes")
    assert (ran.code, place.writes()) == (1, 0)
    assert "sesauditd setup" in ran.out
    assert cli.run("setup", "--yes").code == 0


def test_a_plan_ends_with_4_and_with_0_once_it_is_carried_out(place: Stood, cli: Cli) -> None:
    zone(place, "plan.example")
    assert cli.run("onboard", "plan.example", *WHOSE, "--plan").code == 4
    out = cli.folder / "plan.txt"
    ran = cli.run("onboard", "plan.example", *WHOSE, "--yes", "--wait", "--out", out)
    assert ran.code == 0, ran.err
    assert "plan.example is verified." in ran.out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert cli.run("onboard", "plan.example", *WHOSE, "--plan").code == 0


@pytest.mark.parametrize(
    "options", [(), ("--json",), ("--out", "taken.txt")], ids=["pipe", "json", "a file that exists"]
)
def test_where_a_password_would_end_wrong_nothing_is_made(
    place: Stood, cli: Cli, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(cli.folder)
    (cli.folder / "taken.txt").write_text("mine")
    place.forget_calls()
    ran = cli.run("onboard", "pipe.example", *WHOSE, "--yes", *options)
    assert (ran.code, place.writes()) == (2, 0)
    assert "out" in ran.err or "exists" in ran.err
    assert (cli.folder / "taken.txt").read_text() == "mine"


def test_nobody_to_ask_and_a_no_change_nothing(place: Stood, cli: Cli) -> None:
    place.forget_calls()
    ran = cli.run("onboard", "ask.example", *WHOSE, "--out", cli.folder / "ask.txt")
    assert (ran.code, place.writes()) == (2, 0)
    assert "--yes" in ran.err
    assert not (cli.folder / "ask.txt").exists()


def test_a_second_run_makes_no_key_and_no_file(place: Stood, cli: Cli) -> None:
    zone(place, "twice.example")
    out = cli.folder / "twice.txt"
    assert cli.run("onboard", "twice.example", *WHOSE, "--yes", "--out", out).code == 0
    again = cli.folder / "again.txt"
    ran = cli.run("onboard", "twice.example", *WHOSE, "--yes", "--json", "--out", again)
    assert ran.code == 0
    assert ran.document["results"][0]["result"] == "unchanged"
    assert not again.exists()


def test_a_zone_elsewhere_times_out_with_4_and_its_records_ready_to_copy(cli: Cli) -> None:
    out = cli.folder / "elsewhere.txt"
    given = ("--yes", "--wait", "--wait-minutes", "0", "--json", "--out", out)
    ran = cli.run("onboard", "elsewhere.example", *WHOSE, *given)
    assert ran.code == 4
    (result,) = ran.document["results"]
    assert (result["verified"], len(result["records"])) == (False, 6)
    assert result["missing"]


def test_a_plan_shows_what_is_to_be_entered_elsewhere_as_far_as_it_is_known(cli: Cli) -> None:
    ran = cli.run("onboard", "far.example", *WHOSE, "--plan")
    assert ran.code == 4
    assert "  name        bounce.far.example.\n  short name  bounce\n" in ran.out
    assert '  value       "v=DMARC1; p=none"\n' in ran.out
    assert "? 3 DKIM records of far.example, to be entered by hand in far.example" in ran.out
    document = cli.run("onboard", "far.example", *WHOSE, "--plan", "--json").document
    rows = document["plans"]["far.example"]["records"]
    assert [row["kind"] for row in rows] == ["MX", "TXT", "TXT"]


def test_every_name_and_value_to_be_entered_stands_whole_on_a_line(cli: Cli) -> None:
    out = cli.folder / "copied.txt"
    ran = cli.run("onboard", "copied.example", *WHOSE, "--yes", "--json", "--out", out)
    rows = ran.document["results"][0]["records"]
    shown = cli.run("onboard", "copied-too.example", *WHOSE, "--yes", "--out", f"{out}.2").out
    lines = [line.partition("value")[2].strip() for line in shown.splitlines()]
    assert sum(line.endswith("dkim.amazonses.com.") and " " not in line for line in lines) == 3
    assert {row["value"] for row in rows if row["kind"] != "CNAME"} <= set(lines)


def test_without_a_place_for_the_password_nothing_is_planned_or_made(
    place: Stood, cli: Cli
) -> None:
    zone(place, "pipe.example")
    place.forget_calls()
    ran = cli.run("onboard", "pipe.example", *WHOSE, "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert "add --out FILE" in ran.err
    assert place.writes() == 0


def test_a_file_of_domains_goes_on_past_the_one_that_is_in_the_way(place: Stood, cli: Cli) -> None:
    names = [f"csv-{number}.example" for number in range(4)]
    zone(place, *names)
    place.asking.ask("sesv2", "CreateEmailIdentity", EmailIdentity=names[1])
    file = cli.folder / "domains.csv"
    rows = [f"{name},bakery,anna@bakery-home.example,," for name in names]
    file.write_text("\n".join(("domain,customer,contact,iam_user,since", *rows)))
    out = cli.folder / "csv.txt"
    ran = cli.run("onboard", "--file", file, "--yes", "--out", out)
    assert ran.code == 1
    assert ran.out.count("done") == 3
    assert "without the tag" in ran.out
    text = out.read_text()
    assert [f"=== {name} ===" in text for name in names] == [True, False, True, True]
    assert cli.run("onboard", "--file", file, "x.example").code == 2


def test_no_secret_is_in_what_is_said_logged_or_kept(
    place: Stood, cli: Cli, tmp_path: Path
) -> None:
    zone(place, "secret.example")
    out = tmp_path / "secret.jsonl"
    ran = cli.spawn(
        "--config",
        cli.config,
        "--debug",
        "onboard",
        "secret.example",
        *WHOSE,
        "--yes",
        "--json",
        "--out",
        out,
    )
    assert ran.code == 0, ran.err
    password = out.read_text().partition('"password": "')[2].partition('"')[0]
    assert len(password) == 44
    key = ran.document["results"][0]["access_key"]
    secret = place.asking.ask("iam", "GetAccessKeyLastUsed", AccessKeyId=key)
    assert secret["UserName"] == "secret.example"
    hidden = place.sandbox.authorization.credential(key)
    assert hidden is not None
    kept = b"".join(one.read_bytes() for one in cli.folder.iterdir() if one.is_file())
    for text in (password, hidden.secret):
        assert text not in ran.out + ran.err
        assert text.encode() not in kept
