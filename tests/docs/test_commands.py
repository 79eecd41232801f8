"""Every command that a page tells people to type is one that the program has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import typer

from sesauditd.cli.main import PROGRAM, application
from sesauditd.cli.options import global_first
from tests.support.pages import named, of_the_program, pages, typed

if TYPE_CHECKING:
    from typer._click.core import Command, Context

COMMAND = typer.main.get_command(application())
for one in COMMAND.params:
    if one.name in {"install_completion", "show_completion"}:
        # These act while they are read, in the home of whoever runs the tests.
        one.callback = None
PLACEHOLDER = re.compile(r"\.\.\.|\[[^]]*\]")

LACKING = {"MissingParameter", "NoArgsIsHelpError", "BadOptionUsage"}


@pytest.mark.parametrize("page", pages())
def test_each_command_of_a_page_has_its_options_and_arguments(page: str) -> None:
    assert [
        f"{page}:{one.line}: {arguments}: {wrong}"
        for one in typed(page)
        for arguments in of_the_program(one.text)
        if (wrong := wrong_in(arguments))
    ] == []


@pytest.mark.parametrize("page", pages())
def test_each_command_that_a_sentence_names_exists(page: str) -> None:
    assert [
        f"{page}: {text}: {wrong}"
        for text in named(page)
        for arguments in of_the_program(PLACEHOLDER.sub("", text))
        if (wrong := wrong_in(arguments, whole=False))
    ] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["statu"],
        ["status", "--jsn"],
        ["disable", "a.example"],
        ["report", "a.example", "b.example"],
        ["events", "--limit", "many"],
        ["db", "unmake"],
        ["policy", "simulate"],
    ],
)
def test_a_command_that_does_not_exist_is_found(arguments: list[str]) -> None:
    assert wrong_in(arguments)


def wrong_in(arguments: list[str], *, whole: bool = True) -> str:
    """Return what the program would refuse in the arguments; nothing is run.

    What is not `whole` may lack arguments, as `sesauditd onboard` within a sentence does.
    """
    try:
        _parsed(PROGRAM, COMMAND, global_first(arguments), None)
    except typer.TyperException as error:
        lacking = type(error).__name__ in LACKING
        return "" if lacking and not whole else error.format_message()
    except typer.Exit:
        # `--help` and `--version` end it at once.
        return ""
    return ""


def _parsed(name: str, command: Command, arguments: list[str], above: Context | None) -> None:
    context = command.make_context(name, arguments, parent=above)
    rest = [*context._protected_args, *context.args]
    if isinstance(command, typer.core.TyperGroup) and rest:
        with context:
            found, below, others = command.resolve_command(context, rest)
        assert found is not None
        assert below is not None
        _parsed(found, below, others, context)
