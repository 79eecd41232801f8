"""`sesauditd policy simulate`: another policy over what is stored, and nothing is changed."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import ses
from tests.support.cases import when
from tests.support.cli import Cli, program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIMULATE = ("policy", "simulate", "--policy")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with a week of two customers, judged."""
    made = program(tmp_path_factory.mktemp("judged"))
    made.adopt("bakery.example", "bakery")
    made.adopt("club.example", "club")
    people = ses.people(90)
    told = [
        *ses.sends("club.example", people, when(0)),
        *ses.sends("bakery.example", people, when(0)),
    ]
    told += [ses.bounce("club.example", one, when(1)) for one in people[:9]]
    told += [ses.complaint("bakery.example", people[0], when(day)) for day in (1, 2)]
    made.replay(ses.lines(told))
    made.verdicts(dry=False)
    return made.database


@pytest.fixture
def cli(tmp_path: Path, judged: Path) -> Cli:
    """Return a program with that database, in a folder of its own."""
    made = program(tmp_path / "p")
    shutil.copy(judged, made.database)
    return made


def policy(cli: Cli, text: str) -> Path:
    """Write a policy file."""
    file = cli.folder / "new.toml"
    file.write_text(text)
    return file


def simulated(cli: Cli, text: str, *more: str) -> dict[str, Any]:
    """Return the document of a simulation."""
    document: dict[str, Any] = cli.ok(*SIMULATE, policy(cli, text), "--json", *more).document
    return document


def changes(document: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    """Return what is not the same: change, customer, rule that would have been, rule that was."""
    return [
        (
            one["change"],
            one["customer"],
            one["would"] and one["would"]["rule"],
            one["did"] and one["did"]["rule"],
        )
        for one in document["hits"]
        if one["change"] != "same"
    ]


def test_the_present_limits_change_nothing(cli: Cli) -> None:
    document = simulated(cli, "")
    assert changes(document) == []
    assert document["policy"]["name"] == document["present"]["name"]
    assert document["totals"]["would"] == document["totals"]["did"] == 10
    assert document["unjudged_weeks"] == []


def test_other_limits_are_laid_beside_what_was_done(cli: Cli) -> None:
    document = simulated(
        cli, "[complaint.block]\ncomplaints = 2\n[hard_bounce.disable]\nsmall_count = 9\n"
    )
    assert changes(document) == [
        ("new", "bakery", "complaint.block", None),
        ("stronger", "club", "hard_bounce.disable", "hard_bounce.warn"),
    ]
    (rule,) = [one for one in document["rules"] if one["rule"] == "hard_bounce.disable"]
    assert (rule["would"], rule["did"], rule["stronger"]) == (1, 0, 1)
    assert [one["week"] for one in document["weeks"]] == ["2026-W47"]
    stronger = document["hits"][-1]
    assert stronger["would"]["at"] == "2026-11-23T00:00:00Z"
    assert "9 of 90 recipients did not exist" in stronger["would"]["reason"]
    assert stronger["did"]["state"] == "requested"


def test_milder_limits_let_people_go(cli: Cli) -> None:
    text = "[hard_bounce.warn]\nsmall_count = 10\n"
    assert changes(simulated(cli, text)) == [("gone", "club", None, "hard_bounce.warn")]


def test_a_rule_on_another_lane_is_judged_there(cli: Cli) -> None:
    text = '[hard_bounce.disable]\nlane = "fast"\nsmall_count = 9\n'
    (found,) = [one for one in simulated(cli, text)["hits"] if one["change"] == "stronger"]
    assert (found["would"]["lane"], found["would"]["at"][:10]) == ("fast", "2026-11-17")


def test_providers_that_report_no_complaints_are_told_apart_anew(cli: Cli) -> None:
    text = (
        '[general]\nno_complaint_feedback = ["mail.example"]\n'
        "[complaint.warn]\nsmall_below = 2\nsmall_count = 1\ncount = 1\n"
    )
    (found,) = [one for one in simulated(cli, text)["hits"] if one["change"] == "new"]
    assert "1 of 1 recipients reported spam" in found["would"]["reason"]


def test_a_person_sees_tables_of_eighty_columns(cli: Cli) -> None:
    file = policy(cli, "[complaint.block]\ncomplaints = 2\n")
    shown = cli.ok(*SIMULATE, file).out
    for words in ("complaint.block", "bakery", "2026-W47", "1 difference about 1 customer."):
        assert words in shown
    assert max(len(line) for line in shown.splitlines() if "─" in line) <= 80
    assert "Nothing would have been different" in cli.ok(*SIMULATE, "policy.toml").out


def test_one_customer_or_some_days_may_be_asked_about(cli: Cli) -> None:
    text = "[complaint.block]\ncomplaints = 2\n"
    assert changes(simulated(cli, text, "--customer", "club")) == []
    assert simulated(cli, text, "--since", "2026-11-22T00:00:00Z")["totals"]["would"] == 1
    before = simulated(cli, text, "--since", "30d", "--until", "2026-11-17T12:00:00Z")
    assert {one["did"]["rule"] for one in before["hits"]} == {"hard_bounce.block"}


def test_a_week_that_nobody_judged_yet_is_named(tmp_path: Path) -> None:
    made = program(tmp_path)
    made.adopt("club.example", "club")
    made.replay(ses.lines(ses.bounce("club.example", one, when(1)) for one in ses.people(9)))
    document = simulated(made, "")
    assert changes(document) == [("new", "club", "hard_bounce.warn", None)]
    assert document["unjudged_weeks"] == ["2026-W47"]
    assert "Not judged yet" in made.ok(*SIMULATE, "policy.toml").out


def _wrong_key(cli: Cli) -> list[str]:
    return [str(policy(cli, "[complaint.warn]\nsmall = 1\n"))]


def _no_file(cli: Cli) -> list[str]:
    return [str(cli.folder / "none.toml")]


def _no_customer(cli: Cli) -> list[str]:
    return ["policy.toml", "--customer", "nobody"]


def _backwards(_cli: Cli) -> list[str]:
    return ["policy.toml", "--since", "2026-11-20", "--until", "2026-11-10"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (_wrong_key, "complaint.warn.small"),
        (_no_file, "no such file"),
        (_no_customer, "no customer 'nobody'"),
        (_backwards, "is not before"),
    ],
    ids=["a wrong key", "no file", "no customer", "backwards"],
)
def test_what_cannot_be_is_refused_in_one_line(
    cli: Cli, arguments: Callable[[Cli], list[str]], words: str
) -> None:
    ran = cli.run(*SIMULATE, *arguments(cli))
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.said
    assert words in line


