"""`sesauditd init`: a configuration to begin with."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from sesauditd.cli.initialise import template
from sesauditd.cli.main import main
from sesauditd.config import Mode, load, reading

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SESAUDITD_CONFIG", raising=False)
    monkeypatch.setattr(reading, "DEFAULT_FILE", tmp_path / "etc.toml")


def test_a_configuration_in_shadow_mode_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    assert main(["init", str(file)]) == 0
    assert file.read_text() == template()
    assert load(file, {}).policy.mode is Mode.SHADOW
    assert stat.S_IMODE(file.stat().st_mode) & 0o007 == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.startswith(f"Wrote {file}, in shadow mode")
    assert f"export SESAUDITD_CONFIG={file}" in said.out


def test_the_default_place_needs_no_variable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    assert (tmp_path / "etc.toml").exists()
    assert "export" not in capsys.readouterr().out


@pytest.mark.parametrize("by_variable", [False, True])
def test_the_place_may_be_named_as_for_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_variable: bool
) -> None:
    file = tmp_path / "named.toml"
    if by_variable:
        monkeypatch.setenv("SESAUDITD_CONFIG", str(file))
    assert main(["init"] if by_variable else ["init", "--config", str(file)]) == 0
    assert file.exists()


def test_an_existing_file_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.toml"
    file.write_text("mine")
    assert main(["init", str(file)]) == 2
    assert file.read_text() == "mine"
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"sesauditd: {file}: exists already; --force overwrites it, another PATH leaves it alone\n"
    )


def test_an_existing_file_is_overwritten_by_force(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("mine" * 9999)
    assert main(["init", str(file), "--force"]) == 0
    assert file.read_text() == template()


def test_a_missing_folder_is_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "my folder" / "config.toml")]) == 2
    assert capsys.readouterr().err == (
        f"sesauditd: {tmp_path}/my folder: no such folder; make it first: "
        f"mkdir -p '{tmp_path}/my folder'\n"
    )
    assert not (tmp_path / "my folder").exists()


def test_a_folder_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path)]) == 2
    assert "is a folder; name a file in it" in capsys.readouterr().err


def test_a_place_where_nothing_can_be_written_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "/proc/config.toml"]) == 1
    assert "/proc/config.toml: cannot be written: " in capsys.readouterr().err


def test_a_dash_prints_it_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "-"]) == 0
    assert capsys.readouterr() == (template(), "")
    assert list(tmp_path.iterdir()) == []
