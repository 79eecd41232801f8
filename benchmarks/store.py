"""Records batches in the store, against raw `executemany`; flushed at each commit against not.

python benchmarks/store.py [--batches 10 100 1000] [--events 10000] [--repeats 3]

`ours` is the whole record of a batch: events and recipients, strikes, roll-ups, standings, the
quick rules, the journal. `raw` inserts only the rows of `events` and `event_recipients` that ours
left, under the same indexes. NORMAL is SQLite's `synchronous=NORMAL`, which nobody should use here:
it is measured to show what FULL costs.
"""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import pstats
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import backlog
import bench
from rawstore import RawStore, rows_of, schema_of
from sqlalchemy import event

from sesauditd import bootstrap
from sesauditd.config import load

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

Found = dict[str, float]


async def record(folder: Path, events: int, size: int, *, normal: bool, profile: bool) -> Found:
    """Record so many events in batches of one size; the reading of them is not measured."""
    async with bootstrap.application(load(folder / "config.toml", {})) as application:
        straight = application.database.straight
        if normal and straight is not None:
            event.listen(straight.engine, "checkout", _normal)
        coming = [
            (await backlog.readings(application, batch, f"o{number}"), batch[-1].received_at)
            for number, batch in enumerate(backlog.batches(events, size=size))
        ]
        with cProfile.Profile() if profile else contextlib.nullcontext() as profiled:
            watch = bench.Stopwatch()
            for batch, now in coming:
                await application.log.record(batch, now=now, proposed=False)
            found = watch.found(events)
        if profiled is not None:
            pstats.Stats(profiled).sort_stats("tottime").print_stats(40)
        return found


def _normal(connection: DBAPIConnection, *_: object) -> None:
    connection.cursor().execute("PRAGMA synchronous=NORMAL")


def contenders(
    top: Path, prepared: Path, events: int, size: int, *, profile: bool
) -> dict[str, Callable[[int], Found]]:
    """Return what is measured at one size of batches."""
    some = min(events, size * 100)

    def ours(repeat: int, *, normal: bool) -> Found:
        folder = top / f"{size}-{repeat}-{normal}"
        folder.mkdir()
        bench.configuration(folder)
        shutil.copy(prepared, folder / "ours.db")
        return asyncio.run(record(folder, some, size, normal=normal, profile=profile))

    def raw(repeat: int, *, synchronous: str) -> Found:
        left = top / f"{size}-{repeat}-False" / "ours.db"
        rows = rows_of(left)
        file = top / f"{size}-{repeat}-{synchronous}.db"
        with contextlib.closing(RawStore(file, schema_of(left), synchronous)) as store:
            watch = bench.Stopwatch()
            store.insert_all(rows, size)
            return watch.found(some)

    if profile:
        return {"ours": partial(ours, normal=False)}
    return {
        "ours": partial(ours, normal=False),
        "raw": partial(raw, synchronous="FULL"),
        "ours, NORMAL": partial(ours, normal=True),
        "raw, NORMAL": partial(raw, synchronous="NORMAL"),
    }


def main() -> None:
    """Print medians and ratios for each size of batches."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--batches", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="show where ours spends its time")
    wanted = parser.parse_args()
    results = bench.Results("store", wanted)
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        bench.registered(bench.configuration(top))
        for size in wanted.batches:
            what = contenders(top, top / "ours.db", wanted.events, size, profile=wanted.profile)
            repeats = 1 if wanted.profile else wanted.repeats
            medians = bench.interleaved(what, repeats, results)
            results.rates(f"batches of {size}, medians of {repeats}", medians, f"{size}: ")
    results.close()


if __name__ == "__main__":
    main()
