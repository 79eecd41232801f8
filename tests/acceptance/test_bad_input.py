"""Whatever a person types or feeds wrongly: one clear line, the right exit code, no traceback."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING

import pytest

from tests.support import ses
from tests.support.cases import when
from tests.support.cli import NEVER_SEEN, Cli, Ran, rows_of
from tests.support.databases import NEEDS_FILE

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = 2
K = ("--customer", "k", "--contact", "k@k.example")
LISTINGS = ("status", "customers", "domains", "events", "blocks", "actions", "cases", "report")


def one_line(ran: Ran, *words: str) -> None:
    """Check that the run said one line, with these words in it, and nothing on stdout."""
    assert NEVER_SEEN not in ran.err + ran.out
    assert ran.out == ""
    assert len(ran.said) == 1, ran.err
    for word in words:
        assert word.lower() in ran.err.lower(), ran.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(("enforce", "--frobnicate"), "--frobnicate", id="wrong option"),
        pytest.param(("frobnicate",), "frobnicate", id="wrong command"),
        pytest.param(("adopt",), "domain", id="no argument"),
        pytest.param(("adopt", "a.example"), "customer", id="no customer"),
        pytest.param(("adopt", "a.example", "--customer", "k"), "contact", id="no contact"),
        pytest.param(("replay",), "source", id="no source"),
        pytest.param(("enforce", "--as-of", "yesterday"), "yesterday", id="no date"),
        pytest.param(("enforce", "--as-of", "2026-13-01"), "2026-13-01", id="month 13"),
        pytest.param(("enforce", "--as-of", "2026-02-30T00:00:00Z"), "2026-02-30", id="30 Feb"),
        pytest.param(("enforce", "--as-of"), "--as-of", id="option without a value"),
        pytest.param(("rollup", "--day", "23.11.2026"), "23.11.2026", id="a date of Europe"),
        pytest.param(("adopt", "a.example", *K, "--since", "2026-1-1x"), "2026-1-1x", id="since"),
        pytest.param(("adopt", "exa mple.com", *K), "exa mple.com", id="space in a domain"),
        pytest.param(("adopt", "example", *K), "example", id="domain of one label"),
        pytest.param(("adopt", "a@b.example", *K), "a@b.example", id="address for a domain"),
        pytest.param(("adopt", "192.0.2.1", *K), "192.0.2.1", id="IP address for a domain"),
        pytest.param(("adopt", "-a.example", *K), "-a", id="domain like an option"),
        pytest.param(("adopt", f"{'x' * 64}.example", *K), "xxx", id="label too long"),
        pytest.param(("adopt", "a..example", *K), "a..example", id="empty label"),
        pytest.param(("adopt", "", *K), "domain", id="empty domain"),
        pytest.param(
            ("adopt", "a.example", "--customer", "k", "--contact", "k.example"),
            "k.example",
            id="domain for a contact",
        ),
        pytest.param(
            ("adopt", "a.example", "--customer", "k", "--contact", "a@b"), "a@b", id="bad contact"
        ),
        pytest.param(
            ("adopt", "a.example", "--customer", "", "--contact", "a@b.example"),
            "customer",
            id="empty customer",
        ),
        pytest.param(("adopt", "--file", "missing.csv"), "missing.csv", id="no such CSV"),
        pytest.param(("replay", "missing.jsonl"), "missing.jsonl", id="no such file"),
        pytest.param(("policy", "check", "missing.toml"), "missing.toml", id="no such policy"),
        pytest.param(
            ("reinstate", "gone.example", "--explanation", "x"),
            "gone.example",
            id="unknown domain to reinstate",
        ),
        pytest.param(
            ("disable", "gone.example", "--reason", "x"),
            "gone.example",
            id="unknown domain to disable",
        ),
        pytest.param(
            ("block", "x@y.example", "--domain", "gone.example", "--reason", "x"),
            "gone.example",
            id="unknown domain to block for",
        ),
        pytest.param(
            ("unblock", "x@y.example", "--domain", "gone.example", "--reason", "x"),
            "gone.example",
            id="unknown domain to unblock for",
        ),
        pytest.param(
            ("block", "nobody", "--domain", "gone.example", "--reason", "x"),
            "nobody",
            id="no address",
        ),
        pytest.param(("terminate", "nobody", "--reason", "x"), "nobody", id="unknown customer"),
        pytest.param(
            ("restore", "nobody", "--explanation", "x"), "nobody", id="unknown customer to restore"
        ),
        pytest.param(("arm", "nobody", "--yes"), "nobody", id="unknown customer to arm"),
        pytest.param(("actions", "approve", "nothing"), "nothing", id="unknown action"),
        pytest.param(("report", "gone.example"), "gone.example", id="unknown domain to report"),
        pytest.param(("report", "--format", "papyrus"), "papyrus", id="unknown format"),
    ],
)
def test_what_cannot_be_right_is_refused_in_a_line(
    cli: Cli, arguments: tuple[str, ...], word: str
) -> None:
    ran = cli.run(*arguments)
    one_line(ran, word)
    assert ran.code == REFUSED


def test_a_real_process_refuses_in_the_same_way(cli: Cli) -> None:
    ran = cli.spawn("enforce", "--as-of", "yesterday")
    one_line(ran, "yesterday")
    assert ran.code == REFUSED


@pytest.mark.parametrize(
    ("text", "word"),
    [
        pytest.param('[polizy]\nmode = "off"\n', "polizy", id="unknown section"),
        pytest.param('[policy]\nmoed = "off"\n', "moed", id="unknown key"),
        pytest.param('[policy]\nmode = "on"\n', "mode", id="unknown mode"),
        pytest.param('[policy.customers.k]\nmood = "off"\n', "mood", id="unknown key below"),
        pytest.param("[policy\n", "config.toml", id="no TOML"),
        pytest.param('[policy]\nfile = "missing.toml"\n', "missing.toml", id="no such policy"),
        pytest.param('[aws]\naccount_id = "12"\n', "account_id", id="a wrong account"),
        pytest.param('[database]\nurl = "mysql://x/y"\n', "url", id="another database"),
        pytest.param("[queue]\nreceivers = 0\n", "receivers", id="out of range"),
    ],
)
def test_a_wrong_configuration_is_refused_by_the_keys_name(cli: Cli, text: str, word: str) -> None:
    cli.config.write_text(text, encoding="utf-8")
    ran = cli.run("customers", "--json")
    one_line(ran, word)
    assert ran.code == REFUSED


def test_an_unknown_key_in_the_environment_is_refused(cli: Cli) -> None:
    cli.environment["SESAUDITD_DATABASE__ULR"] = "sqlite:///x.db"
    ran = cli.run("customers", "--json")
    one_line(ran, "ULR")
    assert ran.code == REFUSED


def test_a_missing_configuration_is_refused_with_its_name(cli: Cli) -> None:
    ran = cli.run("--config", "gone.toml", "customers")
    one_line(ran, "gone.toml")
    assert ran.code == REFUSED


def test_a_missing_database_folder_is_refused_with_its_name(cli: Cli) -> None:
    cli.config.write_text(f'[database]\nurl = "sqlite:///{cli.folder}/no/such/x.db"\n')
    ran = cli.run("customers", "--json")
    one_line(ran, "no/such")
    assert ran.code == REFUSED


# What a server's database is told apart by is in tests/unit/store/test_server.py.
@NEEDS_FILE
@pytest.mark.parametrize("what", ["a folder", "no database", "a newer database"])
def test_what_is_no_database_of_ours_is_named_and_left_alone(cli: Cli, what: str) -> None:
    if what == "a folder":
        cli.database.mkdir()
    elif what == "no database":
        cli.database.write_bytes(b"these are not the bytes of a database " * 100)
    else:
        cli.ok("customers", "--json")
        import sqlite3

        with sqlite3.connect(cli.database) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999_tomorrow'")
        connection.close()
    ran = cli.run("customers", "--json")
    one_line(ran)
    assert ran.code in {1, REFUSED}


def test_a_policy_with_an_unknown_key_is_refused_by_its_name(cli: Cli) -> None:
    file = cli.folder / "own.toml"
    for text, word in (
        ("[hard_bounce.warn]\nsmal_count = 3\n", "smal_count"),
        ("[hard_bounce.warm]\nsmall_count = 3\n", "warm"),
        ("[hard_bounce.warn]\nsmall_count = -3\n", "small_count"),
        ('[hard_bounce.warn]\nlane = "slow"\n', "lane"),
        ("[complaint.warn]\nrate_percent = 800.0\n", "rate_percent"),
        ("[complaint.warn\n", "own.toml"),
    ):
        file.write_text(text, encoding="utf-8")
        ran = cli.run("policy", "check", file)
        one_line(ran, word)
        assert ran.code == REFUSED
        cli.configure(policy=f'file = "{file}"')
        used = cli.run("enforce", "--dry-run", "--json")
        one_line(used, word)
        assert used.code == REFUSED


# What is fed


def test_garbage_is_counted_and_kept(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    bad = [
        "garbage",
        "{",
        "[]",
        "null",
        "42",
        '"text"',
        "{}",
        '{"eventType": "Bounce"}',
        '{"eventType": "Bounce", "mail": []}',
        '{"Type": "Notification", "Message": {}}',
        '{"Type": "Notification", "Message": "no JSON"}',
        '{"mail": {"messageId": "x", "timestamp": "2026-11-18T00:00:00Z"}}',
        "\x00\x01\x02",
        "{" * 5000,
        "[" * 100_000,
    ]
    good = ses.lines([ses.bounce("a.example", "x@mail.example", when(1))])
    counts = cli.replay([*bad, *good])
    assert counts["read"] == len(bad) + 1
    assert counts["recorded"] == 1
    assert counts["quarantined"] == len(bad)
    kept = cli.rows("events", "--quarantined")
    assert len(kept) == len(bad)
    assert all(one["reason"] for one in kept)
    assert [one["rule"] for one in cli.verdicts()] == ["hard_bounce.block"]
    again = cli.replay([*bad, *good])
    assert again["recorded"] == 0
    assert len(cli.rows("events", "--quarantined")) == len(bad)


def test_random_bytes_are_kept_too(cli: Cli) -> None:
    path = cli.folder / "noise.jsonl"
    path.write_bytes(random.Random(1).randbytes(20_000))
    ran = cli.run("replay", path, "--json")
    assert ran.code == 0
    counts = ran.document
    assert counts["read"] >= counts["quarantined"] > 0
    assert counts["recorded"] == 0


def test_noise_is_swallowed_by_name_and_counted_apart(cli: Cli) -> None:
    succeeded = {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "You have ..."}
    noise = [
        ses.VALIDATION,
        ses.sns(ses.VALIDATION),
        ses.archived(ses.VALIDATION, when(1)),
        ses.archived(ses.sns(ses.VALIDATION), when(1)),
        json.dumps(succeeded),
        ses.sns(json.dumps(succeeded)),
    ]
    counts = cli.replay(noise)
    assert counts == {
        "read": len(noise),
        "recorded": 0,
        "duplicates": 0,
        "quarantined": 0,
        "ignored": len(noise),
    }


def test_an_empty_file_and_blank_lines_are_nothing(cli: Cli) -> None:
    for text in ("", "\n", "\n \n\r\n"):
        path = cli.folder / "empty.jsonl"
        path.write_text(text)
        ran = cli.run("replay", path, "--json")
        assert ran.code == 0
        assert (ran.document["recorded"], ran.document["quarantined"]) == (0, 0)


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    told = ses.lines([ses.bounce("a.example", f"x{n}@mail.example", when(1)) for n in range(4)])
    path = cli.folder / "notepad.jsonl"
    path.write_bytes(("\ufeff" + "\r\n".join(told) + "\r\n").encode())
    ran = cli.run("replay", path, "--json")
    assert (ran.document["recorded"], ran.document["quarantined"]) == (4, 0)


@pytest.mark.parametrize("cut", [0.3, 0.9], ids=["early", "late"])
def test_a_truncated_gzip_gives_what_can_be_read_of_it(cli: Cli, cut: float) -> None:
    cli.adopt("a.example", "k")
    told = ses.lines([ses.bounce("a.example", one, when(1)) for one in ses.people(400)])
    whole = gzip.compress("".join(f"{line}\n" for line in told).encode())
    path = cli.folder / "cut.jsonl.gz"
    path.write_bytes(whole[: int(len(whole) * cut)])
    ran = cli.run("replay", path, "--json")
    assert NEVER_SEEN not in ran.err
    assert ran.code in {0, 1}
    assert len(cli.verdicts()) > 0
    assert "cut.jsonl.gz" in ran.err or ran.document["quarantined"] > 0


def test_what_is_called_gzip_and_is_none_does_no_harm(cli: Cli) -> None:
    path = cli.folder / "plain.jsonl.gz"
    path.write_text("no gzip\n" * 3)
    ran = cli.run("replay", path, "--json")
    assert NEVER_SEEN not in ran.err
    assert ran.code in {0, 1, 2}
    assert ran.code != 0 or ran.document["quarantined"] > 0


def test_one_missing_file_among_many_refuses_before_anything_is_read(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    good = cli.file(ses.lines([ses.bounce("a.example", "x@mail.example", when(1))]))
    ran = cli.run("replay", good, cli.folder / "missing.jsonl", "--json")
    one_line(ran, "missing.jsonl")
    assert ran.code == REFUSED
    assert cli.rows("events") == []


def test_hostile_text_is_shown_harmlessly(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    evil = "\x1b[2J\u202egod\x07[red]x[/red]"
    hit = ses.bounced("x@mail.example", "5.1.1", diagnostic=evil)
    cli.replay(ses.lines([ses.bounce("a.example", [hit], when(1), subtype=evil)]))
    cli.replay(ses.lines([ses.bounce("a.example", [hit], when(2))]))
    for command in ("events", "blocks", "actions", "status", "report"):
        shown = cli.ok(command)
        assert "\x1b" not in shown.out
        assert "\u202e" not in shown.out


def test_a_csv_with_a_bad_line_registers_nothing(cli: Cli) -> None:
    file = cli.folder / "domains.csv"
    file.write_text(
        "domain,customer,contact,iam_user,since\na.example,k,k@k.example,,\nb.example,k,nobody,,\n"
    )
    ran = cli.run("adopt", "--file", file)
    one_line(ran, "nobody", "3")
    assert ran.code == REFUSED
    assert cli.rows("domains") == []


def test_a_domain_of_another_customer_is_not_taken_over(cli: Cli) -> None:
    cli.adopt("a.example", "k")
    ran = cli.run("adopt", "a.example", "--customer", "thief", "--contact", "t@t.example")
    one_line(ran, "a.example")
    assert ran.code in {1, REFUSED}
    assert [one["customer"] for one in cli.rows("domains")] == ["k"]


def test_adopting_twice_changes_nothing(cli: Cli) -> None:
    for _ in range(2):
        cli.adopt("a.example", "k")
    assert len(cli.rows("domains")) == 1


@pytest.mark.parametrize("command", LISTINGS)
def test_a_listing_of_an_empty_database_is_one_valid_document(cli: Cli, command: str) -> None:
    ran = cli.run(command, "--json")
    assert ran.code == 0, ran.err
    assert isinstance(ran.document, dict | list)
    assert ran.err == ""
    if command not in {"status", "report"}:
        assert rows_of(ran.document) == []


@pytest.mark.parametrize("command", LISTINGS)
def test_a_listing_of_an_empty_database_says_something_to_a_person(cli: Cli, command: str) -> None:
    ran = cli.run(command)
    assert ran.code == 0, ran.err
    assert ran.out.strip()


def test_init_does_not_overwrite_and_its_configuration_is_accepted(
    cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "made.toml"
    assert cli.run("init", path).code == 0
    text = path.read_text(encoding="utf-8")
    assert 'mode = "shadow"' in text
    again = cli.run("init", path)
    one_line(again, "made.toml")
    assert again.code in {1, REFUSED}
    assert path.read_text(encoding="utf-8") == text
    cli.environment["SESAUDITD_DATABASE__URL"] = f"sqlite:///{cli.database}"
    found = cli.run("--config", path, "enforce", "--dry-run", "--json")
    assert found.document["mode"] == "shadow"
    after = cli.run("enforce", "--dry-run", "--json", "--config", path)
    assert after.document["mode"] == "shadow"
