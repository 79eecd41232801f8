"""What the benchmarks have in common: the stub, the daemon, measured processes, tables, results."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import http.client
import json
import os
import platform
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import generator
from rich.console import Console
from rich.table import Table

from sesauditd import bootstrap
from sesauditd.config import load
from sesauditd.store.register import Adoption

ROOT = Path(__file__).resolve().parents[1]
MADE = ROOT / "build" / "benchmarks"
"""What is compiled, installed and generated for benchmarks, kept for the next time."""
MAILS = 10_000
"""Patterns of so many mails; the stub goes round and round in them."""
STEP_US = 100_000
"""Between two messages of a backlog: ten events a second."""
TICKS = os.sysconf("SC_CLK_TCK")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# What is installed is compiled already, so it is not measured how long that takes.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDBENCHMARK", "AWS_SECRET_ACCESS_KEY": "benchmark"}
START_SECONDS = 120.0
STALLED_SECONDS = 60.0
"""Without any message deleted, after which nothing more is waited for."""


class Unmeasurable(Exception):
    """What was to be measured cannot run here; the text says why."""


# The stub.


@dataclass(frozen=True, slots=True)
class Stub:
    """The canned answers of SQS and S3, at a port of this machine."""

    port: int

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def stats(self) -> Mapping[str, float]:
        """Return what was asked and answered since the last feed; `cpu_seconds` since its start."""
        found: Mapping[str, float] = json.loads(self._ask("GET", "/_stub/stats"))
        return found

    def feed(self, count: int, **options: int) -> None:
        """Put so many messages into the queue; a backlog's times end now. See stub/stub.c."""
        if "rate" not in options:
            ends = time.time_ns() // 1_000_000
            options = {"step": STEP_US, "base": ends - count * STEP_US // 1000} | options
        query = "&".join(f"{name}={value}" for name, value in {"count": count, **options}.items())
        self._ask("POST", f"/_stub/feed?{query}")

    def wait_done(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Wait until all that was fed was served, and all that was served is deleted."""
        deleted, since = -1.0, time.monotonic()
        while True:
            stats = self.stats()
            if stats["served"] >= stats["count"] and stats["deleted"] >= stats["served"]:
                return
            if stats["deleted"] > deleted:
                deleted, since = stats["deleted"], time.monotonic()
            if not alive() or time.monotonic() - since > STALLED_SECONDS:
                raise Unmeasurable(f"the queue was not drained: {stats}")
            time.sleep(0.02)

    def _ask(self, method: str, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path)
            return connection.getresponse().read()


def patterns_file(mails: int = MAILS) -> Path:
    """Return the file of prepared bodies, made once for each version of the generator."""
    version = hashlib.sha256(Path(generator.__file__).read_bytes()).hexdigest()[:12]
    file = MADE / f"patterns-{mails}-{version}.jsonl"
    if not file.exists():
        MADE.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}")
        with draft.open("w") as lines:
            lines.writelines(f"{one}\n" for one in generator.patterns(mails, seed=1))
        draft.replace(file)
    return file


def _stub_program() -> Path:
    source, program = Path(__file__).parent / "stub" / "stub.c", MADE / "stub"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        MADE.mkdir(parents=True, exist_ok=True)
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise Unmeasurable("no C compiler: install cc for the stub of SQS and S3")
        subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
    return program


@contextmanager
def stub(bodies: Path | None = None) -> Iterator[Stub]:
    """Run the stub while the block runs."""
    command = [str(_stub_program()), str(bodies or patterns_file())]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            line = child.stdout.readline()
            if not line:
                raise Unmeasurable("the stub does not start")
            yield Stub(int(line))
        finally:
            child.kill()


# Processes.


@dataclass(frozen=True, slots=True)
class Process:
    """A process and those it started, looked at from outside."""

    child: subprocess.Popen[bytes]
    log: Path

    def cpu_seconds(self) -> float:
        """Return the processor time used so far, that of the kernel for it included."""
        return sum(_cpu_seconds(pid) for pid in self._pids())

    def memory_mb(self) -> float:
        """Return the resident memory in MB of 10**6 bytes."""
        return sum(_field(pid, "status", "VmRSS:") for pid in self._pids()) * 1024 / 1e6

    def written_bytes(self) -> int:
        """Return what was handed to the disks."""
        return sum(_field(pid, "io", "write_bytes:") for pid in self._pids())

    def wait_settled(self, seconds: float = 60.0) -> None:
        """Wait until it uses less than a twentieth of a processor: its start is over."""
        until = time.monotonic() + seconds
        used = self.cpu_seconds()
        while time.monotonic() < until:
            time.sleep(1.0)
            before, used = used, self.cpu_seconds()
            if used - before < 0.05:
                return

    def alive(self) -> bool:
        """Return whether it runs."""
        return self.child.poll() is None

    def kill(self) -> None:
        """End it at once: what it measured is over, and its long polls would be waited for."""
        self.child.kill()
        self.child.wait()

    def _pids(self) -> list[int]:
        found, seen = [self.child.pid], 0
        while seen < len(found):
            for task in Path(f"/proc/{found[seen]}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    found += map(int, task.read_text().split())
            seen += 1
        return found


def _cpu_seconds(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


def _field(pid: int, file: str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0


@contextmanager
def running(command: Sequence[str], log: Path, **environment: str) -> Iterator[Process]:
    """Run a program while the block runs, without this machine's settings of AWS and daemon."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SESAUDITD_")) and "proxy" not in name.lower()
    }
    with log.open("ab") as lines:
        child = subprocess.Popen(
            command, env=kept | KEYS | environment, stdout=lines, stderr=lines, cwd=log.parent
        )
    process = Process(child, log)
    try:
        yield process
    finally:
        if process.alive():
            process.kill()


@contextmanager
def sampled(process: Process, every_seconds: float = 0.25) -> Iterator[list[float]]:
    """Look at the memory of a process, in MB, while the block runs."""
    ended, samples = threading.Event(), [process.memory_mb()]

    def look() -> None:
        while not ended.wait(every_seconds):
            samples.append(process.memory_mb())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


# The daemon.


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def configuration(
    folder: Path,
    stub: Stub | None = None,
    database: str | None = None,
    **sections: Mapping[str, object],
) -> Path:
    """Write a configuration of the daemon on the stub and return its path."""
    url = database or f"sqlite:///{folder / 'ours.db'}"
    wanted: dict[str, Mapping[str, object]] = {"database": {"url": url}}
    if stub is not None:
        wanted |= {
            "aws": {"region": "eu-west-1", "account_id": "111122223333", "endpoint_url": stub.url},
            "queue": {
                "url": f"{stub.url}/111122223333/feedback",
                "topic_arns": [generator.TOPIC],
                "receivers": 8,
            },
            "archive": {"bucket": "archive"},
            "notices": {"from": "Hosting <postmaster@host.example>"},
            "policy": {"mode": "shadow"},
            "log": {"format": "json"},
            "web": {"bind": f"127.0.0.1:{free_port()}"},
        }
    for name, section in sections.items():
        wanted[name] = {**wanted.get(name, {}), **section}
    file = folder / "config.toml"
    with file.open("w") as lines:
        for name, section in wanted.items():
            lines.write(f"[{name}]\n")
            lines.writelines(f"{key} = {json.dumps(value)}\n" for key, value in section.items())
    return file


async def adopt(application: bootstrap.Application) -> None:
    """Register the generator's domains, each a customer."""
    await application.adopt(
        [
            Adoption(
                domain=generator.domain(number),
                customer=f"customer{number}",
                contact="owner@contact.example",
                since=LONG_AGO,
            )
            for number in range(1, generator.DOMAINS + 1)
        ]
    )


def registered(config: Path) -> None:
    """Make the database of a configuration, with the generator's domains in it."""

    async def made() -> None:
        async with bootstrap.application(load(config, {})) as application:
            await adopt(application)

    asyncio.run(made())


@contextmanager
def daemon(config: Path, **environment: str) -> Iterator[Process]:
    """Run `sesauditd run`, once it is ready, while the block runs."""
    log = config.parent / "daemon.log"
    command = [sys.executable, "-m", "sesauditd", "--config", str(config), "run"]
    with running(command, log, **environment) as process:
        until = time.monotonic() + START_SECONDS
        while '"daemon_ready"' not in log.read_text():
            if not process.alive() or time.monotonic() > until:
                raise Unmeasurable(f"the daemon does not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield process


def count_rows(database: Path, table: str) -> int:
    """Return how many rows a table has."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def raw(database: Path, synchronous: str = "FULL") -> sqlite3.Connection:
    """Return a connection as a peer opens it: WAL, flushed at each commit, nothing else set."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    return connection


class Stopwatch:
    """Seconds and processor seconds of this process, all its threads included."""

    def __init__(self) -> None:
        self._begun, self._used = time.perf_counter(), time.process_time()

    def found(self, events: int) -> dict[str, float]:
        """Return what so many events took since the start."""
        took = self.took()
        cpu = took["CPU s"] / events * 1000
        return {"events/s": events / took["seconds"], "CPU s per 1,000": cpu}

    def took(self) -> dict[str, float]:
        """Return both since the start."""
        used = time.process_time() - self._used
        return {"seconds": time.perf_counter() - self._begun, "CPU s": used}


# Results.


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


@dataclass(slots=True)
class Results:
    """What one benchmark found: shown as tables, and kept for the table of all."""

    name: str
    arguments: argparse.Namespace
    figures: dict[str, float | str] = field(default_factory=dict)
    console: Console = field(default_factory=lambda: Console(width=110))
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show a table; its first column is text, the others are figures."""
        shown = Table(title=title, title_justify="left")
        for number, column in enumerate(columns):
            shown.add_column(column, justify="right" if number else "left")
        for row in rows:
            shown.add_row(*map(_shown, row))
        self.console.print(shown)

    def rates(
        self, title: str, medians: Mapping[str, Mapping[str, float]], kept_as: str = ""
    ) -> None:
        """Show and keep rates and processor time, and what the first is against the others."""
        names = ("events/s", "CPU s per 1,000")
        mine = next(iter(medians.values()))
        rows = []
        for name, found in medians.items():
            speed, cpu = mine[names[0]] / found[names[0]], mine[names[1]] / found[names[1]]
            rows.append([name, *(found[one] for one in names), speed, cpu])
            kept = {f"speed against {name}": speed, f"cpu against {name}": cpu}
            kept |= {f"{one} of {name}": found[one] for one in names}
            self.keep(**{kept_as + key: value for key, value in kept.items()})
        self.table(title, ["what", *names, "ours: times its speed", "times its CPU"], rows)

    def say(self, sentence: str) -> None:
        """Show a sentence."""
        self.console.print(sentence, highlight=False)

    def keep(self, **figures: float | str) -> None:
        """Keep figures by name."""
        self.figures |= figures

    def close(self) -> None:
        """Say under which load this ran, and write the figures to --json if that was given."""
        after = os.getloadavg()[0]
        self.say(f"load {self.load:.1f} before, {after:.1f} after; {machine()}")
        if self.arguments.json:
            document = {
                "benchmark": self.name,
                "arguments": {k: str(v) for k, v in vars(self.arguments).items() if k != "json"},
                "load": [self.load, after],
                "machine": machine(),
                "figures": self.figures,
            }
            self.arguments.json.write_text(json.dumps(document, indent=1) + "\n")


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def machine() -> str:
    """Return what this ran on."""
    python, sqlite = platform.python_version(), sqlite3.sqlite_version
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{os.cpu_count()} processors, {system}, Python {python}, SQLite {sqlite}"


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the option that all have."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--json", type=Path, help="write the figures to this file")
    return made


def interleaved(
    what: Mapping[str, Callable[[int], dict[str, float]]], repeats: int, results: Results
) -> dict[str, dict[str, float]]:
    """Measure all in turn, so many times over; return the medians of what each found."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in what}
    for repeat in range(repeats):
        for name, measure in what.items():
            try:
                found[name].append(measure(repeat))
            except Unmeasurable as error:
                results.say(f"{name}, round {repeat + 1}: left out: {error}")
    return {
        name: {key: median([one[key] for one in rounds]) for key in rounds[0]}
        for name, rounds in found.items()
        if rounds
    }
