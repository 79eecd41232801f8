"""`sesauditd sandbox` says where it is, what to paste, and what is wrong."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from sesauditd.cli.main import main
from sesauditd.cli.sandbox import EXTRA

if TYPE_CHECKING:
    from pathlib import Path

    from sesauditd.sandbox.furnish import Furnished
    from sesauditd.sandbox.running import Sandbox

FREE = ("sandbox", "--port", "0", "--smtp-port", "0")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--port", "70000"), "65535"),
        (("--furnish", "no domain"), "is not a domain"),
        (("--world", "/nowhere/world.toml"), "cannot read the world"),
        (("--elsewhere",), "No such option"),
        (("--upstream", "localhost:4566"), "is no URL"),
    ],
)
def test_a_wrong_option_is_one_line(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*FREE, *arguments]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_wrong_world_names_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world.toml"
    world.write_text('[[mailboxes]]\naddress = "a@x.org"\nanswer = "sing"\n')
    assert main([*FREE, "--world", str(world)]) == 2
    assert str(world) in capsys.readouterr().err


@pytest.mark.parametrize("missing", EXTRA)
def test_without_the_extra_it_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else found(name)
    )
    assert main(FREE) == 2
    error = capsys.readouterr().err
    assert missing in error
    assert "pip install 'sesauditd[sandbox]'" in error


def test_it_shows_what_to_paste_and_ends_with_a_signal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sesauditd.cli import sandbox

    shown = sandbox._show

    def show(running: Sandbox, furnished: Furnished | None) -> None:
        shown(running, furnished)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()

    monkeypatch.setattr(sandbox, "_show", show)
    assert main([*FREE, "--furnish", "shop.example"]) == 0
    text = capsys.readouterr().out
    for part in ("export AWS_ENDPOINT_URL=http", "[queue]", "password: B", "What to do next"):
        assert part in text
