"""Runs the program as a person does: arguments in; exit code, standard output and error out."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from sesauditd import bootstrap
from sesauditd.bootstrap import looking
from sesauditd.cli.main import main
from tests.support.databases import url_of

if TYPE_CHECKING:
    from sesauditd.config import Settings

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 11, 23, 3, tzinfo=UTC)
"""When the ISO week of 16 to 22 November 2026 is judged."""
NEVER_SEEN = "Traceback (most recent call last)"

_ticks = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run of the program left behind."""

    command: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return the one JSON document on standard output; fails if there is anything else."""
        assert NEVER_SEEN not in self.err, self.err
        assert self.out.strip(), f"{self.command} printed nothing; it said: {self.err}"
        return json.loads(self.out)

    @property
    def said(self) -> list[str]:
        """Return the lines on standard error that are not blank."""
        return [line for line in self.err.splitlines() if line.strip()]


def _as_before(*_words: str) -> AbstractContextManager[None]:
    return contextlib.nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cli:
    """The program with a configuration and a database of its own in `folder`."""

    folder: Path
    now: datetime | None = MONDAY
    """What the program takes for the time; None leaves it the machine's clock."""
    environment: dict[str, str] = field(default_factory=dict)
    acting: Callable[..., AbstractContextManager[None]] = _as_before
    """What holds while a command of these words runs."""

    @property
    def config(self) -> Path:
        """Return the configuration file."""
        return self.folder / "config.toml"

    @property
    def database(self) -> Path:
        """Return the SQLite file."""
        return self.folder / "sesauditd.db"

    def at(self, moment: datetime | None) -> Cli:
        """Return the same program at another time."""
        return replace(self, now=moment)

    def configure(self, *, mode: str = "enforce", policy: str = "", rest: str = "") -> None:
        """Write the configuration anew; `policy` goes into its section, `rest` behind it."""
        self.config.write_text(
            f'[database]\nurl = "{url_of(self.database)}"\n'
            f'[policy]\nmode = "{mode}"\n{policy}\n{rest}\n',
            encoding="utf-8",
        )

    def run(self, *arguments: str | Path, answer: str = "") -> Ran:
        """Run one command in this process."""
        given = tuple(str(one) for one in arguments)
        out, err = io.StringIO(), io.StringIO()
        with (
            self.acting(*given),
            self._surroundings(),
            patch("sys.stdin", io.StringIO(answer)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = _code_of(given)
        return Ran(command=given, code=code, out=out.getvalue(), err=err.getvalue())

    def ok(self, *arguments: str | Path, answer: str = "") -> Ran:
        """Run one command that must succeed, or be left waiting for the daemon."""
        ran = self.run(*arguments, answer=answer)
        assert ran.code in {0, 4}, f"{ran.command} ended with {ran.code}: {ran.err}"
        return ran

    def spawn(self, *arguments: str | Path) -> Ran:
        """Run one command in a process of its own, with nothing of this machine's settings."""
        given = tuple(str(one) for one in arguments)
        with self.acting(*given):
            process = self.start(*arguments)
            out, err = process.communicate(timeout=120)
        return Ran(command=given, code=process.returncode, out=out, err=err)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start one command in a process of its own; the caller ends it."""
        return subprocess.Popen(
            [sys.executable, "-m", "sesauditd", *map(str, arguments)],
            cwd=self.folder,
            env=self._clean() | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def adopt(self, domain: str, customer: str, *more: str) -> None:
        """Register a domain."""
        contact = f"owner@{customer}-home.example"
        self.ok("adopt", domain, "--customer", customer, "--contact", contact, *more)

    def adopt_all(self, rows: Sequence[Sequence[str]]) -> None:
        """Register many domains at once: rows of domain, customer, IAM user, since."""
        file = self.folder / "domains.csv"
        text = ["domain,customer,contact,iam_user,since"]
        for row in rows:
            domain, customer, user, since = (*row, "", "")[:4]
            text.append(f"{domain},{customer},owner@{customer}-home.example,{user},{since}")
        file.write_text("\n".join(text) + "\n", encoding="utf-8")
        self.ok("adopt", "--file", file)

    def file(self, lines: Sequence[str], name: str = "feedback.jsonl") -> Path:
        """Write a source for `replay`."""
        path = self.folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def replay(self, lines: Sequence[str], name: str = "feedback.jsonl") -> dict[str, int]:
        """Feed lines; return the counts."""
        counts: dict[str, int] = self.ok("replay", self.file(lines, name), "--json").document
        return counts

    def verdicts(
        self, as_of: datetime = MONDAY, *more: str, dry: bool = True
    ) -> list[dict[str, Any]]:
        """Return the verdicts that `enforce` shows, of a dry run unless told otherwise."""
        text = as_of.isoformat().replace("+00:00", "Z")
        dryness = ("--dry-run",) if dry else ()
        document = self.ok("enforce", "--as-of", text, *dryness, "--json", *more).document
        found: list[dict[str, Any]] = document["verdicts"]
        return found

    def rows(self, *command: str) -> list[dict[str, Any]]:
        """Return the rows of a listing command, whatever key they stand under."""
        return rows_of(self.ok(*command, "--json").document)

    @property
    def surroundings(self) -> dict[str, str]:
        """Return the environment of its processes, with nothing of this machine's settings."""
        return self._clean()

    @contextlib.contextmanager
    def _surroundings(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, self._clean(), clear=True))
            stack.enter_context(contextlib.chdir(self.folder))
            if self.now is not None:
                stack.enter_context(_time_is(self.now))
            yield

    def _clean(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "SESAUDITD_CONFIG": str(self.config),
            **self.environment,
        }


def program(folder: Path, *, now: datetime | None = MONDAY, mode: str = "enforce") -> Cli:
    """Return a program with a fresh configuration in the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    cli = Cli(folder=folder, now=now)
    cli.configure(mode=mode)
    return cli


def rows_of(document: Any) -> list[dict[str, Any]]:
    """Return the list in a document that is a list or holds one under some key."""
    lists = [document] if isinstance(document, list) else []
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
    assert len(lists) == 1, f"which list of {document} holds the rows?"
    rows: list[dict[str, Any]] = lists[0]
    return rows


@contextlib.contextmanager
def _time_is(moment: datetime) -> Iterator[None]:
    def clock() -> datetime:
        # No two looks at a clock show the same time, in whatever command they happen.
        return moment + timedelta(milliseconds=next(_ticks))

    original: Callable[..., AbstractAsyncContextManager[bootstrap.Application]]
    original = bootstrap.application

    def at_that_time(
        settings: Settings, **_: object
    ) -> AbstractAsyncContextManager[bootstrap.Application]:
        return original(settings, clock=clock)

    with (
        patch.object(bootstrap, "application", at_that_time),
        patch.object(bootstrap, "now", clock),
        patch.object(looking, "now", clock),
    ):
        yield


def _code_of(arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 1
