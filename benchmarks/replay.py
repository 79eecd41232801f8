"""Replay against decode + raw `executemany` of the same rows, interleaved in one run.

python benchmarks/replay.py [--events 200000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import generator

from sesauditd import bootstrap
from sesauditd.config import load
from sesauditd.store.register import Adoption

BATCH = 1000


def peer(source: Path, database: Path) -> int:
    """Decode every line twice, as anyone would, and store one row an event, flushed."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE events (key TEXT PRIMARY KEY, kind TEXT, at TEXT, source TEXT,"
        " recipient TEXT, body_length INTEGER)"
    )
    rows: list[tuple[str, str, str, str, str, int]] = []
    count = 0
    with source.open() as lines:
        for line in lines:
            event = json.loads(json.loads(line)["Message"])
            mail, kind = event["mail"], event["eventType"]
            key = f"{kind}/{mail['messageId']}/{mail['destination'][0]}/{mail['timestamp']}"
            recipient = mail["destination"][0]
            rows.append((key, kind, mail["timestamp"], mail["source"], recipient, len(line)))
            if len(rows) == BATCH:
                count += _store(connection, rows)
    count += _store(connection, rows)
    connection.close()
    return count


def _store(connection: sqlite3.Connection, rows: list[tuple[str, str, str, str, str, int]]) -> int:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR IGNORE INTO events VALUES (?,?,?,?,?,?)", rows)
    connection.execute("COMMIT")
    stored = len(rows)
    rows.clear()
    return stored


async def ours(source: Path, folder: Path) -> int:
    """Replay through the real program."""
    config = folder / "config.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{folder / "ours.db"}"\n')
    async with bootstrap.application(load(config, {})) as application:
        await application.adopt(
            [
                Adoption(
                    domain=generator.domain(number),
                    customer=f"customer{number}",
                    contact="owner@contact.example",
                )
                for number in range(1, generator.DOMAINS + 1)
            ]
        )
        return (await application.replay([str(source)])).recorded


def main() -> None:
    """Print the medians, the ratio, and the memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    rates: dict[str, list[float]] = {"ours": [], "peer": []}
    with tempfile.TemporaryDirectory() as top:
        source = Path(top, "events.jsonl")
        with source.open("w") as file:
            for line in generator.notifications(wanted.events, seed=1):
                file.write(line + "\n")
        for repeat in range(wanted.repeats):
            folder = Path(top, str(repeat))
            folder.mkdir()
            began = time.perf_counter()
            count = asyncio.run(ours(source, folder))
            rates["ours"].append(count / (time.perf_counter() - began))
            began = time.perf_counter()
            count = peer(source, folder / "peer.db")
            rates["peer"].append(count / (time.perf_counter() - began))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, rate in medians.items():
        print(f"{name}: {rate:,.0f} events/s (median of {wanted.repeats})")
    print(f"ratio ours/peer: {medians['ours'] / medians['peer']:.2f}; peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
