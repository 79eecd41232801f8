"""The lists: friendly when empty, one JSON document each, harmless whatever is in them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

import pytest
from rich.cells import cell_len

from sesauditd.cli.events import KINDS
from sesauditd.store import tables
from sesauditd.store.engine import Database
from tests.support import ses
from tests.support.cli import MONDAY, Cli, program
from tests.unit.store_reports.filled import NOW, WEEK, Filling, filling

if TYPE_CHECKING:
    from pathlib import Path

Filler: TypeAlias = Callable[[Filling], Awaitable[None]]

LISTS = ("status", "customers", "domains", "events", "blocks", "actions", "cases")
HOSTILE = "\x1b[2J[red]boom[/red]\u202e\u05e9 \r\n" + "a" * 10_000
FORBIDDEN = "\x1b\r\u202e"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return program(tmp_path / "installed")


def filled(cli: Cli, *fillers: Filler) -> None:
    """Fill the program's database, whose schema its first command makes."""
    cli.ok("customers")

    async def fill() -> None:
        database = Database.open(f"sqlite:///{cli.database}")
        async with filling(database) as transaction:
            for filler in fillers:
                await filler(transaction)
        await database.close()

    asyncio.run(fill())


async def one_of_each(fill: Filling) -> None:
    await fill.source()
    await fill.domain("a.example")
    await fill.domain("b.example", "other")
    await fill.event("a.example", WEEK, "Bounce", "x@y.example", outcome="hard_bounce")
    await fill.event(None, WEEK, "Send", flags="unattributed")
    await fill.rollup("a.example", 60)
    await fill.block("x@y.example")
    await fill.block("lifted@y.example", lifted_at=NOW)
    action = await fill.action(state="waiting", reason="too many bounced")
    await fill.put(
        tables.cases,
        id="case-1",
        customer="k",
        domain="a.example",
        rule="hard_bounce.disable",
        action=action,
        state="opened",
        opened_at=WEEK,
    )


async def hostile_everywhere(fill: Filling) -> None:
    await fill.source(HOSTILE)
    await fill.domain("a.example", "k")
    key = await fill.event("a.example", WEEK, "Bounce", HOSTILE, outcome="hard_bounce")
    del key
    await fill.event(None, WEEK, "Send", HOSTILE, flags="unattributed")
    await fill.block(HOSTILE)
    action = await fill.action(state="waiting", reason=HOSTILE, outcome=HOSTILE)
    await fill.verdict(NOW, reason=HOSTILE, mode="shadow")
    await fill.put(
        tables.cases,
        id="case-1",
        customer="k",
        domain="a.example",
        rule="operator",
        action=action,
        state="explained",
        opened_at=WEEK,
        explanation=HOSTILE,
    )
    await fill.put(
        tables.quarantine,
        sha256=bytes(32),
        received_at=NOW,
        reason=HOSTILE,
        body=HOSTILE.encode(),
        archive_object=1,
        line=1,
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("status", "No customers yet: sesauditd adopt"),
        ("customers", "No customers yet: sesauditd adopt"),
        ("domains", "No customers yet: sesauditd adopt"),
        ("events", "No events: sesauditd replay"),
        ("blocks", "Nobody is blocked."),
        ("actions", "No actions"),
        ("cases", "No cases"),
    ],
)
def test_an_empty_database_is_met_with_a_friendly_word(cli: Cli, command: str, said: str) -> None:
    ran = cli.run(command)
    assert (ran.code, ran.said) == (0, [])
    assert said in ran.out


def test_nothing_in_quarantine_is_good_news(cli: Cli) -> None:
    assert "everything could be read" in cli.ok("events", "--quarantined").out


@pytest.mark.parametrize("command", [one for one in LISTS if one != "status"])
def test_an_empty_list_is_an_object_with_an_empty_list(cli: Cli, command: str) -> None:
    assert cli.ok(command, "--json").document == {command: []}
    assert cli.ok("events", "--quarantined", "--json").document == {"quarantined": []}


