"""One byte that changed, in store or archive, is found and its place is named."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path


def verified(folder: Path, code: int) -> dict[str, Any]:
    """Verify an installation and return the document."""
    ran = Program(folder).run("db", "verify", "--from", str(folder / "archive"), "--json")
    assert ran.code == code, (ran.out, ran.err)
    document: dict[str, Any] = ran.json
    return document


def places(folder: Path) -> list[str]:
    """Return what a verification of a damaged installation finds."""
    return [one["what"] for one in verified(folder, 1)["findings"]]


def changed(folder: Path, statement: str) -> None:
    """Change the database by another hand."""
    with closing(sqlite3.connect(folder / "test.db", isolation_level=None)) as opened:
        assert opened.execute(statement).rowcount == 1


def test_an_installation_that_nobody_touched_is_whole(lost: Path) -> None:
    found = verified(lost, 0)

    assert found["whole"]
    assert found["rows"] > 500
    assert found["findings"] == []
    assert (
        "all as written" in Program(lost).run("db", "verify", "--from", str(lost / "archive")).out
    )


ONE = "WHERE {} = (SELECT key FROM events WHERE kind = 'Bounce' ORDER BY key LIMIT 1 OFFSET {})"
CHANGES = (
    ("UPDATE events SET sha256 = randomblob(32) {}", "(sha256)"),
    ("UPDATE events SET identity = identity || 'x' {}", "(identity)"),
    ("UPDATE events SET at = at + 1 {}", "(at)"),
    ("UPDATE events SET domain = NULL {}", "(domain)"),
    ("UPDATE event_recipients SET status = '5.1.2' {}", "(recipients)"),
    ("UPDATE events SET line = line + 1 {}", "says that it is of line"),
    ("UPDATE quarantine SET body = 'no JSON?'", "quarantine: row"),
    ("UPDATE journal SET actor = 'nobody' WHERE sequence = 2", "journal: row 2 changed"),
    (
        "UPDATE verdicts SET reason = '' WHERE key = (SELECT min(key) FROM verdicts)",
        "verdicts: row",
    ),
    ("DELETE FROM event_recipients {}", "(recipients)"),
)


def test_each_row_that_another_hand_changed_is_named(lost: Path) -> None:
    for number, (statement, _) in enumerate(CHANGES):
        column = "event" if "event_recipients" in statement else "key"
        changed(lost, statement.format(ONE.format(column, number)))

    found = places(lost)

    assert [said for _, said in CHANGES if not any(said in one for one in found)] == []


def test_a_row_that_is_gone_is_named_by_its_line(lost: Path) -> None:
    changed(lost, "DELETE FROM events WHERE key = (SELECT min(key) FROM events)")

    assert [one for one in places(lost) if one.endswith("is missing in the store")]


def test_a_flipped_bit_in_an_object_is_found_whatever_it_hits(lost: Path) -> None:
    chosen = sorted((lost / "archive" / "raw").rglob("*.gz"))[:3]
    for file, position in zip(chosen, (3, 500, -1), strict=True):
        body = bytearray(file.read_bytes())
        body[position] ^= 1
        file.write_bytes(body)

    found = places(lost)

    assert all(any(file.name in one and "changed" in one for one in found) for file in chosen)


def test_an_object_that_is_gone_or_was_written_anew_is_found(lost: Path) -> None:
    first, second = sorted((lost / "archive" / "raw").rglob("*.gz"))[:2]
    first.unlink()
    text = gzip.decompress(second.read_bytes()).replace(b"Permanent", b"Transient", 1)
    second.write_bytes(gzip.compress(text))

    found = places(lost)

    assert any(first.name in one and "missing" in one for one in found)
    assert any(second.name in one and "changed" in one for one in found)


def test_a_journal_that_is_cut_off_is_missed_in_the_archive_and_in_the_store(lost: Path) -> None:
    newest = max(
        (lost / "archive" / "journal").rglob("*.jsonl"),
        key=lambda one: int(one.name.split("-")[0]),
    )
    shutil.move(newest, lost / "aside.jsonl")
    assert verified(lost, 0)["whole"]
    shutil.move(lost / "aside.jsonl", newest)
    changed(lost, "DELETE FROM journal WHERE sequence = (SELECT max(sequence) FROM journal)")

    assert any("is in the archive and not in the store" in one for one in places(lost))
