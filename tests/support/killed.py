"""The program in real processes that are killed where a failpoint says, and a list of these."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.cli import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.accounts import Stood
    from tests.support.cli import Cli

REACHED = "REACHED_FAILPOINTS"
SOURCES = ROOT / "sesauditd"
_POINT = re.compile(r'\breach\("([a-z_.]+)"\)')
_PROGRAM = f"""
import os, sys
from sesauditd.aws import clients, pace
from sesauditd.daemon import failpoint
clients.steady_pace = lambda: pace.Pace(per_second=1e6, burst=100)
reach, told = failpoint.reach, os.environ.get("{REACHED}")
def reported(name):
    if told:
        with open(told, "a") as file:
            file.write(name + "\\n")
    reach(name)
failpoint.reach = reported
from sesauditd.cli.main import main
sys.exit(main())
"""
"""The program without the waits for SES's pace, writing down which points it reaches."""


@dataclass(frozen=True, slots=True)
class Processes:
    """Commands as processes of their own, each under its documented role."""

    cli: Cli
    place: Stood

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Start one; the caller holds its role, and ends it."""
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
            cwd=self.cli.folder,
            env={**self.cli.surroundings, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str | Path, **environment: str) -> tuple[int, str]:
        """Run one to its end, and return its code and what it said on standard error."""
        with self.place.running(*map(str, arguments)):
            process = self.start(*arguments, **environment)
            _, said = process.communicate(timeout=300)
        return process.returncode, said

    def kill_at(self, point: str, nth: int, *arguments: str | Path) -> None:
        """Run one that has to die at the n-th time that it reaches a point."""
        code, said = self.run(*arguments, SESAUDITD_FAILPOINT=f"{point}:{nth}")
        assert code == -signal.SIGKILL, f"{point}:{nth} was never reached: {code} {said}"

    def reached(self, file: Path, *arguments: str | Path) -> Mapping[str, int]:
        """Run one to its end, and return how often it reached each point."""
        code, said = self.run(*arguments, **{REACHED: str(file)})
        assert code == 0, said
        return Counter(file.read_text().split())


def points(*modules: str) -> set[str]:
    """Return every failpoint in the source of these parts of the program."""
    files = [file for one in modules for file in (SOURCES / one).rglob("*.py")]
    return {name for file in files for name in _POINT.findall(file.read_text())}