@pytest.mark.parametrize("command", LISTS)
def test_a_list_fits_80_columns(cli: Cli, command: str) -> None:
    filled(cli, one_of_each)
    ran = cli.run(command)
    assert (ran.code, ran.said) == (0, [])
    assert max(cell_len(line) for line in ran.out.splitlines()) <= 80
    assert "a.example" in ran.out or "x@y.example" in ran.out or "k" in ran.out


@pytest.mark.parametrize("command", [*LISTS, "events --quarantined", "events --unattributed"])
def test_hostile_text_is_shown_and_not_obeyed(cli: Cli, command: str) -> None:
    filled(cli, hostile_everywhere)
    ran = cli.run(*command.split())
    assert ran.code == 0
    assert not set(FORBIDDEN) & set(ran.out)
    assert max(cell_len(line) for line in ran.out.splitlines()) <= 80
    assert len(ran.out) < 8000
    document = cli.ok(*command.split(), "--json").document
    assert isinstance(document, dict)


def test_markup_is_shown_as_it_was_written(cli: Cli) -> None:
    filled(cli, hostile_everywhere)
    shown = cli.ok("events", "--quarantined").out.replace("\n", " ")
    assert "[red]boom" in " ".join(shown.split())


def test_rows_have_these_keys(cli: Cli) -> None:
    filled(cli, one_of_each)
    assert list(cli.rows("customers")[0]) == [
        "customer",
        "since",
        "registered_at",
        "domains",
        "mailed_by_week",
    ]
    assert list(cli.rows("domains")[0]) == [
        "domain",
        "customer",
        "state",
        "waits_for",
        "contact",
        "iam_users",
        "tenant",
        "registered_at",
        "closed_at",
    ]
    assert list(cli.rows("blocks")[0])[:4] == ["recipient", "customer", "domain", "rule"]
    assert list(cli.rows("actions")[0])[:4] == ["id", "action", "state", "customer"]
    assert list(cli.rows("cases")[0])[:4] == ["id", "customer", "domain", "rule"]
    assert list(cli.rows("events")[0])[:4] == ["event", "at", "received_at", "kind"]


def test_the_same_database_gives_the_same_document(cli: Cli) -> None:
    filled(cli, one_of_each)
    for command in LISTS:
        assert cli.ok(command, "--json").out == cli.ok(command, "--json").out


def test_lifted_blocks_are_listed_when_asked_for(cli: Cli) -> None:
    filled(cli, one_of_each)
    assert [one["recipient"] for one in cli.rows("blocks")] == ["x@y.example"]
    assert len(cli.rows("blocks", "--all")) == 2
    assert "lifted 2026-11-23" in cli.ok("blocks", "--all").out


