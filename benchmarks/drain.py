"""Drains a backlog from the queue into both stores: the real daemon against what people write.

python benchmarks/drain.py [--events 20000] [--peer-events 4000] [--repeats 3] [--only ours ...]

Everybody takes messages from the same stub of SQS and S3, stores them in SQLite with
synchronous=FULL and deletes them when both stores have them. The peers do less: no compression, no
roll-ups, no judging. Nobody verifies signatures, which is the daemon's default (the queue's policy
is what is trusted), but for `ours, signatures`. `ours, plain` receives and deletes by aiobotocore's
own client.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import bench
import signing

if TYPE_CHECKING:
    import argparse

PEERS = Path(__file__).parent / "peers"
PLAIN = {"SESAUDITD_QUEUE__TRANSPORT": "aiobotocore"}
Found = dict[str, float]
NAMES = (
    "ours",
    "ours, 10 % twice",
    "ours, signatures",
    "ours, plain",
    "boto3 single",
    "boto3 batch",
    "sqs-consumer x8",
)


def measured(stub: bench.Stub, process: bench.Process, events: int, **options: int) -> Found:
    """Feed a process that waits at its long polls, and watch it until all is deleted."""
    stub.feed(events, **options)
    begun, used = time.monotonic(), process.cpu_seconds()
    with bench.sampled(process) as memory:
        stub.wait_done(process.alive)
    seconds, cpu = time.monotonic() - begun, process.cpu_seconds() - used
    stats = stub.stats()
    return {
        "events/s": stats["served"] / seconds,
        "CPU s per 1,000": cpu / stats["served"] * 1000,
        "RSS MB": max(memory),
        "B archived": stats["put_bytes"] / events,
        "stub us": stats["cpu_seconds"] / events * 1e6,
    }


def wait_polled(stub: bench.Stub, process: bench.Process) -> None:
    """Wait until a process stands at the empty queue and does nothing else."""
    until = time.monotonic() + bench.START_SECONDS
    while not stub.stats()["parked"]:
        if not process.alive() or time.monotonic() > until:
            raise bench.Unmeasurable(f"no poll: {process.log.read_text()[-2000:]}")
        time.sleep(0.05)
    process.wait_settled()


def ours(prepared: Path, events: int, **options: int) -> Found:
    """Measure the daemon, from a database that knows the domains; options are the feed's."""
    return _ours(prepared, events, None, {}, options)


def verified(prepared: Path, events: int) -> Found:
    """Measure the daemon with queue.trust = signature: every message is signed and checked."""
    signed = signing.signed_file(events)
    with signing.authority(signed) as environment:
        return _ours(prepared, events, signed, environment, {})


def _ours(
    prepared: Path,
    events: int,
    signed: Path | None,
    environment: dict[str, str],
    options: dict[str, int],
) -> Found:
    with tempfile.TemporaryDirectory() as top, bench.stub(signed) as stub:
        folder = Path(top)
        shutil.copy(prepared, folder / "ours.db")
        trust = "signature" if signed else "queue_policy"
        config = bench.configuration(folder, stub, queue={"trust": trust})
        with bench.daemon(config, **environment) as process:
            wait_polled(stub, process)
            before = stub.stats()["cpu_seconds"]
            found = measured(stub, process, events, **options)
        found["stub us"] -= before / events * 1e6
        _check(bench.count_rows(folder / "ours.db", "events"), events)
        return found


def peer(command: list[str], events: int) -> Found:
    """Measure a peer: `command` and the stub's URL and a database's file behind it."""
    with tempfile.TemporaryDirectory() as top, bench.stub() as stub:
        database = Path(top, "peer.db")
        with bench.running([*command, stub.url, str(database)], Path(top, "log")) as process:
            wait_polled(stub, process)
            before = stub.stats()["cpu_seconds"]
            found = measured(stub, process, events)
        found["stub us"] -= before / events * 1e6
        _check(bench.count_rows(database, "events"), events)
        return found


def _check(rows: int, events: int) -> None:
    if rows != events:
        raise bench.Unmeasurable(f"{rows} rows are stored of {events} events")


def sqs_consumer() -> list[str]:
    """Install the peer of Node.js once and return its command; Unmeasurable where that fails."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise bench.Unmeasurable("Node.js and npm are not installed")
    place = bench.MADE / "sqs-consumer"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "sqs_consumer.mjs"):
        shutil.copy(PEERS / name, place / name)
    if not (place / "installed").exists():
        for command in (["install", "--no-audit", "--no-fund"], ["rebuild", "better-sqlite3"]):
            done = subprocess.run([npm, *command], cwd=place, capture_output=True, check=False)
            if done.returncode:
                raise bench.Unmeasurable(f"npm {command[0]}: {done.stderr.decode()[-500:]}")
        (place / "installed").touch()
    return [node, str(place / "sqs_consumer.mjs")]


@contextmanager
def prepared() -> Iterator[Path]:
    """Give a database of the daemon that knows the domains."""
    with tempfile.TemporaryDirectory() as top:
        bench.registered(bench.configuration(Path(top)))
        yield Path(top, "ours.db")


def contenders(wanted: argparse.Namespace, database: Path) -> dict[str, Callable[[int], Found]]:
    """Return what is measured, by name."""
    loop = [sys.executable, str(PEERS / "boto3_loop.py")]
    few = max(500, wanted.peer_events // 4)
    all_of_them: dict[str, Callable[[int], Found]] = {
        "ours": lambda _: ours(database, wanted.events),
        "ours, 10 % twice": lambda _: ours(database, wanted.events, repeat=10),
        "ours, signatures": lambda _: verified(database, wanted.events),
        "ours, plain": lambda _: _ours(database, wanted.events, None, PLAIN, {}),
        "boto3 single": lambda _: peer([*loop, "single"], few),
        "boto3 batch": lambda _: peer([*loop, "batch"], wanted.peer_events),
        "sqs-consumer x8": lambda _: peer(sqs_consumer(), wanted.peer_events),
    }
    return {name: all_of_them[name] for name in wanted.only}


def shown(results: bench.Results, medians: dict[str, Found], repeats: int) -> None:
    """Show the medians, and our own against each peer."""
    columns = ["events/s", "CPU s per 1,000", "RSS MB", "B archived", "stub us"]
    rows = [[name, *(found[column] for column in columns)] for name, found in medians.items()]
    results.table(f"queue to both stores, medians of {repeats}", ["program", *columns], rows)
    mine = medians.get("ours")
    if mine is None:
        return
    results.keep(events_per_second=mine["events/s"], cpu_per_1000=mine["CPU s per 1,000"])
    results.keep(rss_mb=mine["RSS MB"], archived_bytes=mine["B archived"])
    ratios: list[list[object]] = []
    for name, found in medians.items():
        speed = mine["events/s"] / found["events/s"]
        cpu = mine["CPU s per 1,000"] / found["CPU s per 1,000"]
        ratios.append([name, speed, cpu])
        results.keep(**{f"speed against {name}": speed, f"cpu against {name}": cpu})
    results.table("ours against", ["peer", "times the events/s", "times the CPU"], ratios)


def main() -> None:
    """Print what each reached, and the ratios."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--peer-events", type=int, default=4_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    wanted = parser.parse_args()
    results = bench.Results("drain", wanted)
    with prepared() as database:
        medians = bench.interleaved(contenders(wanted, database), wanted.repeats, results)
    shown(results, medians, wanted.repeats)
    results.close()


if __name__ == "__main__":
    os.environ.pop("AWS_ENDPOINT_URL", None)
    main()
