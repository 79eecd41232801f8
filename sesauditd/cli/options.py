"""The options that commands share, and the global ones that may stand anywhere."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.config import Settings

CONFIG = "--config"
DEBUG = "--debug"
MOMENT_EXAMPLES = "give a day (2026-01-31), a time (2026-01-31T03:00:00Z) or a span (90d, 12h)"

_SPAN = re.compile(r"^([0-9]{1,5})([hdw])$")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        CONFIG,
        metavar="FILE",
        help="Configuration; else $SESAUDITD_CONFIG, else /etc/sesauditd/config.toml.",
    ),
]
DebugOption = Annotated[
    bool, typer.Option(DEBUG, help="Show the traceback of an error, and log everything.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The global options, kept in `context.obj`."""

    config: Path | None = None
    debug: bool = False


def settings_of(context: typer.Context, *, is_daemon: bool = False) -> Settings:
    """Return the settings that this invocation names, and log as they say.

    Raises Refused in one line if the settings are wrong.
    """
    invocation = invocation_of(context)
    settings = settings_now(invocation)
    log_as(settings, invocation, is_daemon=is_daemon)
    return settings


def settings_now(invocation: Invocation) -> Settings:
    """Return the settings as file and environment name them at this moment."""
    from sesauditd.config import load

    return load(invocation.config, os.environ)


def log_as(settings: Settings, invocation: Invocation, *, is_daemon: bool) -> None:
    """Log as the settings say.

    A command tells a person what it did by itself; of its log only warnings are of use there,
    unless `--debug` asks for more.
    """
    from sesauditd import logs

    said = "warning" if settings.log.level == "info" and not is_daemon else settings.log.level
    logs.configure(level="debug" if invocation.debug else said, form=settings.log.format)


def invocation_of(context: typer.Context) -> Invocation:
    """Return the global options of this invocation."""
    return context.find_object(Invocation) or Invocation()


def moment(text: str, now: datetime) -> datetime:
    """Return the time that a person wrote, UTC: a day, a time, or a span back from `now`.

    A time without a zone is UTC. Raises Refused with examples.
    """
    span = _SPAN.match(text.strip().lower())
    try:
        if span is not None:
            return now - int(span.group(1)) * _UNITS[span.group(2)]
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(f"{text!r} is no time: {MOMENT_EXAMPLES}") from error


def moment_option(text: str) -> datetime:
    """Return the time that an option names; the parser of every option that takes one."""
    from sesauditd.bootstrap import now

    try:
        return moment(text, now())
    except Refused as refusal:
        raise typer.BadParameter(str(refusal)) from refusal


SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        parser=moment_option,
        metavar="WHEN",
        help="Begin here: 2026-01-31, 2026-01-31T03:00:00Z, or 90d, 12h, 4w ago.",
    ),
]


def global_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with `--config FILE` and `--debug` moved to the front.

    So they may stand before or after the command. What follows `--` stays as it is. Raises
    Refused if `--config` has no file behind it, lest the command be taken for one.
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            return [*front, *rest, argument, *remaining]
        if argument == CONFIG:
            file = next(remaining, "")
            if not file or file.startswith("-"):
                raise Refused(f"{CONFIG} needs a file behind it: {CONFIG} FILE")
            front += [argument, file]
        elif argument == DEBUG or argument.startswith(f"{CONFIG}="):
            front.append(argument)
        else:
            rest.append(argument)
    return front + rest
