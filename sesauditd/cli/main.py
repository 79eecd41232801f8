"""The program `sesauditd`: puts the commands together and turns every error into one line.

How a command is added: a module in `sesauditd/cli/` holds plain functions and one

    def register(app: typer.Typer) -> None:
        app.command(
            "status", rich_help_panel=Heading.LOOKING, epilog=examples("sesauditd status --json")
        )(status)

and is named in `COMMANDS` below with what it adds: of all modules only that of the command that
is asked for is imported. A command takes `context: typer.Context` and the shared options
of `cli.options`, gets its configuration by `options.settings_of(context)`, prints through
`cli.output`, raises errors of `sesauditd.errors` (this module prints them and picks the exit
code) and ends early with `raise typer.Exit(code)`. The first line of its docstring is its
line in the help. Everything heavier than the standard library and typer is imported inside
the function, so that `sesauditd --help` stays quick.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import traceback
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from sesauditd import __version__
from sesauditd.cli import options, output
from sesauditd.cli.options import ConfigOption, DebugOption, Invocation
from sesauditd.cli.sections import Grouped, examples
from sesauditd.errors import Failed, Refused, SesauditdError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from typer._click.core import Command

COMMANDS = {
    "initialise": ("init",),
    "setup": ("setup",),
    "onboard": ("onboard",),
    "doctor": ("doctor",),
    "trial": ("test",),
    "drift": ("drift",),
    "credentials": ("credentials",),
    "offboard": ("offboard",),
    "export": ("export",),
    "production": ("production-access",),
    "running": ("run",),
    "policy": ("policy",),
    "recording": ("adopt", "replay", "rollup", "enforce"),
    "queues": ("queue",),
    "quarantine": ("quarantine",),
    "status": ("status",),
    "reporting": ("report",),
    "events": ("events",),
    "listings": ("customers", "domains", "blocks", "actions"),
    "casework": ("cases",),
    "notices": ("notices",),
    "deciding": ("block", "unblock", "disable", "reinstate", "terminate", "restore", "arm"),
    "demonstrate": ("demo",),
    "sandbox": ("sandbox",),
    "database": ("db",),
}
"""The modules of commands, and what each of them adds."""
PROGRAM = "sesauditd"
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended: 128 and the number of SIGINT."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error is one line on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter must not end the program.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone, as in `sesauditd events | head`; what is still buffered has
        # nowhere to go, and Python would complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Failed.exit_code
    return code


def application(modules: Iterable[ModuleType] | None = None) -> typer.Typer:
    """Return the program with all its commands, or with those of some modules."""
    app = typer.Typer(
        cls=Grouped,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        epilog=examples(
            "sesauditd demo",
            "sesauditd init /etc/sesauditd/config.toml",
            "sesauditd onboard shop.example --customer bakery --contact me@bakery.example",
            "sesauditd status",
            "sesauditd --install-completion",
        ),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for module in modules_for(()) if modules is None else modules:
        module.register(app)
    return app


def modules_for(arguments: Sequence[str]) -> tuple[ModuleType, ...]:
    """Return the module of the command that the arguments begin with, or else all of them.

    To import and prepare every command takes longer than most of them work. Whoever asks for
    help, for a completion or for a command that does not exist gets them all.
    """
    named = {name: module for module, names in COMMANDS.items() for name in names}
    wanted = [named[one] for one in _words(arguments)[:1] if one in named]
    return tuple(import_module(f"sesauditd.cli.{one}") for one in wanted or COMMANDS)


def _words(arguments: Sequence[str]) -> Sequence[str]:
    """Return the arguments, global options at their front left out."""
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        del rest[: 2 if rest[0] == options.CONFIG else 1]
    return rest


@cache
def _command(modules: tuple[ModuleType, ...]) -> Command:
    return typer.main.get_command(application(modules))


def _root(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    debug: DebugOption = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Watch one Amazon SES account: who bounces, who complains, and what is done about it.

    Begin with `sesauditd init`, or try it all without an account: `sesauditd demo`.
    """
    context.obj = Invocation(config=config, debug=debug)
    if version:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(Refused.exit_code)


def _run(given: list[str]) -> int:
    debug = options.DEBUG in given
    try:
        arguments = options.global_first(given)
        outcome = _command(modules_for(arguments)).main(
            args=arguments, prog_name=PROGRAM, standalone_mode=False
        )
    except SesauditdError as error:
        return _told(error, str(error), error.exit_code, debug=debug)
    except typer.TyperException as error:
        return _told(error, _usage(error), error.exit_code, debug=debug)
    except typer.Abort as error:
        return _told(error, "stopped: no answer was given", Failed.exit_code, debug=debug)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001
        return _told(error, _unexpected(error, debug=debug), Failed.exit_code, debug=debug)
    return outcome if isinstance(outcome, int) else 0


def _unexpected(error: Exception, *, debug: bool) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "no space is left on the disk, or where the output goes: make room, run it again"
    hint = "" if debug else f" (run again with {options.DEBUG} for the traceback)"
    return f"unexpected error: {type(error).__name__}: {error}{hint}"


def _open_closed_streams() -> None:
    """Let what was closed by whoever started the program lead to nowhere.

    Python has None for it, and the next file that is opened would get its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, mode, encoding="utf-8"))


def _usage(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = PROGRAM if context is None else context.command_path
    return f"{error.format_message().rstrip('.')} (see `{path} --help`)"


def _told(error: BaseException, what: str, code: int, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    line = re.sub(r"\s*\n\s*", " ", what.strip())
    output.note(f"{PROGRAM}: {line}")
    return code
