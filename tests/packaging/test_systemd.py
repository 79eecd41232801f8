"""The unit is one that systemd takes, and shuts the daemon in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "sesauditd.service"
PROGRAM = "/opt/sesauditd/bin/sesauditd"
MOST_EXPOSED = 1.5
"""Of 10; a bare unit has 9.6, systemd-timesyncd 2.3."""
GRACE_SECONDS = 30

analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


def setting(name: str) -> str:
    """Return the one value that the unit gives to a setting."""
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    return str(value)


def asked(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze, which needs no systemd that runs."""
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False
    )


@analyze
def test_systemd_takes_every_line_of_the_unit(tmp_path: Path) -> None:
    # Nothing is installed here, and systemd-analyze looks whether the program is there.
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(PROGRAM, sys.executable))

    found = asked("verify", copy)

    assert (found.returncode, found.stdout + found.stderr) == (0, "")


@analyze
def test_the_daemon_is_shut_in() -> None:
    found = asked("security", "--offline=true", "--no-pager", UNIT)

    (exposed,) = re.findall(r"Overall exposure level .*: ([0-9.]+)", found.stdout)
    assert float(exposed) <= MOST_EXPOSED, found.stdout


def test_the_unit_gives_the_daemon_the_time_it_asks_for() -> None:
    assert setting("Type") == "notify"
    assert int(setting("TimeoutStopSec")) > GRACE_SECONDS
    assert int(setting("WatchdogSec")) > 0


def test_no_secret_has_to_stand_where_everybody_can_read_it() -> None:
    credentials = setting("LoadCredential").partition(":")[2]

    assert credentials.removeprefix("/etc/") in setting("ConfigurationDirectory").split()
    assert "EnvironmentFile" not in UNIT.read_text()
