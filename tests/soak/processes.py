"""Processes of a soak test: started, looked at from outside, and always ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.nursery import Child, nursery

ROOT = Path(__file__).parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 180.0
"""A machine with much else to do takes its time."""
END_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Process:
    """A child process and the file that its lines go into."""

    child: subprocess.Popen[bytes] | Child
    log: Path

    def memory_mib(self) -> float:
        """Return the resident memory."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def cpu_seconds(self) -> float:
        """Return the processor time used so far, that of the kernel for it included."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def lines(self) -> Sequence[Mapping[str, object]]:
        """Return the log lines so far that are JSON."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [line for line in found if isinstance(line, dict)]

    def said(self, event: str) -> Sequence[Mapping[str, object]]:
        """Return the log lines of one event."""
        return [line for line in self.lines() if line.get("event") == event]

    def wait_for(self, event: str, seconds: float = START_SECONDS) -> None:
        """Wait until a log line says so."""
        until = time.monotonic() + seconds
        while not self.said(event):
            assert self.child.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < until, f"no {event} within {seconds} s"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.child.kill()
        self.child.wait()

    def end(self) -> int:
        """End it as systemd would, and return its exit code."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(END_SECONDS)


def environment(**extra: str) -> dict[str, str]:
    """Return an environment without any settings of this machine's AWS or daemon."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SESAUDITD_", "PYTEST_", "COV_"))
    }
    return {**kept, "PYTHONPATH": str(ROOT), **extra}


@contextmanager
def born(arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[Process]:
    """Run `sesauditd` while the block runs, forked from what has imported it already."""
    log.touch()
    child = nursery().start(arguments, environment, log)
    try:
        yield Process(child, log)
    finally:
        child.kill()
        child.wait()


@contextmanager
def started(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[Process]:
    """Run a program while the block runs; its standard error goes into the log."""
    with log.open("ab") as lines:
        child = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=lines
        )
    try:
        yield Process(child, log)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def python(*arguments: str) -> list[str]:
    """Return the command that runs this interpreter."""
    return [sys.executable, *arguments]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ministack_program() -> str | None:
    """Return the emulator's program: SESAUDITD_MINISTACK, or one on the path."""
    return os.environ.get("SESAUDITD_MINISTACK") or shutil.which("ministack")


@contextmanager
def ministack(program: str, log: Path, account_id: str) -> Iterator[str]:
    """Run the emulator of SQS, SNS and S3 for one account, and yield its URL."""
    port = free_port()
    settings = {
        "BIND_HOST": "127.0.0.1",  # Its own default listens to everybody.
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": account_id,
        "LOG_LEVEL": "ERROR",
    }
    with started([program], log, environment(**settings)) as process:
        until = time.monotonic() + START_SECONDS
        while not _listens(port):
            assert process.child.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < until, "ministack does not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"


def asked(url: str, method: str, path: str, document: object = None) -> object:
    """Ask a page of the sandbox for its JSON document."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=30)
    try:
        connection.request(method, path, None if document is None else json.dumps(document))
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == http.HTTPStatus.OK, body
        return json.loads(body)
    finally:
        connection.close()


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
