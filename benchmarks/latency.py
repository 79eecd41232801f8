"""From a hard bounce in the queue to its block, stored and requested, at 500 events a second.

python benchmarks/latency.py [--rate 500] [--seconds 40] [--repeats 3]

The daemon enforces here. Its database is looked at every 10 ms, so that much is added; what SES is
then asked to do comes after that, at SES's own pace of one control call a second.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bench
from drain import prepared, wait_polled

if TYPE_CHECKING:
    import argparse

LOOK_SECONDS = 0.01
LAST_SECONDS = 10.0
BLOCKS = """
    SELECT b.action, min(s.message_id) FROM blocks b
    JOIN actions a ON a.id = b.action
    JOIN strikes s ON s.customer = b.customer AND s.recipient = b.recipient
        AND s.outcome = 'hard_bounce'
    WHERE b.rule = 'hard_bounce.block' GROUP BY b.action
"""


def ours(database: Path, wanted: argparse.Namespace) -> dict[str, float]:
    """Feed the daemon evenly and see when each block is there."""
    with tempfile.TemporaryDirectory() as top, bench.stub() as stub:
        folder = Path(top)
        shutil.copy(database, folder / "ours.db")
        config = bench.configuration(folder, stub, policy={"mode": "enforce"})
        with bench.daemon(config) as process:
            wait_polled(stub, process)
            used = process.cpu_seconds()
            late = _seen(stub, folder / "ours.db", wanted.rate, wanted.seconds)
            used = process.cpu_seconds() - used
            stub.wait_done(process.alive)
    if not late:
        raise bench.Unmeasurable("no block was made")
    late.sort()
    return {
        "blocks": float(len(late)),
        "p50 s": bench.median(late),
        "p99 s": late[min(len(late) - 1, int(len(late) * 0.99))],
        "most s": late[-1],
        "CPU %": used / (wanted.seconds + LAST_SECONDS) * 100,
    }


def _seen(stub: bench.Stub, database: Path, rate: int, seconds: int) -> list[float]:
    """Return by how many seconds each block was later than its bounce came into the queue."""
    late: dict[str, float] = {}
    uri = f"file:{database}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        stub.feed(rate * seconds, rate=rate, step=1_000_000 // rate)
        begun = time.monotonic()
        while (now := time.monotonic() - begun) < seconds + LAST_SECONDS:
            for action, message_id in connection.execute(BLOCKS):
                # The number of the mail stands in its id, and that of the bounce follows from it.
                number = int(message_id[4:16], 16) * 2 + 1
                late.setdefault(action, now - (number + 1) / rate)
            time.sleep(LOOK_SECONDS)
    return list(late.values())


def main() -> None:
    """Print the medians of the percentiles."""
    parser = bench.parser(__doc__)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    results = bench.Results("latency", wanted)
    with prepared() as database:
        measure = {"ours": lambda _: ours(database, wanted)}
        found = bench.interleaved(measure, wanted.repeats, results)["ours"]
    title = f"hard bounce to block at {wanted.rate} events/s, medians of {wanted.repeats}"
    results.table(title, ["what", *found], [["ours", *found.values()]])
    results.keep(p50_seconds=found["p50 s"], p99_seconds=found["p99 s"], blocks=found["blocks"])
    results.close()


if __name__ == "__main__":
    main()
