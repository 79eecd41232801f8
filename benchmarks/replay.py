"""Replays an archive against decode + raw `executemany` of the same rows.

python benchmarks/replay.py [--events 50000] [--repeats 3] [--profile]

The peer unpacks the same objects, decodes each line as anyone would (the record, the envelope, the
event), and stores the very rows of `events` and `event_recipients` that our replay left, under the
same indexes, 1,000 events a transaction, flushed. It judges nothing and keeps no roll-ups.
"""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import gzip
import json
import pstats
import tempfile
from collections.abc import Sequence
from pathlib import Path

import backlog
import bench
from rawstore import RawStore, Rows, rows_of, schema_of

from sesauditd import bootstrap
from sesauditd.config import load


async def ours(folder: Path, archive: Path, *, profile: bool = False) -> dict[str, float]:
    """Replay through the real program into a new database."""
    async with bootstrap.application(load(bench.configuration(folder), {})) as application:
        await bench.adopt(application)
        with cProfile.Profile() if profile else contextlib.nullcontext() as profiled:
            watch = bench.Stopwatch()
            recorded = (await application.replay([str(archive)])).recorded
            found = watch.found(recorded)
        if profiled is not None:
            pstats.Stats(profiled).sort_stats("tottime").print_stats(45)
    return found


def peer(database: Path, objects: Sequence[Path], schema: Sequence[str], rows: Rows) -> None:
    """Decode everything, and store the rows."""
    with contextlib.closing(RawStore(database, schema)) as store:
        done = 0
        for file in objects:
            lines = gzip.decompress(file.read_bytes()).splitlines()
            for line in lines:
                json.loads(json.loads(json.loads(line)["body"])["Message"])
            store.insert(rows, done, len(lines))
            done += len(lines)


def main() -> None:
    """Print the medians and the ratio."""
    parser = bench.parser(__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="show where ours spends its time")
    wanted = parser.parse_args()
    results = bench.Results("replay", wanted)
    with tempfile.TemporaryDirectory() as top:
        archive = Path(top, "archive")
        objects = backlog.archive(archive, wanted.events)

        def mine(repeat: int) -> dict[str, float]:
            folder = Path(top, f"ours{repeat}")
            folder.mkdir()
            return asyncio.run(ours(folder, archive, profile=wanted.profile))

        def theirs(repeat: int) -> dict[str, float]:
            left = Path(top, f"ours{repeat}", "ours.db")
            schema, rows = schema_of(left), rows_of(left)
            watch = bench.Stopwatch()
            peer(Path(top, f"peer{repeat}.db"), objects, schema, rows)
            return watch.found(wanted.events)

        what = {"ours": mine} if wanted.profile else {"ours": mine, "decode + executemany": theirs}
        medians = bench.interleaved(what, 1 if wanted.profile else wanted.repeats, results)
    results.rates(f"replay of {wanted.events:,} events, medians of {wanted.repeats}", medians)
    results.close()


if __name__ == "__main__":
    main()
