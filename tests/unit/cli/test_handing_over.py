"""Passwords go to a terminal or into a file that did not exist, and nowhere else."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sesauditd.cli import handing_over
from sesauditd.errors import Failed, Refused
from sesauditd.onboard.credentials import Credentials, Server

LOGIN = Credentials(
    domain="bakery.example",
    server=Server(host="smtp.example", port=587),
    user="AKIAIOSFODNN7EXAMPLE",
    password="BSECRET",
)


class Terminal:
    """Stands for a standard output, on a terminal or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def test_a_pipe_gets_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal(is_terminal=False))
    with pytest.raises(Refused, match="--out FILE"):
        handing_over.check(None, as_json=False)
    handing_over.check(Path("new.txt"), as_json=False)


def test_json_gets_no_password_on_a_terminal_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal(is_terminal=True))
    handing_over.check(None, as_json=False)
    with pytest.raises(Refused, match="--out FILE"):
        handing_over.check(None, as_json=True)


def test_what_cannot_be_made_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"no such folder; make it first: mkdir -p .*nowhere$"):
        handing_over.check(tmp_path / "nowhere" / "new.txt", as_json=False)
    dangling = tmp_path / "dangling.txt"
    dangling.symlink_to(tmp_path / "gone")
    with pytest.raises(Refused, match="exists: name a new file"):
        handing_over.check(dangling, as_json=False)


def test_a_terminal_is_shown_everything(capsys: pytest.CaptureFixture[str]) -> None:
    with handing_over.outlet(None, as_json=False) as show:
        show(LOGIN)
    assert "BSECRET" in capsys.readouterr().out


def test_a_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "credentials.txt"
    previous = os.umask(0)
    try:
        with handing_over.outlet(file, as_json=False) as show:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            show(LOGIN)
            # What was shown is on the disk before anything else can fail.
            assert "BSECRET" in file.read_text()
    finally:
        os.umask(previous)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_for_programs_has_a_document_a_line(tmp_path: Path) -> None:
    file = tmp_path / "credentials.jsonl"
    with handing_over.outlet(file, as_json=True) as show:
        show(LOGIN)
        show(LOGIN)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["password"] for line in lines] == ["BSECRET", "BSECRET"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    file = tmp_path / "credentials.txt"
    file.write_text("mine")
    with (
        pytest.raises(Refused, match="exists"),
        handing_over.outlet(file, as_json=False),
    ):
        pytest.fail("opened")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused), handing_over.outlet(link, as_json=False):
        pytest.fail("opened")
    assert file.read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(Refused, match="cannot be made"),
        handing_over.outlet(tmp_path / "none" / "x", as_json=False),
    ):
        pytest.fail("opened")


def test_a_file_that_nothing_came_into_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "credentials.txt"
    with handing_over.outlet(file, as_json=False):
        pass
    assert not file.exists()


def test_a_full_disk_is_said_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int, _text: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with (
        pytest.raises(Failed, match="No space left") as raised,
        handing_over.outlet(tmp_path / "x", as_json=False) as show,
    ):
        show(LOGIN)
    assert "BSECRET" not in str(raised.value)
