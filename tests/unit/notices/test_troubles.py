"""Every alarm says what to do, in the mail and in the manual."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sesauditd.model.level import Level
from sesauditd.notices.troubles import TROUBLES, UNKNOWN, trouble_of

MANUAL = Path(__file__).parents[3] / "docs" / "operations.md"
NOTICES = {"contact_dead", "blocks_nearly_full"}
"""Rows of the table that are notices of their own, or mail only."""


def alarms() -> list[str]:
    """Return the names in the first column of the manual's table of alarms."""
    table = MANUAL.read_text().partition("| alarm | means | do |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    return [name for cell in cells for name in re.findall("`([a-z_A-Z]+)`", cell)]


def test_every_alarm_of_the_manual_has_a_step_and_a_level() -> None:
    names = [one.replace("NAME", "rollup") for one in alarms()]
    assert len(names) > 15
    unknown = {one for one in names if trouble_of(one) is UNKNOWN}
    assert unknown <= NOTICES


@pytest.mark.parametrize("name", sorted(TROUBLES))
def test_a_step_is_a_sentence(name: str) -> None:
    trouble = TROUBLES[name]
    assert trouble.level in set(Level)
    assert len(trouble.step) > 20
    assert trouble.step[0].isupper()


def test_an_alarm_that_nobody_knows_is_a_warning_with_a_step() -> None:
    assert trouble_of("something_new") is UNKNOWN
    assert trouble_of("job_weekly").level is Level.WARNING
    assert trouble_of("reputation_bounce").level is Level.CRITICAL
