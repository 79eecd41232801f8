"""`sesauditd report`: forms, files, and names that nobody has."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from tests.support import ses
from tests.support.cli import MONDAY, Cli, program

if TYPE_CHECKING:
    from pathlib import Path

START = MONDAY - timedelta(days=5)
MINUTE = timedelta(minutes=1)
NASTY = "smtp; 550 \x1b[31m[bold]no\u202e such user\x1b[0m"


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Return a program with a club of 100 mails, 13 of them to nobody, and a silent bakery."""
    made = program(tmp_path_factory.mktemp("reporting") / "installed")
    made.adopt("club.example", "club", "--since", "2025-01-01")
    made.adopt("bakery.example", "bakery")
    people = [f"p{number}@there.example" for number in range(100)]
    made.replay(
        ses.lines(
            [
                *ses.sends("club.example", people, START),
                *(
                    ses.bounce(
                        "club.example",
                        [ses.bounced(one, "5.1.1", diagnostic=NASTY)],
                        START + MINUTE,
                    )
                    for one in people[:13]
                ),
            ]
        )
    )
    made.ok("enforce")
    return made


def test_a_report_of_a_customer_is_read_in_a_terminal(cli: Cli) -> None:
    ran = cli.run("report", "club")
    assert (ran.code, ran.said) == (0, [])
    assert ran.out.startswith("Customer club: grade E, score 0 of 100")
    assert "13 of 100 recipients (at least 8.4 %), limit 10 and 8.0 %" in " ".join(ran.out.split())
    assert "hard_bounce.disable  club.example: requested" in ran.out
    assert "[bold]no" in ran.out
    assert not {"\x1b", "\u202e"} & set(ran.out)
    assert max(cell_len(line) for line in ran.out.splitlines()) <= 80


def test_a_report_of_a_domain_names_its_customer(cli: Cli) -> None:
    assert cli.ok("report", "CLUB.example.").out.startswith("Domain club.example of club: grade E")


def test_a_customer_without_mail_has_no_score(cli: Cli) -> None:
    assert "no score: fewer than 20 mails" in cli.ok("report", "bakery").out


def test_the_account_is_reported_when_nobody_is_named(cli: Cli) -> None:
    shown = cli.ok("report").out
    assert "Account, 2026-08-25 to 2026-11-23 03:00 UTC: 100 mailed" in shown
    assert "above pause" in shown
    assert shown.index("club") < shown.index("bakery")


def test_an_empty_database_has_an_account_page(tmp_path: Path) -> None:
    ran = program(tmp_path / "empty").run("report")
    assert (ran.code, ran.said) == (0, [])
    assert "0 mailed" in ran.out


@pytest.mark.parametrize("options", [("--json",), ("--format", "json"), ("--format", "JSON")])
def test_json_is_one_document(cli: Cli, options: tuple[str, ...]) -> None:
    document = cli.ok("report", "club", *options).document
    assert list(document) == ["since", "until", "account", "customers", "domains"]
    (club,) = document["customers"]
    assert (club["score"], club["grade"], club["disables_in_90_days"]) == (0.0, "E", 1)
    assert club["limits"][0]["worst"]["percent"] == pytest.approx(8.43, abs=0.01)
    assert club["strikes"]["total"] == 13
    assert "[bold]no" in club["statuses"][0]["example"]
    assert [one["name"] for one in document["domains"]] == ["club.example"]


def test_the_account_document_has_every_customer(cli: Cli) -> None:
    document = cli.ok("report", "--json").document
    assert [one["name"] for one in document["customers"]] == ["bakery", "club"]
    assert [one["customer"] for one in document["account"]["customers"]] == ["club", "bakery"]
    assert document["account"]["bounces"]["standing"] == "pause"


def test_since_begins_the_span_with_its_day(cli: Cli) -> None:
    document = cli.ok("report", "club", "--json", "--since", "2d").document
    assert document["since"] == "2026-11-21T00:00:00Z"
    (club,) = document["customers"]
    assert (club["mailed"], club["score"], club["strikes"]["total"]) == (0, None, 0)
    assert club["limits"][0]["newest_week"]["count"] == 13


def test_a_span_from_the_dawn_of_time_begins_with_ses(cli: Cli) -> None:
    document = cli.ok("report", "club", "--json", "--since", "0001-01-01").document
    assert document["since"] == "2011-01-01T00:00:00Z"
    assert document["customers"][0]["mailed"] == 100


def test_a_report_goes_into_a_file(cli: Cli) -> None:
    out = cli.folder / "report.txt"
    out.write_text("older")
    ran = cli.run("report", "club", "--out", out)
    assert (ran.code, ran.out, ran.said) == (0, "", [f"Wrote {out}."])
    assert out.read_text(encoding="utf-8") == cli.ok("report", "club").out
    cli.ok("report", "club", "--format", "json", "--out", out)
    assert json.loads(out.read_text(encoding="utf-8"))["customers"][0]["name"] == "club"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("clubb",), 2, "'clubb' is neither a customer nor a domain: did you mean club"),
        (("club.exampel",), 2, "did you mean club.example"),
        (("[red]\x1b[31m",), 2, "is neither a customer nor a domain"),
        (("--format", "pdf"), 2, "--format 'pdf' is unknown: use text, json, csv, html"),
        (("--for", "me"), 2, "--for 'me' is unknown: use operator, customer"),
        (("--for", "customer"), 2, "--for customer needs a customer or a domain"),
        (("club", "--for", "customer", "--json"), 2, "use --format text or html"),
        (("--since", "2027-01-01"), 2, "lies ahead"),
        (("--since", "soon"), 2, "is no time"),
        (("--out", "no/such/folder/x.txt"), 2, "no such folder"),
        (("--out", "."), 2, "is a folder"),
        (("--out", "/proc/version"), 1, "cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_is_one_line(
    cli: Cli, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = cli.run("report", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert len(ran.said) == 1
    assert said in ran.said[0]
    assert "\x1b" not in ran.err


def test_a_customer_reads_plain_words(cli: Cli) -> None:
    said = cli.run("report", "club", "--for", "customer").out
    assert said.startswith("How your mail did: club.example")
    assert "What to do" in said


def test_html_and_csv_leave_as_they_are(cli: Cli, tmp_path: Path) -> None:
    assert cli.run("report", "--format", "html").out.startswith("<!doctype html>")
    out = tmp_path / "report.csv"
    assert cli.run("report", "club", "--format", "csv", "--out", str(out)).code == 0
    lines = out.read_bytes().split(b"\r\n")
    assert lines[1].startswith(b"customer,club,club,span,")
