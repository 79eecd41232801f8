"""The database is lost, and made anew from the archive: the same, and nothing acts unasked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.daemons import TAKEN, VIRUS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"
GONE = "anna@gone.example"


def worked(live: Stage) -> None:
    """Have a daemon record mail, act on it, and carry out what an operator decides."""
    live.mailboxes({"address": "*@gone.example", "answer": "hard"})
    daemon = live.daemon()
    for number in range(4):
        assert live.mail(SHOP, f"p{number}@good.example") == TAKEN
    assert live.mail(SHOP, GONE, "bert@gone.example") == TAKEN
    assert live.mail(CLUB, "p1@good.example", attachment=VIRUS) == TAKEN
    live.tell()
    daemon.until(lambda: live.actions().get(f"disable_domain {CLUB}") == "done", "the disable")
    daemon.until(lambda: live.actions().get(f"block_recipient {GONE}") == "done", "the block")
    live.done("block", "p3@good.example", "--domain", SHOP, "--reason", "asked for it")
    live.done("unblock", GONE, "--domain", SHOP, "--reason", "a new mailbox")
    live.done("reinstate", CLUB, "--explanation", "the virus is gone")
    daemon.until(lambda: copied(live), "the journal to be in the archive")
    assert daemon.stop() == 0


def copied(live: Stage) -> bool:
    """Say whether every row of the journal is in the archive, and nothing is under way."""
    rows = live.rows(
        "SELECT (SELECT max(sequence) FROM journal) AS last, (SELECT "
        "json_extract(facts, '$.sequence') FROM observations WHERE name = 'journal_copied') AS kept"
    )
    open_ = live.rows("SELECT id FROM actions WHERE state IN ('requested', 'attempted')")
    return rows[0]["last"] == rows[0]["kept"] and not open_


def lost(file: Path) -> Path:
    """Take the database away, whole, for the comparison."""
    aside = file.with_name("lost.db")
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.rename(aside)
    return aside


@pytest.mark.slow
def test_a_lost_database_is_made_anew_and_enforces_after_aws_was_compared(live: Stage) -> None:
    worked(live)
    file = live.folder / "test.db"
    before = lost(file)

    made = live.done("db", "rebuild", "--json").json
    assert made["not_played"] == []
    compared = live.run("db", "diff", str(before), str(file), "--json")
    assert compared.json["first"] == []
    assert compared.json["differences"] == 0
    assert live.done("actions", "--verify", "--json").json["whole"]
