"""What holds of every command: facts as JSON, examples that can be typed, a hint for a slip."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
import typer
from typer.core import TyperGroup

from sesauditd.cli.main import COMMANDS, PROGRAM, application, main, modules_for
from sesauditd.cli.options import global_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click.core import Command

ROOT = typer.main.get_group(application())
WITHOUT_FACTS = {
    f"{PROGRAM} init": "writes a file",
    f"{PROGRAM} run": "is the daemon, which logs",
    f"{PROGRAM} demo": "tells a story",
    f"{PROGRAM} notices preview": "shows a mail as it is",
}
WIDEST = 100
"""Of an example: it is copied as one line."""


def walked(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    yield path, command
    if isinstance(command, TyperGroup):
        for name, own in command.commands.items():
            yield from walked(f"{path} {name}", own)


TREE = dict(walked(PROGRAM, ROOT))


def has_own_work(path: str) -> bool:
    command = TREE[path]
    return not isinstance(command, TyperGroup) or command.invoke_without_command


def examples_of(path: str) -> list[str]:
    lines = (TREE[path].epilog or "").splitlines()
    return [line.strip() for line in lines if line.startswith(f"  {PROGRAM}")]


def test_each_module_adds_the_commands_that_it_is_imported_for() -> None:
    for module, names in COMMANDS.items():
        found = modules_for([names[0]])
        assert [one.__name__ for one in found] == [f"sesauditd.cli.{module}"]
        assert tuple(typer.main.get_group(application(found)).commands) == names


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["polcy"], ["--config", "status"], ["--debug", "-h"]], ids=str
)
def test_without_a_command_that_exists_all_are_there(arguments: list[str]) -> None:
    assert len(modules_for(arguments)) == len(COMMANDS)


@pytest.mark.parametrize(
    "arguments", [["status"], ["--debug", "status", "x"], ["--config", "a", "status"]], ids=str
)
def test_the_command_is_found_behind_the_global_options(arguments: list[str]) -> None:
    assert [one.__name__ for one in modules_for(arguments)] == ["sesauditd.cli.status"]


@pytest.mark.parametrize("path", [one for one in TREE if has_own_work(one) and one != PROGRAM])
def test_every_command_that_prints_facts_prints_them_as_json_too(path: str) -> None:
    options = {option for one in TREE[path].params for option in one.opts}
    if path == f"{PROGRAM} export":
        return
    assert ("--json" in options) is (path not in WITHOUT_FACTS)


@pytest.mark.parametrize("path", TREE)
def test_every_command_says_what_it_does_and_shows_examples_that_parse(path: str) -> None:
    assert (TREE[path].help or "").strip()
    assert examples_of(path)
    for line in examples_of(path):
        assert len(line) <= WIDEST
        understood(line)


def understood(line: str) -> None:
    """Let the parser read an example as it reads what a person types; fails as it does."""
    command: Command = ROOT
    rest = global_first(shlex.split(line)[1:])
    while True:
        names = isinstance(command, TyperGroup)
        context = command.make_context(PROGRAM, list(rest), resilient_parsing=names)
        if not isinstance(command, TyperGroup):
            return
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        _, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("stauts", "status"),
        ("replai x", "replay"),
        ("db rebild", "rebuild"),
        ("actions aprove x", "approve"),
        ("report --formt json", "--format"),
    ],
)
def test_a_slip_of_the_finger_is_met_with_what_was_meant(
    slip: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(slip.split()) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert meant in said


def test_the_help_of_all_commands_cuts_no_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "..." not in shown.replace("COMMAND [ARGS]...", "")


def test_the_shell_completes_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_SESAUDITD_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"{PROGRAM} sta")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    assert capsys.readouterr().out.split() == ["status"]
