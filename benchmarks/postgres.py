"""A PostgreSQL server for benchmarks: flushed at each commit, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bench

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = {**os.environ, "PGCONNECT_TIMEOUT": "10"}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    programs: Path
    port: int

    def url(self, name: str) -> str:
        """Return the URL of a database for the configuration."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template0") -> None:
        """Make a database, a copy of another one if that is given."""
        self.ask("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")

    def ask(self, name: str, statement: str) -> str:
        """Run a statement and return its rows as text."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", name]
        command = [str(self.programs / "psql"), *where, "-qAtX", "-c", statement]
        done = subprocess.run(command, capture_output=True, check=False, env=ENVIRONMENT)
        if done.returncode:
            raise bench.Unmeasurable(f"psql: {done.stderr.decode()[-300:]}")
        return done.stdout.decode().strip()


@contextmanager
def server() -> Iterator[Server]:
    """Run a server while the block runs; Unmeasurable where PostgreSQL is not installed."""
    programs = _programs()
    # The server refuses to run as root.
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), bench.free_port()
        if owner:
            shutil.chown(folder, "postgres")
        control = [*owner, str(programs / "pg_ctl"), "-D", str(folder / "data"), "-w"]
        initial = ["-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--locale=C"]
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c max_connections=200"
        _run([*owner, str(programs / "initdb"), *initial, "--encoding=UTF8"], folder)
        _run([*control, "-l", str(folder / "log"), "-o", options, "start"], folder)
        try:
            yield Server(programs, port)
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)


def _programs() -> Path:
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    program = shutil.which("initdb")
    if program is None:
        raise bench.Unmeasurable("PostgreSQL is not installed (Debian's package postgresql)")
    return Path(program).resolve().parent


def _run(command: list[str], folder: Path) -> None:
    # The server keeps what it inherits: a pipe would never end.
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise bench.Unmeasurable(f"{command[-1]} of PostgreSQL fails")
