"""Killed between the work and its mark, the next start does what is left, each effect once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sesauditd.store.tables import actions, periods, verdicts
from tests.support.running import running
from tests.unit.jobs.test_table import (
    documents,
    three_bad_weeks,
    weekly_verdicts,
)

ROOT = Path(__file__).parents[3]


def ticked(folder: Path, failpoint: str = "") -> int:
    """Run the jobs once in a process of their own; return how it ended."""
    command = [sys.executable, "-m", "tests.unit.jobs.crashing", str(folder)]
    environment = {**os.environ, "SESAUDITD_FAILPOINT": failpoint}
    return subprocess.run(
        command, env=environment, cwd=ROOT, check=False, capture_output=True, timeout=60
    ).returncode


@pytest.mark.parametrize("failpoint", ["jobs.rolled_up:3", "jobs.enforced:1", "jobs.enforced:3"])
async def test_a_kill_between_work_and_mark_only_repeats(tmp_path: Path, failpoint: str) -> None:
    async with running(tmp_path / "p") as program:
        await program.adopt()
        await program.feed(three_bad_weeks())
    assert ticked(tmp_path / "p", failpoint) == -signal.SIGKILL
    assert ticked(tmp_path / "p") == 0
    async with running(tmp_path / "p") as program:
        weeks = [row for row in await documents(program, periods) if row["job"] == "weekly"]
        assert [row["period"] for row in weeks] == ["2026-W45", "2026-W46", "2026-W47"]
        assert [end for _, end in await weekly_verdicts(program)] == [
            "2026-11-09",
            "2026-11-16",
            "2026-11-23",
        ]
        keys = [row["key"] for row in await documents(program, verdicts)]
        assert len(keys) == len(set(keys))
        kinds = [row["kind"] for row in await documents(program, actions)]
        assert kinds.count("disable_domain") == 1
