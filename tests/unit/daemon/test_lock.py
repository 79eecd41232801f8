"""One process holds the lock, and its end gives it back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sesauditd.daemon.lock import held, lock_file
from sesauditd.errors import Busy, Refused

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import pathlib, sys, time
from sesauditd.daemon.lock import held
with held(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_lies_beside_the_database(tmp_path: Path) -> None:
    assert lock_file(tmp_path / "sesauditd.db") == tmp_path / "sesauditd.db.lock"


def test_a_second_process_is_told_which_one_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Busy, match=f"process {other.pid}, holds") as refusal, held(path):
            pass
        assert refusal.value.exit_code == 3
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    with held(path):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_lock_that_was_given_back_can_be_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    for _ in range(2):
        with held(path):
            assert path.stat().st_mode & 0o777 == 0o600


def test_an_error_inside_gives_the_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with pytest.raises(ZeroDivisionError), held(path):
        raise ZeroDivisionError
    with held(path):
        pass


def test_a_lock_file_without_a_pid_is_busy_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with held(path):
        path.write_text("")
        with pytest.raises(Busy, match="process unknown"), held(path):
            pass


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be opened"), held(tmp_path / "no" / "a.lock"):
        pass


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(Refused, match="cannot be opened"), held(tmp_path / "a.lock"):
        pass
    assert not (tmp_path / "precious").exists()


def test_a_file_system_that_cannot_lock_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_number: int, _operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with (
        pytest.raises(Refused, match="put the database on a local disk"),
        held(tmp_path / "a.lock"),
    ):
        pass
