"""The program as a whole: help, global options, and one line for every error."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

import sesauditd
from sesauditd.cli import database, main, options
from sesauditd.errors import Busy, Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAVY = ("sqlalchemy", "alembic", "pydantic", "pydantic_settings", "rich", "structlog", "asyncio")

WORKING = (
    *("alembic", "aiosqlite", "sqlalchemy.orm", "sqlalchemy.ext.asyncio", "structlog"),
    *("sqlalchemy.dialects.postgresql", "pydantic_settings"),
    *("rich.traceback", "pygal", "jinja2", "numpy", "botocore", "sesauditd.store.log"),
    *("sesauditd.ingest", "sesauditd.enforce", "sesauditd.cli.onboard"),
)


def ran(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a person does, with none of this machine's own settings."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("SESAUDITD_")
    }
    return subprocess.run(
        [sys.executable, "-m", "sesauditd", *arguments],
        capture_output=True,
        text=True,
        env=inherited | environ,
        check=False,
        timeout=60,
    )


def test_help_lists_the_commands_under_headings() -> None:
    done = ran("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("Usage: sesauditd [OPTIONS] COMMAND")
    assert "Setting up:\n  init " in done.stdout
    assert "Database:\n  db " in done.stdout


def test_help_fits_the_terminal() -> None:
    assert max(len(line) for line in ran("--help", COLUMNS="80").stdout.splitlines()) <= 80


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from sesauditd.cli.main import main; main(['--help']);"
        f"sys.exit(' '.join(name for name in {HEAVY} if name in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert "Usage:" in done.stdout


def test_a_look_imports_nothing_that_works_on_the_database(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[database]\nurl = "sqlite:///{tmp_path}/a.db"')
    arguments = ["--config", str(tmp_path / "config.toml"), "status"]
    script = (
        f"import sys; from sesauditd.cli.main import main; main({arguments});"
        f"sys.exit(' '.join(name for name in {WORKING} if name in sys.modules) or 0)"
    )
    assert ran(*arguments[:2], "db", "upgrade").returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout.startswith("One thing waits for you.")


def test_the_version_is_told() -> None:
    assert ran("--version").stdout == f"sesauditd {sesauditd.__version__}\n"


def test_without_a_command_the_help_is_shown_as_an_error() -> None:
    done = ran()
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Usage: sesauditd")


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        pytest.param("", ["db", "upgrade", "--jsn"], "No such option: --jsn", id="unknown option"),
        pytest.param("", ["polcy"], "No such command 'polcy'. Did you mean 'policy'?", id="typo"),
        pytest.param("", ["db", "upgarde"], "Did you mean 'upgrade'?", id="typo in a group"),
        pytest.param("", ["policy"], "Missing command (see `sesauditd policy --help`)", id="group"),
        pytest.param("", ["policy", "check"], "Missing argument 'FILE'", id="missing argument"),
        pytest.param("", ["init", "a", "b"], "unexpected extra argument", id="too many"),
        pytest.param(
            "[database]\nuri = 'x'",
            ["db", "upgrade"],
            "config.toml: database.uri: there is no such key (did you mean database.url?)",
            id="unknown configuration key",
        ),
        pytest.param(
            None, ["db", "upgrade"], "config.toml: no such configuration file", id="missing file"
        ),
        pytest.param(
            "[database\n", ["db", "upgrade"], "config.toml:1: not TOML: Expected ']'", id="bad TOML"
        ),
        pytest.param(
            "[smtp]\nport = 'x'",
            ["db", "upgrade"],
            'config.toml: smtp.port = "x": expected a whole number',
            id="wrong type",
        ),
        pytest.param(
            "[policy]\nmode = 'maybe'",
            ["db", "upgrade"],
            "config.toml: policy.mode = \"maybe\": expected 'enforce', 'shadow' or 'off'",
            id="bad mode",
        ),
        pytest.param("", ["db", "upgrade", "--config"], "--config needs a file", id="no file"),
        pytest.param(
            "", ["policy", "check", "none.toml"], "none.toml: no such file", id="no policy file"
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path, text: str | None, arguments: list[str], expected: str
) -> None:
    file = tmp_path / "config.toml"
    if text is not None:
        file.write_text(text)
    done = ran(*arguments, SESAUDITD_CONFIG=str(file))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("sesauditd: ")
    assert len(done.stderr.splitlines()) == 1
    assert expected in done.stderr


def test_an_unknown_variable_is_one_line_and_exit_code_2() -> None:
    done = ran("db", "upgrade", SESAUDITD_DATABASE_URL="x")
    assert done.returncode == 2
    assert done.stderr == (
        "sesauditd: SESAUDITD_DATABASE_URL: there is no such variable "
        "(did you mean SESAUDITD_DATABASE__URL?)\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config", "FILE", "db", "upgrade"],
        ["--config=FILE", "db", "upgrade"],
        ["db", "--config", "FILE", "upgrade"],
        ["db", "upgrade", "--config", "FILE"],
        ["db", "upgrade", "--config=FILE", "--json"],
    ],
    ids=" ".join,
)
def test_the_configuration_may_be_named_before_or_after_the_command(
    tmp_path: Path, arguments: list[str]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[smtp]\nport = 0")
    done = ran(*(argument.replace("FILE", str(file)) for argument in arguments))
    assert f"{file}: smtp.port = 0" in done.stderr


def test_the_option_is_heard_before_the_variable(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[smtp]\nport = 0")
    done = ran("db", "upgrade", "--config", str(file), SESAUDITD_CONFIG="/none.toml")
    assert "mine.toml: smtp.port = 0" in done.stderr


def test_debug_shows_the_traceback_of_a_mistake(tmp_path: Path) -> None:
    done = ran("db", "upgrade", "--debug", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("sesauditd: ")


def test_a_secret_is_not_in_the_traceback_either(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[database]\nurl = 'mysql://u:hunter2@h/n'")
    done = ran("db", "upgrade", "--debug", "--config", str(file))
    assert done.returncode == 2
    assert "hunter2" not in done.stderr


def test_a_reader_that_leaves_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sesauditd", "--help"],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(write)
    assert done.stderr == ""
    assert done.returncode == 1


def test_closed_streams_are_no_error() -> None:
    command = [sys.executable, "-m", "sesauditd", "--version"]
    closing = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    assert subprocess.run(closing, check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (Refused("give a domain"), 2, "sesauditd: give a domain\n"),
        (Failed("the disk\n   is full"), 1, "sesauditd: the disk is full\n"),
        (Busy("another daemon holds the lock"), 3, "sesauditd: another daemon holds the lock\n"),
        (
            KeyError("x"),
            1,
            (
                "sesauditd: unexpected error: KeyError: 'x' "
                "(run again with --debug for the traceback)\n"
            ),
        ),
        (
            ValueError("\x1b[2J"),
            1,
            (
                "sesauditd: unexpected error: ValueError: \N{REPLACEMENT CHARACTER}[2J "
                "(run again with --debug for the traceback)\n"
            ),
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            (
                "sesauditd: no space is left on the disk, or where the output goes: "
                "make room, run it again\n"
            ),
        ),
        (KeyboardInterrupt(), 130, ""),
        (EOFError(), 1, "\nsesauditd: stopped: no answer was given\n"),
        (typer.Exit(4), 4, ""),
        (
            typer.BadParameter("no"),
            2,
            "sesauditd: Invalid value: no (see `sesauditd act --help`)\n",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_error_has_its_code_and_its_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    monkeypatch.setattr(main, "modules_for", lambda _: (Only(_raising(error)), database))
    assert main.main(["act"]) == code
    assert capsys.readouterr().err == line


def test_ctrl_c_before_the_command_begins_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> typer.Typer:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "_command", interrupted)
    assert main.main(["status"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_leaves_at_the_last_moment_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, write = os.pipe()
    os.close(read)

    def act() -> None:
        sys.stdout.write("still in the buffer")

    monkeypatch.setattr(main, "modules_for", lambda _: (Only(act), database))
    with os.fdopen(write, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main.main(["act"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "begins"),
    [
        (["--help"], 0, "Usage: sesauditd [OPTIONS] COMMAND"),
        (["-h"], 0, "Usage: sesauditd [OPTIONS] COMMAND"),
        (["policy", "check", "-h"], 0, "Usage: sesauditd policy check [OPTIONS]"),
        (["--version"], 0, "sesauditd "),
        ([], 2, "Usage: sesauditd [OPTIONS] COMMAND"),
    ],
    ids=str,
)
def test_help_and_version_are_asked_for_in_the_usual_ways(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, begins: str
) -> None:
    assert main.main(arguments) == code
    said = capsys.readouterr()
    assert (said.err if code else said.out).startswith(begins)


def test_debug_shows_the_traceback_of_what_nobody_expected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "modules_for", lambda _: (Only(_raising(KeyError("x"))), database))
    assert main.main(["act", "--debug"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert said.endswith("sesauditd: unexpected error: KeyError: 'x'\n")


def test_a_command_is_told_the_global_options(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[options.Invocation] = []

    def act(context: typer.Context) -> None:
        told.append(options.invocation_of(context))

    monkeypatch.setattr(main, "modules_for", lambda _: (Only(act), database))
    assert main.main(["act", "--debug", "--config", str(tmp_path)]) == 0
    assert told == [options.Invocation(config=tmp_path, debug=True)]


def test_upgrading_tells_which_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    upgraded: list[str] = []
    bootstrap = ModuleType("sesauditd.bootstrap")
    monkeypatch.setattr(
        bootstrap,
        "upgrade_database",
        lambda settings: upgraded.append(settings.database.url),
        raising=False,
    )
    monkeypatch.setitem(sys.modules, "sesauditd.bootstrap", bootstrap)
    monkeypatch.setattr(sesauditd, "bootstrap", bootstrap, raising=False)
    monkeypatch.setenv("SESAUDITD_DATABASE__URL", str(tmp_path / "a.db"))
    monkeypatch.delenv("SESAUDITD_CONFIG", raising=False)
    assert main.main(["db", "upgrade", "--json"]) == 0
    shown = f"sqlite+aiosqlite:///{tmp_path}/a.db"
    assert json.loads(capsys.readouterr().out) == {"database": shown, "upgraded": True}
    assert main.main(["db", "upgrade"]) == 0
    assert capsys.readouterr().out == f"{shown} is up to date.\n"
    assert upgraded == [shown, shown]


class Only:
    """A command module with one command, `act`."""

    def __init__(self, act: Callable[..., None]) -> None:
        self._act = act

    def register(self, app: typer.Typer) -> None:
        app.command("act")(self._act)


def _raising(error: BaseException) -> Callable[..., None]:
    def act(context: typer.Context) -> None:
        assert context.obj
        raise error

    return act


words = st.lists(
    st.sampled_from(["status", "--json", "--debug", "--config=c", "--since", "90d", "-x"])
)


@given(words, words)
def test_global_options_come_first_and_the_rest_keeps_its_order(
    before: list[str], after: list[str]
) -> None:
    moved = options.global_first([*before, "--", *after])
    assert sorted(moved) == sorted([*before, "--", *after])
    ours = [word for word in before if word in {"--debug", "--config=c"}]
    assert moved[: len(ours)] == ours
    others = [word for word in before if word not in {"--debug", "--config=c"}]
    assert moved[len(ours) :] == [*others, "--", *after]


@pytest.mark.parametrize("behind", [[], [""], ["--json"]], ids=str)
def test_the_option_for_the_file_needs_one(behind: list[str]) -> None:
    with pytest.raises(Refused, match="--config needs a file"):
        options.global_first(["status", "--config", *behind])
