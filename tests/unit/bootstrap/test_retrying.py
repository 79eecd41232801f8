"""What could not be read is read again, and leaves quarantine once it is recorded."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.support.archiving import days
from tests.support.feedback import at, bounce
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

RUBBISH = "\x1b[31mno JSON\nsesauditd: all is well"
FORGED = {
    "Type": "Notification",
    "TopicArn": "arn:aws:sns:eu-west-1:111122223333:else",
    "MessageId": "m",
    "Timestamp": "2026-11-16T10:00:00.000Z",
}


def quarantined(folder: Path) -> Program:
    """Return an installation with rubbish and with a message of a topic that is not ours."""

    async def live() -> None:
        async with days(folder, at()) as one:
            await one.adopt("a.example", "anna")
            told = json.dumps(bounce("gone@y.example", at(), domain="a.example"))
            await one.receive([RUBBISH, {**FORGED, "Message": told}], at(0, 11))
            await one.copy_journal()

    asyncio.run(live())
    return Program(folder)


def test_a_doubted_message_counts_once_an_operator_vouches_for_it(
    tmp_path: Path,
) -> None:
    program = quarantined(tmp_path / "p")
    rows = program.run("quarantine", "list", "--json").json["quarantine"]
    forged = next(one["sha256"] for one in rows if one["reason"].startswith("unverified:"))

    assert program.run("quarantine", "retry", "--json").json["left"] == 1
    refused = program.run("quarantine", "retry", forged[:10])
    assert (refused.code, "--vouch" in refused.err) == (2, True)
    done = program.run("quarantine", "retry", forged[:10], "--vouch", "--json").json
    assert (done["recorded"], done["left"]) == (1, 0)

    assert len(program.run("quarantine", "list", "--json").json["quarantine"]) == 1
    assert [one["state"] for one in program.run("actions", "--json").json["actions"]] == [
        "proposed"
    ]
    assert program.run("db", "verify", "--from", str(tmp_path / "p" / "archive")).code == 0


def test_hostile_text_is_shown_behind_a_bar_and_moves_no_cursor(tmp_path: Path) -> None:
    program = quarantined(tmp_path / "p")
    rows = program.run("quarantine", "list", "--json").json["quarantine"]
    rubbish = next(one["sha256"] for one in rows if not one["reason"].startswith("unverified:"))

    shown = program.run("quarantine", "show", rubbish).out

    assert "\x1b" not in shown
    assert "  | sesauditd: all is well" in shown.splitlines()
    assert program.run("quarantine", "show", "zz").code == 2
