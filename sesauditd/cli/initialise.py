"""The first step of an installation: `sesauditd init`."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from sesauditd.cli import options, output
from sesauditd.cli.sections import Heading, examples
from sesauditd.errors import Failed, Refused

PRINTED = Path("-")
READABLE_BY_GROUP = 0o640
"""The file may hold a password, and the daemon's group has to read it."""


def register(app: typer.Typer) -> None:
    """Add the command `init`."""
    app.command(
        "init",
        rich_help_panel=Heading.SETTING_UP,
        epilog=examples("sesauditd init", "sesauditd init ./config.toml", "sesauditd init -"),
    )(init)


def init(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH",
            help="File to write, - prints it; else what --config or $SESAUDITD_CONFIG names, "
            "else /etc/sesauditd/config.toml.",
            show_default=False,
        ),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Write a configuration in which every key is explained.

    It starts in shadow mode: verdicts are shown, nothing is done to anybody until `sesauditd arm`.
    """
    from sesauditd.config.reading import DEFAULT_FILE, chosen_name

    if path == PRINTED:
        output.say(template().removesuffix("\n"))
        return
    file = path or chosen_name(options.invocation_of(context).config, os.environ) or DEFAULT_FILE
    _write(file, template(), force=force)
    for line in _next_steps(file, default=DEFAULT_FILE):
        output.say(line)


def template() -> str:
    """Return the commented configuration that `init` writes."""
    from sesauditd import shipped

    return shipped.policy_file("config.toml").read_text(encoding="utf-8")


def _write(file: Path, text: str, *, force: bool) -> None:
    if file.is_dir():
        raise Refused(f"{file}: is a folder; name a file in it, such as {file / 'config.toml'}")
    if not file.parent.is_dir():
        folder = shlex.quote(str(file.parent))
        raise Refused(f"{file.parent}: no such folder; make it first: mkdir -p {folder}")
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(file, flags, READABLE_BY_GROUP), "w", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        message = f"{file}: exists already; --force overwrites it, another PATH leaves it alone"
        raise Refused(message) from error
    except OSError as error:
        raise Failed(f"{file}: cannot be written: {error.strerror}") from error


def _next_steps(file: Path, *, default: Path) -> list[str]:
    steps = [
        f"edit {file}: [aws], [notices], and where everything is kept, url in [database]",
        "sesauditd setup --write-config    makes queue, topic and bucket; --plan only shows it",
        "sesauditd onboard example.com --customer NAME --contact owner@elsewhere.example",
        "sesauditd run                     listens to SES",
        "sesauditd status                  shows what would be done; `sesauditd arm` does it",
    ]
    if file != default:
        steps.insert(0, f"export SESAUDITD_CONFIG={shlex.quote(str(file.absolute()))}")
    numbered = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    return [f"Wrote {file}, in shadow mode: nothing is done to anybody yet.", "Next:", *numbered]
