"""Inserts events until there are many: what the last cost against the first, and against raw SQL.

python benchmarks/growth.py [--events 1000000] [--step 100000] [--batch 1000] [--days 30] [--keep F]

Every step goes into ours and then, as the same rows, into a raw database beside it. Reading the
messages is not measured. --keep leaves our database there, for benchmarks/enforcement.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import backlog
import bench
from rawstore import RawStore, Rows, last_object, rows_of, schema_of

from sesauditd import bootstrap
from sesauditd.config import load

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sesauditd.bootstrap import Application
    from sesauditd.ingest.batch import Received

COLUMNS = ("CPU us", "events/s", "B written", "B of database")
Found = dict[str, float]


class Gauge:
    """Seconds, processor seconds and bytes written of this process, over parts of its time."""

    def __init__(self) -> None:
        self.seconds = self.cpu = self.written = 0.0

    def __enter__(self) -> None:
        self._begun, self._used, self._wrote = self._now()

    def __exit__(self, *_: object) -> None:
        now = self._now()
        self.seconds += now[0] - self._begun
        self.cpu += now[1] - self._used
        self.written += now[2] - self._wrote

    @staticmethod
    def _now() -> tuple[float, float, float]:
        wrote = Path("/proc/self/io").read_text().split("write_bytes: ")[1].split()[0]
        return time.perf_counter(), time.process_time(), float(wrote)

    def found(self, events: int) -> Found:
        """Return what was spent on so many events."""
        return {
            "CPU us": self.cpu / events * 1e6,
            "events/s": events / self.seconds,
            "B written": self.written / events,
        }


async def step(application: Application, batches: Sequence[Sequence[Received]], name: str) -> Found:
    """Record one step's batches."""
    gauge, count = Gauge(), 0
    for number, batch in enumerate(batches):
        readings = await backlog.readings(application, batch, f"{name}-{number}")
        with gauge:
            await application.log.record(readings, now=batch[-1].received_at, proposed=False)
        count += len(batch)
    return gauge.found(count)


def raw_step(store: RawStore, rows: Rows, size: int) -> Found:
    """Insert the same rows beside it."""
    gauge = Gauge()
    with gauge:
        store.insert_all(rows, size)
    return gauge.found(len(rows["events"]))


async def grown(folder: Path, wanted: argparse.Namespace) -> list[tuple[Found, Found]]:
    """Grow both databases step by step."""
    config, database = bench.configuration(folder), folder / "ours.db"
    coming = backlog.batches(wanted.events, days=wanted.days, size=wanted.batch)
    steps: list[tuple[Found, Found]] = []
    async with bootstrap.application(load(config, {})) as application:
        await bench.adopt(application)
        empty = size_of(database)
        with contextlib.closing(RawStore(folder / "raw.db", schema_of(database))) as store:
            for number in range(wanted.events // wanted.step):
                batches = list(itertools.islice(coming, wanted.step // wanted.batch))
                before = last_object(database)
                ours = await step(application, batches, f"step{number}")
                raw = raw_step(store, rows_of(database, before), wanted.batch)
                done = (number + 1) * wanted.step
                ours["B of database"] = (size_of(database) - empty) / done
                raw["B of database"] = size_of(folder / "raw.db") / done
                steps.append((ours, raw))
    return steps


def size_of(database: Path) -> int:
    """Return the bytes of a database, its log left out."""
    return database.stat().st_size


def shown(results: bench.Results, steps: Sequence[tuple[Found, Found]], step_events: int) -> None:
    """Show each step, and keep the last against the first."""
    rows = [
        [f"{(number + 1) * step_events:,} {name}", *(found[column] for column in COLUMNS)]
        for number, pair in enumerate(steps)
        for name, found in zip(("ours", "raw"), pair, strict=True)
    ]
    results.table("each step, n=1", ["events in all", *COLUMNS], rows)
    # Of each third the median step: single steps differ by what else the machine does.
    third = max(1, len(steps) // 3)
    ratios: list[list[object]] = []
    for number, name in enumerate(("ours", "raw")):
        early, late = (
            {one: bench.median([pair[number][one] for pair in part]) for one in COLUMNS}
            for part in (steps[:third], steps[-third:])
        )
        growth = late["CPU us"] / early["CPU us"]
        ratios.append([name, growth, late["events/s"] / early["events/s"], late["B written"]])
        results.keep(**{f"cpu late against early, {name}": growth})
        results.keep(**{f"{one} late, {name}": late[one] for one in COLUMNS})
    columns = ["what", "CPU, times", "events/s, times", "B written an event at last"]
    results.table("last third of the steps against the first", columns, ratios)
    results.keep(events=len(steps) * step_events)


def main() -> None:
    """Print every step and the growth."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--step", type=int, default=0, help="a tenth of the events if not given")
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--days", type=float, default=30.0, help="over which they happened")
    parser.add_argument("--keep", type=Path, help="leave our database here")
    wanted = parser.parse_args()
    wanted.step = wanted.step or max(wanted.batch, wanted.events // 10)
    results = bench.Results("growth", wanted)
    with tempfile.TemporaryDirectory() as top:
        steps = asyncio.run(grown(Path(top), wanted))
        if wanted.keep:
            shutil.copy(Path(top, "ours.db"), wanted.keep)
    shown(results, steps, wanted.step)
    results.close()


if __name__ == "__main__":
    main()