def test_without_a_database_there_is_nothing_to_look_back_on(tmp_path: Path) -> None:
    made = program(tmp_path)
    ran = made.run(*SIMULATE, "policy.toml")
    assert ran.code == 2
    assert "there is no database" in ran.err
    assert not made.database.exists()
    made.database.touch()
    assert "nothing is stored" in made.run(*SIMULATE, "policy.toml").err
    assert made.database.read_bytes() == b""


def test_an_older_schema_is_not_brought_up(cli: Cli) -> None:
    with sqlite3.connect(cli.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    ran = cli.run(*SIMULATE, "policy.toml")
    assert ran.code == 2
    assert "sesauditd db upgrade" in ran.err


def test_not_a_byte_of_the_database_changes(cli: Cli) -> None:
    before = _bytes(cli)
    simulated(cli, "[complaint.block]\ncomplaints = 1\n")
    assert _bytes(cli) == before
    with sqlite3.connect(cli.database) as connection:
        # As a daemon between two checkpoints: part of what is stored is in the log alone.
        connection.execute("UPDATE customers SET since = 1 WHERE id = 'club'")
        connection.commit()
        before = _bytes(cli)
        simulated(cli, "[complaint.block]\ncomplaints = 1\n")
        assert _bytes(cli) == before
    connection.close()


def test_a_writer_goes_on_meanwhile_and_the_reader_sees_one_state(cli: Cli) -> None:
    with sqlite3.connect(cli.database) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE customers SET since = 1 WHERE id = 'club'")
        assert changes(simulated(cli, "")) == []
        connection.commit()
    connection.close()


def test_a_copy_that_nobody_may_write_can_be_looked_at(cli: Cli) -> None:
    cli.database.chmod(0o400)
    cli.database.parent.chmod(0o500)
    try:
        assert changes(simulated_from(cli, "policy.toml")) == []
    finally:
        cli.database.parent.chmod(0o700)


def simulated_from(cli: Cli, name: str) -> dict[str, Any]:
    """Return the document of a simulation of a shipped policy."""
    document: dict[str, Any] = cli.ok(*SIMULATE, name, "--json").document
    return document


def test_a_customer_whose_mode_is_off_is_left_out(cli: Cli) -> None:
    cli.configure(policy='[policy.customers.club]\nmode = "off"\n')
    document = simulated(cli, "[hard_bounce.disable]\nsmall_count = 9\n")
    assert changes(document) == []
    assert document["left_out"] == ["club"]


def test_verdicts_by_limits_of_the_past_are_counted(cli: Cli) -> None:
    text = "[complaint.block]\ncomplaints = 2\n"
    cli.configure(policy=f'file = "{policy(cli, text)}"\n')
    document = simulated(cli, text)
    assert document["judged_by_other_policies"] == document["totals"]["did"]
    assert changes(document) == [("new", "bakery", "complaint.block", None)]


def _bytes(cli: Cli) -> list[str]:
    files = [cli.database, cli.database.with_name(f"{cli.database.name}-wal")]
    return [
        hashlib.sha256(one.read_bytes()).hexdigest()
        for one in files
        if one.exists() and one.stat().st_size
    ]
