"""Values written into a configuration file: comments and the rest stay."""

from __future__ import annotations

import stat
import tomllib
from typing import TYPE_CHECKING

import pytest

from sesauditd import shipped
from sesauditd.config import load
from sesauditd.config.editing import edited, missing, pasted, write
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.config.editing import Values

VALUES: Values = {
    ("queue", "url"): "https://sqs/1/q",
    ("queue", "topic_arns"): ["arn:a", "arn:b"],
    ("archive", "bucket"): "b-1",
}
SAFE = {
    "an empty file": ("", ""),
    "a section that is missing": ("[log]\nlevel = 'info'\n", "[log]\nlevel = 'info'\n"),
    "a default that is shown": (
        "[queue]\n# Where.\n#url = 'x'\n#more = 1\n",
        "[queue]\n# Where.\n#url = 'x'\nurl = \"https://sqs/1/q\"\n#more = 1\ntopic_arns = [",
    ),
    "another value, with a comment": (
        "[archive]\nbucket = 'old # one'  # Mine.\n",
        '[archive]\nbucket = "b-1"  # Mine.\n',
    ),
    "a head with a comment": ("[queue] # Here.\n[log]\n", "[queue] # Here.\n"),
    "no line's end at the end": ("[log]\nlevel = 'info'", "[log]\nlevel = 'info'\n"),
    "a list of lists below": ("[queue]\n[[x]]\na = 1\n", "[[x]]\na = 1\n"),
    "a key behind a long one": ("[queue]\nx = [\n  1,\n]\n# Log.\n[log]\n", "# Log.\n[log]\n"),
    "lines of Windows": ("[queue]\r\n# Kept.\r\n", "# Kept.\r\n"),
}


@pytest.mark.parametrize("name", SAFE)
def test_values_are_put_in_and_all_else_stays(name: str) -> None:
    text, kept = SAFE[name]
    after = edited(text, VALUES)
    assert kept in after
    assert missing(tomllib.loads(after), VALUES) == {}
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments
    assert edited(after, VALUES) == after


UNSAFE = {
    "a list over several lines": "[queue]\ntopic_arns = [\n  'old',\n]\n",
    "a table in one line": "queue = {url = 'x'}\n",
    "dotted keys": "queue.url = 'x'\n",
    "a head within a text": "[log]\nx = '''\n[queue]\n'''\n[queue.more]\ny = 1\n",
    "no TOML at all": "[queue\n",
}


@pytest.mark.parametrize("name", UNSAFE)
def test_what_cannot_be_edited_safely_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="safely"):
        edited(UNSAFE[name], VALUES)


def test_the_file_that_init_writes_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    template = shipped.policy_file("config.toml").read_text()
    file.write_text(template)
    file.chmod(0o640)
    assert write(file, VALUES) is True
    after = file.read_text()
    assert [line for line in after.splitlines() if line not in template.splitlines()] == [
        'url = "https://sqs/1/q"',
        'topic_arns = ["arn:a", "arn:b"]',
        'bucket = "b-1"',
    ]
    assert load(file, {}).archive.bucket == "b-1"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["config.toml"]
    assert write(file, VALUES) is False


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("")
    link.symlink_to(real)
    assert write(link, VALUES)
    assert link.is_symlink()
    assert "b-1" in real.read_text()


def test_a_refused_file_is_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("queue.url = 'x'\n")
    with pytest.raises(Refused, match="write the lines above"):
        write(file, VALUES)
    assert file.read_text() == "queue.url = 'x'\n"


def test_the_lines_to_paste_are_a_configuration() -> None:
    assert missing(tomllib.loads(pasted(VALUES)), VALUES) == {}
