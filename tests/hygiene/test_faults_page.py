"""The page about faults names tests that exist, and leaves no fault out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
FAULTS = 60
ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def test_every_fault_has_a_row() -> None:
    assert list(map(int, ROW.findall(PAGE.read_text()))) == list(range(1, FAULTS + 1))


def test_every_test_that_is_named_exists() -> None:
    text = PAGE.read_text()
    assert len(TEST.findall(text)) > FAULTS
    assert missing_in(text) == []


def missing_in(text: str) -> list[str]:
    """Return the tests that a page names and that do not exist."""
    return [
        f"{file}::{name}"
        for file, name in TEST.findall(text)
        if not (ROOT / file).is_file()
        or not re.search(rf"def {name or '.*'}\(", (ROOT / file).read_text())
    ]


def test_a_row_without_a_test_says_why() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if ROW.match(line)]
    assert [line for line in rows if not TEST.search(line) and "not tested" not in line] == []
