"""What people were told is listed, previewed, sent again by decision, and every road tried."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.notice import NoticeKind
from sesauditd.notices import samples
from sesauditd.store import notices, tables
from sesauditd.store.engine import Database
from tests.support.cli import MONDAY, Cli, program
from tests.support.sweeps import sampled

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.model.notice import Notice

TERMINATED = samples.notice(NoticeKind.TERMINATED)
DONE = samples.notice(NoticeKind.ACTION_DONE)
TOOK = f'command = ["{sys.executable}", "-c", "pass"]'
REFUSED = f'command = ["{sys.executable}", "-c", "raise SystemExit(3)"]'


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return program(tmp_path / "installed")


def keep(cli: Cli, *asked: Notice, **changes: Any) -> None:
    """Store notices as they would stand after some time."""
    cli.adopt("shop.example", "bakery")

    async def fill() -> None:
        database = Database.open(f"sqlite:///{cli.database}")
        async with database.write() as connection:
            for one in asked:
                await notices.request(connection, one, MONDAY)
                row = tables.notices.c.id == one.id
                await connection.execute(tables.notices.update().where(row).values(**changes))
        await database.close()

    asyncio.run(fill())


def journal(cli: Cli) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        database = Database.open(f"sqlite:///{cli.database}")
        async with database.read() as connection:
            rows = (await connection.execute(tables.journal.select())).mappings()
            found = [dict(row) for row in rows if row["kind"] == "resend_notice"]
        await database.close()
        return found

    return asyncio.run(read())


def test_notices_are_listed_with_what_became_of_them(cli: Cli) -> None:
    keep(cli, TERMINATED, state="unknown", outcome="the answer was lost", attempts=1)
    listed = cli.ok("notices").out
    assert TERMINATED.id in listed
    assert "unknown:" in listed
    (row,) = cli.ok("notices", "--state", "unknown", "--json").document["notices"]
    assert (row["id"], row["kind"], row["level"]) == (TERMINATED.id, "terminated", "critical")
    assert (row["state"], row["outcome"]) == ("unknown", "the answer was lost")
    assert row["subject"] == "You can no longer send mail through our server"
    assert cli.ok("notices", "--state", "sent", "--json").document == {"notices": [], "alerts": []}
    assert max(len(line) for line in listed.splitlines()) <= 80


def test_nothing_and_no_such_state_are_said_in_a_line(cli: Cli) -> None:
    assert cli.ok("notices").out == "No notices yet.\n"
    refused = cli.run("notices", "--state", "gone")
    assert refused.code == 2
    assert "undeliverable" in refused.err


@pytest.mark.parametrize("kind", sampled(NoticeKind, 2))
def test_each_kind_is_previewed_and_marked_as_made_up(cli: Cli, kind: NoticeKind) -> None:
    shown = cli.ok("notices", "preview", str(kind)).out
    assert shown.startswith("PREVIEW: made-up values, nothing is sent.\n")
    assert "\nSubject: " in shown


def test_all_kinds_are_previewed_at_once_and_as_pages(cli: Cli) -> None:
    every = cli.ok("notices", "preview", "--all", "--text").out
    assert every.count("PREVIEW: made-up values") == len(NoticeKind)
    page = cli.ok("notices", "preview", "disabled", "--html").out
    assert page.startswith("<!-- PREVIEW")
    assert "<!doctype html>" in page


@pytest.mark.parametrize(
    "words", [("preview",), ("preview", "disabled", "--all"), ("preview", "no-such-thing")]
)
def test_what_can_be_previewed_is_said(cli: Cli, words: tuple[str, ...]) -> None:
    refused = cli.run("notices", *words)
    assert refused.code == 2
    assert "disabled" in refused.err


def test_a_stored_notice_is_shown_as_its_reader_got_it(cli: Cli) -> None:
    keep(cli, DONE, state="sent")
    shown = cli.ok("notices", "preview", DONE.id[:8]).out
    assert shown.startswith("PREVIEW of a stored notice, state sent: nothing is sent.\n")
    assert "Disabled: shop.example" in shown


@pytest.mark.parametrize("state", ["unknown", "failed", "undeliverable"])
def test_an_operator_may_send_again_what_did_not_surely_arrive(cli: Cli, state: str) -> None:
    keep(cli, TERMINATED, state=state, outcome="lost", attempts=48)
    again = cli.ok("notices", "resend", TERMINATED.id, "--reason", "she never got it")
    assert f"was {state}" in again.out
    (row,) = cli.ok("notices", "--json").document["notices"]
    assert (row["state"], row["attempts"], row["due_at"]) == ("requested", 0, None)
    (kept,) = journal(cli)
    assert kept["subject"] == TERMINATED.id
    assert kept["facts"]["was"] == state
    assert kept["facts"]["reason"] == "she never got it"
    assert cli.ok("actions", "--verify").code == 0


@pytest.mark.parametrize(
    ("state", "why"),
    [
        pytest.param("sent", "it was sent", id="sent"),
        pytest.param("requested", "it waits to be sent already", id="waiting"),
        pytest.param("attempted", "it is being sent just now", id="in hand"),
        pytest.param("folded", "within a digest", id="folded"),
    ],
)
def test_what_needs_no_decision_is_not_sent_again(cli: Cli, state: str, why: str) -> None:
    keep(cli, TERMINATED, state=state)
    refused = cli.run("notices", "resend", TERMINATED.id, "--reason", "x")
    assert refused.code == 2
    assert why in refused.err
    assert journal(cli) == []


def test_a_notice_that_is_not_there_cannot_be_sent_again(cli: Cli) -> None:
    missing = cli.run("notices", "resend", "0123", "--reason", "x")
    assert missing.code == 1
    assert "see sesauditd notices" in missing.err


def test_every_road_is_tried_and_one_that_fails_ends_with_1(cli: Cli) -> None:
    hook = 'webhook = "http://127.0.0.1:9/secret"'
    cli.configure(rest=f"[alerts]\n{TOOK}\ncommand_from = 'critical'\n{hook}")
    tried = cli.run("notices", "test", "--json")
    assert tried.code == 1
    document = json.loads(tried.out)
    assert [(one["road"], one["taken"]) for one in document["roads"]] == [
        ("command", True),
        ("webhook", False),
    ]
    assert "secret" not in tried.out + tried.err
    table = cli.run("notices", "test").out
    assert "FAILED" in table
    assert "taken" in table


def test_roads_that_take_it_end_with_0(cli: Cli) -> None:
    cli.configure(rest=f"[alerts]\n{TOOK}")
    assert cli.run("notices", "test").code == 0
    cli.configure(rest=f"[alerts]\n{REFUSED}")
    assert cli.run("notices", "test").code == 1


def test_mail_is_a_road_too(cli: Cli) -> None:
    cli.configure(rest='[notices]\nfrom = "a@host.example"\noperators = ["b@host.example"]')
    tried = cli.run("notices", "test", "--json")
    assert tried.code == 1
    (road,) = json.loads(tried.out)["roads"]
    assert (road["road"], road["failure"]) == (
        "mail to 1 operator",
        "set aws.region and aws.account_id",
    )


def test_without_any_road_it_is_said_what_to_set(cli: Cli) -> None:
    refused = cli.run("notices", "test")
    assert refused.code == 2
    assert "alerts.webhook" in refused.err


def test_without_apprise_it_is_said_what_to_install(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    cli.configure(rest='[alerts]\napprise = ["ntfy://secret"]')
    refused = cli.run("notices", "test")
    assert refused.code == 2
    assert "pip install 'sesauditd[alerts]'" in refused.err
    assert "secret" not in refused.err
