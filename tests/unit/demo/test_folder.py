"""The demo deletes former demos and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd.config import load
from sesauditd.demo.folder import Setting, prepared
from sesauditd.errors import Failed, Refused

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def made(folder: Path, days: int = 28) -> Setting:
    return prepared(folder, seed=1, days=days, now=NOW)


def test_a_former_demo_is_made_anew(tmp_path: Path) -> None:
    setting = made(tmp_path / "demo")
    (setting.folder / "demo.db").write_text("old")
    made(tmp_path / "demo")
    assert not (setting.folder / "demo.db").exists()


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    assert made(tmp_path).config.exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Refused, match="not a former demo"):
        made(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "thesis.txt"
    file.write_text("years of work")
    with pytest.raises(Refused, match="not a former demo"):
        made(file)
    assert file.read_text() == "years of work"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    made(tmp_path / "demo")
    (tmp_path / "link").symlink_to(tmp_path / "demo")
    with pytest.raises(Refused, match="not a former demo"):
        made(tmp_path / "link")
    assert (tmp_path / "demo" / "config.toml").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match="cannot be made"):
        made(tmp_path / "file" / "demo")


@pytest.mark.parametrize("days", [-7, 0, 27, 189])
def test_a_story_needs_four_weeks_and_ends_some_day(tmp_path: Path, days: int) -> None:
    with pytest.raises(Refused, match="--days"):
        made(tmp_path / "demo", days)
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(("days", "weeks"), [(28, 4), (30, 4), (35, 5)])
def test_whole_weeks_are_told_and_the_last_has_ended(tmp_path: Path, days: int, weeks: int) -> None:
    setting = made(tmp_path / "demo", days)
    assert len(setting.weeks) == weeks
    assert setting.end == datetime(2026, 11, 23, tzinfo=UTC)
    assert setting.start.weekday() == 0


@pytest.mark.parametrize("name", ["demo", "with a space", "d\u00e9mo", 'a "quote"', "back\\slash"])
def test_later_commands_find_the_database_by_the_configuration(tmp_path: Path, name: str) -> None:
    setting = made(tmp_path / name)
    url = load(setting.config, {}).database.url
    assert url.endswith(f"{setting.folder}/demo.db")
