"""The folder of a demo: made anew for each, and nothing else is ever deleted."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sesauditd.demo.weeks import ACTS, LENGTH, Week, weeks_of
from sesauditd.errors import Failed, Refused
from sesauditd.model.calendar import week_of

if TYPE_CHECKING:
    from pathlib import Path

MARK = ".sesauditd-demo"
DATABASE = "demo.db"
MOST_WEEKS = 6
"""More would be more notifications than the sandbox's queue carries in a minute or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a demo is played with."""

    folder: Path
    seed: int
    weeks: tuple[Week, ...]
    """Whole ISO weeks; the last one ended before the demo was started."""

    @property
    def start(self) -> datetime:
        """Return the Monday on which the story begins."""
        return self.weeks[0].monday

    @property
    def end(self) -> datetime:
        """Return the Monday after the story."""
        return self.weeks[-1].end

    @property
    def database(self) -> Path:
        """Return the file of the demo's database."""
        return self.folder / DATABASE

    @property
    def config(self) -> Path:
        """Return the configuration that the demo and later commands use."""
        return self.folder / "config.toml"


def prepared(folder: Path, *, seed: int, days: int, now: datetime) -> Setting:
    """Make the demo's folder anew and return the setting.

    Raises Refused if the folder holds something that is no former demo, or for a wrong number
    of days; raises Failed if the folder cannot be written.
    """
    weeks = days // LENGTH.days
    least, most = ACTS * LENGTH.days, MOST_WEEKS * LENGTH.days
    if not ACTS <= weeks <= MOST_WEEKS:
        raise Refused(f"--days {days} does not fit the story: give {least} to {most}")
    try:
        _make_anew(folder)
    except OSError as error:
        raise Failed(f"{folder}: cannot be made: {error.strerror}; name another one") from error
    return Setting(folder=folder, seed=seed, weeks=weeks_of(week_of(now).start, weeks))


def _make_anew(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        if not _replaceable(folder):
            raise Refused(f"{folder} is not a former demo's: give another place with --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("Made by sesauditd demo, which deletes this folder to begin anew.\n")
    url = json.dumps(f"sqlite:///{folder / DATABASE}", ensure_ascii=False)
    text = f'[database]\nurl = {url}\n\n[policy]\nmode = "enforce"\n'
    (folder / "config.toml").write_text(text, encoding="utf-8")


def _replaceable(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    return (folder / MARK).exists() or not any(folder.iterdir())
