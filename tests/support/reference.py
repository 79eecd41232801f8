"""Writes the pages of reference from the code: python -m tests.support.reference docs/reference."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from pydantic import BaseModel
from typer.core import TyperGroup

from sesauditd.cli.main import PROGRAM, application
from sesauditd.cli.sections import Heading
from sesauditd.config.settings import ENVIRONMENT_PREFIX, NESTING, SECRET, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer._click.core import Command

FILE = Path(__file__).parents[2] / "config/config.toml"
WIDTH = 88
BY_CODE = "<!-- Made from the code by `make reference`; a test holds it equal. -->"


def commands() -> str:
    """Return the page of all commands, each with what its `--help` says."""
    group = typer.main.get_group(application())
    lines = ["# Commands", "", BY_CODE, ""]
    for heading in Heading:
        lines += [f"## {heading}", ""]
        for name, command in group.commands.items():
            if getattr(command, "rich_help_panel", None) == heading and not command.hidden:
                for path, one in _with_own(f"{PROGRAM} {name}", command):
                    lines += [f"### `{path}`", "", "```text", _help(path, one), "```", ""]
    return "\n".join(lines)


def configuration() -> str:
    """Return the page of the configuration: every key, and the file in which each is explained."""
    lines = ["# Configuration", "", BY_CODE, ""]
    lines += [
        "A TOML file: that of `--config`, else of `$SESAUDITD_CONFIG`, else",
        "`/etc/sesauditd/config.toml`.",
        "The environment wins over the file. A secret is never shown or logged.",
        "",
        "| key | default | in the environment |",
        "| --- | --- | --- |",
        *(f"| `{key}` | {default} | `{variable}` |" for key, default, variable in _keys()),
        "",
        "What each means, as `sesauditd init` writes it:",
        "",
        "```toml",
        FILE.read_text(encoding="utf-8").rstrip(),
        "```",
        "",
    ]
    return "\n".join(lines)


PAGES = {"commands.md": commands, "configuration.md": configuration}


def _with_own(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    yield path, command
    if isinstance(command, TyperGroup):
        for name, one in command.commands.items():
            if not one.hidden:
                yield from _with_own(f"{path} {name}", one)


def _help(path: str, command: Command) -> str:
    context = command.make_context(
        path, [], resilient_parsing=True, terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    with context:
        return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def _keys() -> Iterator[tuple[str, str, str]]:
    for section, table in Settings.model_fields.items():
        assert isinstance(table.annotation, type)
        assert issubclass(table.annotation, BaseModel)
        for name, field in table.annotation.model_fields.items():
            key = f"{section}.{field.alias or name}"
            variable = f"{ENVIRONMENT_PREFIX}{section}{NESTING}{field.alias or name}".upper()
            secret = ", a secret" if key in SECRET else ""
            yield key, _shown(field.get_default(call_default_factory=True)) + secret, variable


def _shown(value: object) -> str:
    if value is None or value in ((), {}):
        return "none"
    return f"`{value}`"


if __name__ == "__main__":
    for page, made in PAGES.items():
        Path(sys.argv[1], page).write_text(made(), encoding="utf-8")
