"""`status` shows how the account stands with AWS, and whether messages are taken in now."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from sesauditd.store.columns import EPOCH, MICROSECOND
from tests.support.cli import MONDAY, Cli, program

if TYPE_CHECKING:
    from pathlib import Path

WHY = "S3 PutObject: SlowDown"
SINCE = "2026-11-23T02:59:00Z"
TALLY = {"days": 28, "mailed": 20_000, "hard_bounces": 200, "feeding_back": 9, "complaints": 0}
MOMENT = (MONDAY - EPOCH) // MICROSECOND


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    installed = program(tmp_path / "installed")
    installed.adopt("a.example", "k")
    with sqlite3.connect(installed.database, timeout=30) as connection:
        for name, facts in (
            ("intake", {"paused": WHY, "since": SINCE}),
            ("canary", {"sent_at": SINCE, "said": f"came back after 7 s, sent at {SINCE}"}),
        ):
            row = (name, json.dumps(facts), MOMENT)
            connection.execute("insert into observations (name, facts, at) values (?, ?, ?)", row)
        poll = (MOMENT, 0.061, None, None, 0, json.dumps([TALLY]), None)
        connection.execute("insert into reputation_polls values (?, ?, ?, ?, ?, ?, ?)", poll)
    return installed


def test_a_paused_intake_is_shown_while_the_daemon_lives(cli: Cli) -> None:
    assert "PAUSED" not in cli.ok("status").out
    with sqlite3.connect(cli.database, timeout=30) as connection:
        connection.execute("insert into leases values ('daemon', 'test', ?)", (MOMENT,))
    shown = cli.ok("status").out
    assert f"Intake        PAUSED since {SINCE}: {WHY}" in shown
    document = cli.ok("status", "--json").document
    assert document["daemon"]["intake"] == {"paused": WHY, "since": SINCE}


def test_awss_rates_stand_beside_ours_and_what_is_not_known_is_said(cli: Cli) -> None:
    shown = cli.ok("status").out
    assert "Bounces       AWS's 6.1 %, ours 1.0 % of 20,000; review at 5 %, pause at 10 %" in shown
    assert "Complaints    AWS's not known, ours 0.0 % of 9" in shown
    assert f"Canary        came back after 7 s, sent at {SINCE}" in shown
    document = cli.ok("status", "--json").document
    assert document["reputation"]["bounces"]["aws_percent"] == 6.1
    assert document["reputation"]["complaints"]["aws_percent"] is None
    assert document["customers"][0]["of_account"]["hard_bounces"]["share_percent"] == 0.0


def test_the_report_has_the_same_rates(cli: Cli) -> None:
    assert "AWS's own rates, beside ours" in cli.ok("report").out
    document = cli.ok("report", "--json").document
    assert document["account"]["reputation"]["bounces"]["of_review_percent"] == 122.0