def test_a_long_list_is_cut_in_a_table_and_whole_in_json(cli: Cli) -> None:
    async def many(fill: Filling) -> None:
        await fill.domain("a.example")
        for number in range(205):
            await fill.block(f"r{number:03d}@y.example")

    filled(cli, many)
    shown = cli.ok("blocks").out
    assert "r199@" in shown
    assert "r200@" not in shown
    assert "... and 5 more: add --json to see all." in shown
    assert len(cli.rows("blocks")) == 205


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ((), 4),
        (("--domain", "A.example"), 3),
        (("--kind", "bounce"), 1),
        (("--kind", "Send"), 2),
        (("--since", "2026-11-16T00:02:00Z"), 2),
        (("--limit", "1"), 1),
        (("--unattributed",), 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_events_are_chosen_by_options(cli: Cli, options: tuple[str, ...], number: int) -> None:
    async def four(fill: Filling) -> None:
        await fill.source()
        await fill.domain("a.example")
        await fill.event("a.example", WEEK, "Send", "x@y.example")
        await fill.event("a.example", WEEK + MINUTE, "Delivery", "x@y.example")
        await fill.event("a.example", WEEK + 2 * MINUTE, "Bounce", "x@y.example")
        await fill.event(None, WEEK + 3 * MINUTE, "Send")

    filled(cli, four)
    assert len(cli.rows("events", *options)) == number


def test_a_full_page_says_that_there_may_be_more(cli: Cli) -> None:
    filled(cli, one_of_each)
    ran = cli.run("events", "--limit", "1")
    assert ran.said == ["The newest 1; --limit 10 shows more."]
    assert cli.run("events").said == []


def test_many_recipients_are_counted(cli: Cli) -> None:
    async def to_many(fill: Filling) -> None:
        await fill.source()
        await fill.domain("a.example")
        await fill.event("a.example", WEEK, "Send", *(f"r{one}@y.example" for one in range(9)))

    filled(cli, to_many)
    shown = cli.ok("events").out
    assert "6 more" in " ".join(shown.split())
    assert len(cli.rows("events")[0]["recipients"]) == 9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kind", "Bonce"), "none of SES's events: Bounce"),
        (("--kind", "zzz"), ", ".join(KINDS)),
        (("--domain", "nobody.example"), "'nobody.example' is not a registered domain"),
        (("--domain", "a@b"), "is not a domain"),
        (("--limit", "0"), "--limit"),
        (("--since", "yesterday"), "is no time"),
        (("--unattributed", "--domain", "a.example"), "leave --domain out"),
        (("--quarantined", "--kind", "Send"), "--quarantined goes with"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_option_is_one_line(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    ran = cli.run("events", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.said) == 1
    assert said in ran.said[0]


def test_quarantine_names_reason_source_line_and_beginning(cli: Cli) -> None:
    cli.replay(["garbage " * 30, "{}"], "bad.jsonl")
    rows = cli.rows("events", "--quarantined")
    assert {one["line"] for one in rows} == {1, 2}
    first = next(one for one in rows if one["line"] == 1)
    assert first["source"].endswith("bad.jsonl")
    assert first["body"] == "garbage " * 10
    assert "JSON" in first["reason"]
    assert "garbage" in cli.ok("events", "--quarantined").out


async def a_waiting_action(fill: Filling) -> None:
    await fill.domain("a.example")
    await fill.action(id="abc123abc123", state="waiting", outcome="terminations are confirmed")


def test_an_action_that_waits_is_approved_by_its_id(cli: Cli) -> None:
    filled(cli, a_waiting_action)
    shown = cli.ok("actions").out
    assert "abc123abc123" in shown
    assert "terminations are confirmed" in " ".join(shown.split())
    ran = cli.run("actions", "approve", "abc123abc123")
    assert ran.code == 4
    assert "Recorded: approve abc123abc123." in ran.out
    assert "waits for the daemon" in ran.err
    (row,) = cli.rows("actions")
    assert (row["state"], row["approved"]) == ("requested", True)


def test_an_approval_is_a_document_too(cli: Cli) -> None:
    filled(cli, a_waiting_action)
    assert cli.ok("actions", "approve", "abc123abc123", "--json").document == {
        "decision": "approve",
        "subject": "abc123abc123",
        "requested": ["abc123abc123"],
        "cancelled": [],
        "actions": [
            {
                "id": "abc123abc123",
                "kind": "disable_domain",
                "state": "requested",
                "outcome": None,
            }
        ],
    }


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("nothing", 2, "there is no action nothing"), ("abc123abc123", 1, "is requested")],
    ids=["unknown", "approved-already"],
)
def test_what_cannot_be_approved_is_one_line(cli: Cli, name: str, code: int, said: str) -> None:
    filled(cli, a_waiting_action)
    cli.ok("actions", "approve", "abc123abc123")
    ran = cli.run("actions", "approve", name)
    assert ran.code == code
    assert len(ran.said) == 1
    assert said in ran.said[0]


def test_status_tells_the_morning(cli: Cli) -> None:
    filled(cli, one_of_each)
    shown = cli.ok("status").out
    for part in (
        "enforce: verdicts are carried out",
        "2026-11-16 00:00 UTC",
        "no week yet: sesauditd enforce",
        "Quarantine    empty",
        "1 of no registered domain",
        "Actions that are not done: 1 waiting",
        "Approve with: sesauditd actions approve",
        "disable waiting",
        "Customers, by the last 90 days",
    ):
        assert part in shown, part


def test_an_ordinary_morning_fits_the_screen_of_a_terminal(cli: Cli) -> None:
    async def many_customers(fill: Filling) -> None:
        for number in range(40):
            await fill.domain(f"d{number}.example", f"customer-number-{number}")

    filled(cli, many_customers)
    lines = cli.ok("status").out.splitlines()
    assert len(lines) <= 23
    assert max(map(cell_len, lines)) <= 80
    assert lines[0].endswith("wrong.")
    assert "... and 34 more, who cost the account less: sesauditd report" in lines


def test_status_has_one_document(cli: Cli) -> None:
    filled(cli, one_of_each)
    document = cli.ok("status", "--json").document
    assert list(document) == [
        "mode",
        "daemon",
        "reputation",
        "newest_event_at",
        "last_judged_week",
        "quarantined",
        "unattributed",
        "journal_length",
        "pending",
        "actions",
        "shadow_verdicts",
        "domains",
        "customers",
        "tasks",
        "rebuilt",
    ]
    assert [one["urgency"] for one in document["tasks"]] == ["wrong", "waits", "tidy"]
    assert document["pending"] == {"waiting": 1}
    # No daemon asked AWS: that is not known, and not 0.
    assert document["reputation"] is None
    (k, other) = document["customers"]
    assert (k["customer"], k["grade"], k["mailed"]) == ("k", "A", 60)
    assert (other["customer"], other["grade"], other["score"]) == ("other", None, None)


def test_shadow_mode_shows_what_would_have_been_done(tmp_path: Path) -> None:
    cli = program(tmp_path / "shadow", mode="shadow")
    cli.adopt("club.example", "club")
    start = MONDAY - timedelta(days=5)
    people = [f"p{number}@there.example" for number in range(60)]
    cli.replay(
        ses.lines(
            [
                *ses.sends("club.example", people, start),
                *(ses.bounce("club.example", one, start + MINUTE) for one in people[:20]),
            ]
        )
    )
    cli.ok("enforce")
    shown = cli.ok("status").out
    assert "nothing is done to anybody until sesauditd arm" in shown
    assert "Would have been done in the last 30 days: 20 blocks, and 1 harder" in shown
    assert "hard_bounce.disable" in shown
    assert "disable shadow" in shown
    cli.ok("arm", "club", "--yes")
    document = cli.ok("status", "--json").document
    assert document["mode"] == "shadow"
    assert document["customers"][0]["mode"] == "enforce"
    assert len(document["shadow_verdicts"]) == 21


@pytest.mark.parametrize("command", [*LISTS, "report"])
def test_a_missing_database_folder_is_one_line(tmp_path: Path, command: str) -> None:
    cli = program(tmp_path / "installed")
    cli.config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/nowhere/x.db"\n')
    ran = cli.run(command)
    assert (ran.code, ran.out, len(ran.said)) == (2, "", 1)
    assert "nowhere" in ran.said[0]


def test_status_counts_what_it_has_no_room_for(cli: Cli) -> None:
    async def a_bad_morning(fill: Filling) -> None:
        await fill.domain("a.example")
        for _ in range(25):
            await fill.action(state="waiting")
        for number in range(3):
            await fill.block(f"r{number}@y.example", "proposed")

    filled(cli, a_bad_morning)
    shown = cli.ok("status").out
    assert "Actions that are not done: 3 proposed, 25 waiting" in shown
    assert "... and 20 more: sesauditd actions" in shown
    assert "3 of them are blocks of one recipient." in shown


def test_status_offers_a_block_for_approval_where_nothing_else_waits(cli: Cli) -> None:
    async def a_block(fill: Filling) -> None:
        await fill.domain("a.example")
        await fill.block("x@y.example", "proposed")

    filled(cli, a_block)
    (row,) = cli.rows("actions")
    shown = cli.ok("status").out
    assert f"Approve with: sesauditd actions approve {row['id']}" in shown
    assert "Who and why" not in shown
