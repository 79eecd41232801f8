"""The database is lost, and made anew from the archive: the same, and nothing acts unasked."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.daemons import TAKEN, VIRUS, stage
from tests.support.roles import policies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"
GONE = "anna@gone.example"
RECOVERING = "recovering"


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


def asked(live: Stage, *arguments: str) -> dict[str, Any]:
    """Run a command that asks AWS, with the rights that docs/iam gives it; return its document."""
    ran = subprocess.run(
        [sys.executable, "-m", "sesauditd", *arguments, "--json"],
        env=live.environment | {"AWS_ACCESS_KEY_ID": RECOVERING},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout, ran.stderr)
    document: dict[str, Any] = json.loads(ran.stdout)
    return document


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Return a stage on which a person may recover what was lost."""
    roles = {RECOVERING: policies("recover")}
    domains = {SHOP: "shop", CLUB: "club"}
    with stage(tmp_path / "p", monkeypatch, domains, roles=roles) as opened:
        yield opened


@pytest.mark.slow
def test_a_lost_database_is_made_anew_and_enforces_after_aws_was_compared(live: Stage) -> None:
    worked(live)
    file = live.folder / "test.db"
    assert asked(live, "db", "verify")["findings"] == []
    before = lost(file)

    made = asked(live, "db", "rebuild")
    assert made["not_played"] == []
    compared = live.run("db", "diff", str(before), str(file), "--json")
    assert compared.json["first"] == []
    assert compared.json["differences"] == 0
    assert live.done("actions", "--verify", "--json").json["whole"]
    read = asked(live, "replay", f"s3://{live.furnished.bucket}/sesauditd")
    assert read["read"] > 0
    assert (read["recorded"], read["quarantined"]) == (0, 0)

    live.forget_calls()
    daemon = live.daemon()
    daemon.until(lambda: daemon.log("reconciled"), "the comparison with AWS")
    daemon.until(lambda: reconciled(live), "word of it")
    assert live.done("status", "--json").json["rebuilt"]["mended"] == 0
    assert [one.operation for one in live.writes() if one.operation != "SendEmail"] == []
    live.mail(SHOP, "carl@gone.example")
    daemon.until(
        lambda: live.actions().get("block_recipient carl@gone.example") == "done", "a new block"
    )
    assert daemon.stop() == 0


@pytest.mark.slow
def test_an_older_copy_put_back_is_not_worked_on_and_a_rebuild_knows_what_came_since(
    live: Stage,
) -> None:
    file, older = live.folder / "test.db", live.folder / "older.db"
    worked(live)
    live.done("db", "backup", str(older))
    daemon = live.daemon().ready()
    live.done("disable", CLUB, "--reason", "asked for it")
    assert live.mail(SHOP, "p9@good.example") == TAKEN
    live.tell()
    daemon.until(lambda: live.queue_depths() == (0, 0), "the queue to be empty")
    daemon.until(lambda: copied(live), "the journal to be in the archive")
    assert daemon.stop() == 0
    before = lost(file)
    live.forget_calls()

    shutil.copyfile(older, file)
    refused = live.daemon()
    assert refused.ended() == 2
    (line,) = refused.said().splitlines()
    assert "older than its archive" in line
    file.unlink()
    assert live.daemon().ended() == 2, "an empty database is older still"
    assert live.writes() == []

    asked(live, "db", "rebuild")
    assert live.run("db", "diff", str(before), str(file), "--json").json["first"] == []
    again = live.daemon()
    again.until(lambda: reconciled(live), "the comparison with AWS")
    assert live.actions()[f"disable_domain {CLUB}"] == "done"
    assert again.stop() == 0


def reconciled(live: Stage) -> bool:
    """Say whether the database says that AWS was compared."""
    told = live.rows(
        "SELECT json_extract(facts, '$.reconciled_at') AS at FROM observations "
        "WHERE name = 'rebuilt'"
    )
    return told[0]["at"] is not None
