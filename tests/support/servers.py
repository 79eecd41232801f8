"""A PostgreSQL server of a test's own, which it may stop and start while others work with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support.readiness import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACES = "/usr/lib/postgresql"
OWNER = "postgres"
UNSAFE = "-c fsync=off -c full_page_writes=off -c listen_addresses=127.0.0.1"
"""Quick: the processes of a test's server die, and never its machine."""
Mode = Literal["fast", "immediate"]


@dataclass(frozen=True, slots=True)
class Server:
    """One server, with a folder that is gone afterwards."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Return where its databases are."""
        return f"postgresql+asyncpg://{OWNER}@127.0.0.1:{self.port}"

    def make(self) -> None:
        """Make its cluster."""
        self._run("initdb", "-U", OWNER, "--auth=trust", "--locale=C", "--encoding=UTF8")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} {UNSAFE}"
        self._run("pg_ctl", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode: Mode) -> None:
        """Stop it: `fast` ends sessions in order, `immediate` is as a crash."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        # It refuses to run as root.
        before = ["runuser", "-u", OWNER, "--"] if os.geteuid() == 0 else []
        command = [*before, str(self.programs / program), "-D", f"{self.folder}/data", *arguments]
        ran = subprocess.run(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr


@contextmanager
def own_server() -> Iterator[Server]:
    """Run a server while the block runs; skip where PostgreSQL is not installed."""
    found = sorted(Path(PLACES).glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if not found:
        pytest.skip("needs PostgreSQL (Debian's package postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    server = Server(found[-1].parent, folder, free_port())
    try:
        server.make()
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop("immediate")
        shutil.rmtree(folder)
