"""Cases and the proof of the journal, as an operator meets them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support import cli as programs
from tests.support import feedback as ses
from tests.support.cli import MONDAY, Cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Return a program with one virus in the mail of one customer."""
    made = programs.program(tmp_path / "program")
    made.adopt("a.example", "k")
    made.adopt("z.example", "other")
    made.replay([json.dumps(ses.reject("p@x.example", MONDAY - timedelta(hours=2)))])
    return made


def test_a_case_is_listed_shown_explained_and_closed(cli: Cli) -> None:
    (case,) = cli.rows("cases", "--open")
    assert (case["state"], case["domains"], case["offence"]) == ("opened", ["a.example"], None)
    assert cli.rows("cases", "--customer", "other") == []
    cli.ok("cases", "explain", case["id"], "--text", "the laptop")
    alone, named = cli.ok("cases", case["id"]), cli.ok("cases", "show", case["id"])
    assert alone.out == named.out
    assert "explained: the laptop" in alone.out
    whole = cli.ok("cases", case["id"], "--json").document["case"]
    assert [one["what"] for one in whole["timeline"]] == ["opened", "requested", "explained"]
    handed = cli.ok("cases", "show", case["id"], "--for-customer", "--json").document["case"]
    assert not {"action_id", "stops", "strikes"} & set(handed)
    assert str(cli.folder) not in json.dumps(handed)
    cli.ok("reinstate", "a.example", "--explanation", "cleaned")
    assert cli.rows("cases", "--open") == []
    assert [one["state"] for one in cli.rows("cases", "--all")] == ["reinstated"]


def test_an_explanation_comes_from_a_file_or_standard_input(cli: Cli) -> None:
    (case,) = cli.rows("cases")
    file = cli.file(["Dear host,", "we are sorry."], "mail.txt")
    cli.ok("cases", "explain", case["id"], "--file", file)
    assert cli.rows("cases")[0]["explanation"] == "Dear host,\nwe are sorry."
    cli.ok("cases", "explain", case["id"], "--file", "-", answer="Once more: sorry.")
    assert cli.rows("cases")[0]["explanation"] == "Once more: sorry."


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param((), "one of them", id="neither"),
        pytest.param(("--text", "x", "--file", "y"), "one of them", id="both"),
        pytest.param(("--text", " "), "explains nothing", id="empty"),
        pytest.param(("--text", "x" * 4001), "at most 4,000", id="too long"),
        pytest.param(("--file", "none.txt"), "cannot be read", id="no file"),
        pytest.param(("--file", "binary"), "no text in UTF-8", id="no text"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_line(
    cli: Cli, given: tuple[str, ...], words: str
) -> None:
    (cli.folder / "binary").write_bytes(b"\xff\xfe\x00")
    ran = cli.run("cases", "explain", cli.rows("cases")[0]["id"], *given)
    assert (ran.code, len(ran.said)) == (2, 1)
    assert words in ran.err


def test_an_unknown_case_is_refused_in_one_line(cli: Cli) -> None:
    ran = cli.run("cases", "case-none")
    assert (ran.code, len(ran.said)) == (2, 1)
    assert "there is no case 'case-none'" in ran.err


def test_a_whole_chain_is_said_in_one_line_and_a_changed_row_named_in_one(cli: Cli) -> None:
    said = cli.ok("actions", "--verify").out.split()
    assert said[1:6] == ["rows,", "chain", "whole,", "head", said[-1]]
    assert len(said[-1]) == 64
    with closing(sqlite3.connect(cli.database)) as connection:
        connection.execute("UPDATE verdicts SET reason = 'forged'")
        connection.commit()
    ran = cli.run("actions", "--verify")
    assert (ran.code, ran.out, len(ran.said)) == (1, "", 1)
    assert "verdicts: row " in ran.err
    ran = cli.run("actions", "--verify", "--json")
    assert (ran.code, ran.document["whole"], len(ran.document["bad"])) == (1, False, 1)
