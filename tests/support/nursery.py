"""Starts programs quickly: one process imports everything once and forks a child at each wish.

The child is a process as any other: it has its own environment, log and signals, and can be
killed. Only the second of imports is spared, which is most of what a short life costs.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[2]
UNWANTED = ("sesauditd.sandbox", "sesauditd.demo", "sesauditd.__main__")
"""What a daemon never imports."""


@dataclass(slots=True)
class Child:
    """A child of the nursery, asked as one asks a `subprocess.Popen`."""

    pid: int
    returncode: int | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def poll(self) -> int | None:
        """Return its exit code, a signal's negative, or None while it lives."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended; subprocess.TimeoutExpired if it does not."""
        if not self.ended.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal if it lives."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The forking process, seen from the tests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            bufsize=1,
        )
        self._children: dict[int, Child] = {}
        self._born: list[Child] = []
        self._news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()
        atexit.register(self._process.kill)

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
        """Run the program with these arguments; what it writes is added to the log."""
        assert self._process.stdin is not None
        wish = {"arguments": list(arguments), "environment": dict(environment), "log": str(log)}
        with self._news:
            self._process.stdin.write(json.dumps(wish) + "\n")
            self._process.stdin.flush()
            assert self._news.wait_for(lambda: self._born, timeout=120), "nothing is born"
            return self._born.pop()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news = json.loads(line)
            with self._news:
                if "code" in news:
                    child = self._children.pop(news["pid"])
                    child.returncode = news["code"]
                    child.ended.set()
                else:
                    child = self._children[news["pid"]] = Child(news["pid"])
                    self._born.append(child)
                    self._news.notify_all()


@functools.cache
def nursery() -> Nursery:
    """Return the nursery of this test process."""
    return Nursery()


def _serve() -> None:
    """Fork a child at each line of standard input, and tell of each that ends."""
    ended, woken = os.pipe()
    os.set_blocking(ended, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    unread = b""
    while True:
        ready, _, _ = select.select([0, ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _bury()
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                return
            *wishes, unread = (unread + read).split(b"\n")
            for wish in wishes:
                _give_birth(json.loads(wish))


def _give_birth(wish: Mapping[str, object]) -> None:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _live(wish)
    _tell(pid=pid)


def _bury() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(pid=pid, code=os.waitstatus_to_exitcode(status))


def _tell(**news: int) -> None:
    os.write(1, (json.dumps(news) + "\n").encode())


def _live(wish: Mapping[str, object]) -> NoReturn:
    """Become the program, as if it had just been started."""
    log = os.open(str(wish["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, number)
    environment, arguments = wish["environment"], wish["arguments"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    # It reads its variable when it is imported.
    importlib.reload(importlib.import_module("sesauditd.daemon.failpoint"))
    sys.exit(importlib.import_module("sesauditd.cli.main").main(arguments))


def _import_everything() -> None:
    package = importlib.import_module("sesauditd")
    for module in pkgutil.walk_packages(package.__path__, "sesauditd."):
        if not module.name.startswith(UNWANTED):
            importlib.import_module(module.name)


if __name__ == "__main__":
    _import_everything()
    _serve()
