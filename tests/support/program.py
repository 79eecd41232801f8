"""The program as a stranger runs it: arguments in; exit code, stdout and stderr out."""

from __future__ import annotations

import contextlib
import io
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

from sesauditd.cli.main import main
from tests.support.databases import url_of

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = "2026-11-23T03:00:00Z"


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run of the program came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Program:
    """The program with a configuration and a database of its own."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, policy: str = "") -> Program:
        """Return a program whose configuration has these lines under `[policy]`."""
        folder.mkdir(parents=True, exist_ok=True)
        url = url_of(folder / "test.db")
        text = f'[database]\nurl = "{url}"\n[policy]\n{policy}\n'
        (folder / "config.toml").write_text(text)
        return cls(folder)

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment without any AWS variable."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        return kept | {"SESAUDITD_CONFIG": str(self.folder / "config.toml")}

    def run(self, *arguments: str) -> Ran:
        """Run the program in this process."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main(list(arguments))
        return Ran(code, out.getvalue(), err.getvalue())

    def adopt(self, domain: str = "a.example", customer: str = "k", *more: str) -> None:
        """Register a domain."""
        contact = f"owner@{customer}-home.example"
        ran = self.run("adopt", domain, "--customer", customer, "--contact", contact, *more)
        assert ran.code == 0, ran.err

    def file(self, events: list[Any], name: str = "events.jsonl") -> Path:
        """Write events, or lines as they are, into a file."""
        lines = [one if isinstance(one, str) else json.dumps(one) for one in events]
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def replay(self, events: list[Any], name: str = "events.jsonl") -> dict[str, int]:
        """Replay events and return the counts."""
        ran = self.run("replay", str(self.file(events, name)), "--json")
        assert ran.code == 0, ran.err
        counts: dict[str, int] = ran.json
        return counts

    def verdicts(self, as_of: str = AS_OF, *more: str) -> list[dict[str, Any]]:
        """Return the verdicts of a dry run."""
        ran = self.run("enforce", "--as-of", as_of, "--dry-run", "--json", *more)
        assert ran.code == 0, ran.err
        found: list[dict[str, Any]] = ran.json["verdicts"]
        return found

    def rules(self, as_of: str = AS_OF) -> list[str]:
        """Return the rules that fired, sorted."""
        return sorted(one["rule"] for one in self.verdicts(as_of))
