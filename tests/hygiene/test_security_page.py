"""The page about security names tests that exist, and every library is locked by its hashes."""

from __future__ import annotations

import re

import pytest

from tests.hygiene.test_faults_page import ROOT, TEST, missing_in

PAGE = ROOT / "docs" / "security.md"
LOCKS = sorted(one.name for one in ROOT.glob("requirements*.txt"))
ADVERSARIES = 8


def rows() -> list[str]:
    """Return every row of every table, without the heads."""
    lines = PAGE.read_text().splitlines()
    return [
        line
        for line, below in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("| ") and not line.startswith("| ---") and not below.startswith("| ---")
    ]


def test_every_test_that_is_named_exists() -> None:
    assert missing_in(PAGE.read_text()) == []


def test_every_row_names_a_test_or_says_what_is_left() -> None:
    assert len(rows()) > 5 * ADVERSARIES
    assert [one for one in rows() if not TEST.search(one) and "residual: " not in one] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_library_of_every_lock_has_its_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    named = [one for one in text.splitlines() if re.match(r"[A-Za-z0-9]", one)]
    assert named
    assert [one for one in named if "==" not in one or "--hash=sha256:" not in one] == []
